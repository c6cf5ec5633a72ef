import assert from "node:assert/strict";
import { roleRights } from "../../../plan/roleRights";

describe("roleRights", () => {
    const document = (...statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
    const allow = (Action: string[], Resource: string[]) => ({ Effect: "Allow", Action, Resource });
    const pods = (serviceAccount: string) =>
        document({
            Effect: "Allow",
            Principal: { Service: "pods.eks.amazonaws.com" },
            Action: ["sts:AssumeRole", "sts:TagSession"],
            Condition: { StringEquals: { "aws:RequestTag/kubernetes-service-account": serviceAccount } },
        });
    const rights = (trust: string, policy: string) =>
        roleRights([
            { type: "aws:iam/role:Role", name: "identity", props: { name: "a-role", assumeRolePolicy: trust } },
            { type: "aws:iam/rolePolicy:RolePolicy", name: "identity", props: { role: "a-role", policy } },
        ]);

    it("shows the prefix that Store reads", () => {
        const policy = document(
            allow(["s3:ListBucket"], ["arn:aws:s3:::example-blocks"]),
            allow(["s3:GetObject"], ["arn:aws:s3:::example-blocks/blue/*"]),
            allow(["kms:Decrypt"], ["arn:aws:kms:eu-west-1:111111111111:key/1"]),
        );
        assert.deepEqual(rights(pods("thanos-store-blue"), policy), [
            { assumedBy: "thanos-store-blue", allows: "reads", target: "blue/ in example-blocks" },
        ]);
    });

    it("shows what Compact reads, writes and deletes, with IRSA too", () => {
        const trust = document({
            Effect: "Allow",
            Principal: { Federated: "arn:aws:iam::111111111111:oidc-provider/oidc.example" },
            Action: ["sts:AssumeRoleWithWebIdentity"],
            Condition: { StringEquals: { "oidc.example:sub": "system:serviceaccount:monitoring:thanos-compact-blue" } },
        });
        const policy = document(allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], ["arn:aws-cn:s3:::example-blocks/blue/*"]));
        assert.deepEqual(rights(trust, policy), [
            { assumedBy: "thanos-compact-blue", allows: "reads, writes, deletes", target: "blue/ in example-blocks" },
        ]);
    });

    it("names the role of another account that a role assumes", () => {
        const policy = document(
            allow(["sts:AssumeRole", "sts:TagSession"], ["arn:aws:iam::111111111111:role/thanos-fleet/blue-blocks-123456"]),
        );
        assert.deepEqual(rights(pods("kps-prometheus"), policy), [
            { assumedBy: "kps-prometheus", allows: "assumes", target: "blue-blocks-123456 of account 111111111111" },
        ]);
    });

    it("names the role of another account that assumes a role", () => {
        const trust = document({
            Effect: "Allow",
            Principal: { AWS: ["arn:aws:iam::222222222222:root"] },
            Action: ["sts:AssumeRole"],
            Condition: { ArnEquals: { "aws:PrincipalArn": ["arn:aws:iam::222222222222:role/thanos-fleet/blue-prometheus-123456"] } },
        });
        const policy = document(allow(["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::example-blocks/blue/*"]));
        assert.deepEqual(rights(trust, policy), [
            { assumedBy: "blue-prometheus-123456 of account 222222222222", allows: "reads, writes", target: "blue/ in example-blocks" },
        ]);
    });

    it("counts an add-on's calls, and names the resources that they are limited to", () => {
        const policy = document(
            allow(["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"], ["arn:aws:route53:::hostedzone/Z0123456789ABC"]),
            allow(["route53:ListHostedZones"], ["*"]),
        );
        assert.deepEqual(rights(pods("external-dns"), policy), [
            { assumedBy: "external-dns", allows: "calls", target: "route53 (3) on Z0123456789ABC" },
        ]);
    });

    it("names the AWS-managed policies of nodes", () => {
        const found = roleRights([
            {
                type: "aws:iam/role:Role",
                name: "nodes",
                props: { name: "a-role", assumeRolePolicy: document({ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" } }) },
            },
            {
                type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
                name: "nodes-worker",
                props: { role: "a-role", policyArn: "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy" },
            },
        ]);
        assert.deepEqual(found, [{ assumedBy: "nodes", allows: "AWS-managed policies", target: "AmazonEKSWorkerNodePolicy" }]);
    });

    it("names neither the buckets nor the objects of a policy that is unknown before the update", () => {
        const found = roleRights([
            { type: "aws:iam/role:Role", name: "identity", props: { assumeRolePolicy: pods("thanos-store-blue") } },
            { type: "aws:iam/rolePolicy:RolePolicy", name: "identity", props: { role: "identity" } },
        ]);
        assert.deepEqual(found, [{ assumedBy: "thanos-store-blue", allows: "calls", target: "" }]);
    });
});
