import assert from "node:assert/strict";
import { s3Endpoint } from "../../components/aws/bucket";
import { eksKubeconfig } from "../../components/aws/cloud";
import { bucketStatements, podIdentityTrust, policyDocument, prefixStatements } from "../../components/aws/iam";
import { roleNamePrefix } from "../../components/aws/identity";
import { amiType } from "../../components/aws/nodeGroup";
import { buildObserver } from "./fleet";

const on = { bucketArn: "arn:aws:s3:::b", prefix: "blue", kmsKeyArn: "arn:aws:kms:eu-west-1:1:key/k" };
const actions = (access: "read" | "write" | "own") => prefixStatements({ ...on, access }).flatMap((s) => s.Action);

describe("rights on a prefix", () => {
    it("to read", () => assert.deepEqual(actions("read"), ["s3:ListBucket", "s3:GetObject", "kms:Decrypt"]));

    it("to write: nothing that deletes", () =>
        assert.deepEqual(actions("write"), [
            "s3:ListBucket",
            "s3:GetObject",
            "s3:PutObject",
            "s3:AbortMultipartUpload",
            "kms:Decrypt",
            "kms:GenerateDataKey",
        ]));

    it("to own: the same, and delete", () =>
        assert.deepEqual(actions("own"), [
            "s3:ListBucket",
            "s3:GetObject",
            "s3:PutObject",
            "s3:AbortMultipartUpload",
            "s3:DeleteObject",
            "kms:Decrypt",
            "kms:GenerateDataKey",
        ]));

    it("end at the prefix", () => {
        assert.deepEqual(
            prefixStatements({ ...on, access: "read" }).map(({ Resource, Condition }) => ({ Resource, Condition })),
            [
                { Resource: ["arn:aws:s3:::b"], Condition: { StringLike: { "s3:prefix": ["blue", "blue/*"] } } },
                { Resource: ["arn:aws:s3:::b/blue/*"], Condition: undefined },
                { Resource: ["arn:aws:kms:eu-west-1:1:key/k"], Condition: undefined },
            ],
        );
    });
});

describe("policy documents", () => {
    it("of the bucket refuse plain HTTP and old TLS", () => {
        assert.deepEqual(
            bucketStatements("arn:aws:s3:::b").map(({ Sid, Effect, Condition }) => [Sid, Effect, Condition]),
            [
                ["DenyPlainHttp", "Deny", { Bool: { "aws:SecureTransport": "false" } }],
                ["DenyOldTls", "Deny", { NumericLessThan: { "s3:TlsVersion": "1.2" } }],
            ],
        );
    });

    it("of a trust have no resource", () => {
        assert.equal(
            policyDocument(podIdentityTrust),
            '{"Version":"2012-10-17","Statement":[{"Sid":"PodIdentity","Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"]}]}',
        );
    });
});

describe("identities of an observer on AWS", () => {
    it("let only Compact delete", async () => {
        const { resources } = await buildObserver("aws");
        const policies = resources.filter((r) => r.type === "aws:iam/rolePolicy:RolePolicy");
        assert.deepEqual(policies.map((p) => [p.name, String(p.props.policy).includes("s3:DeleteObject")]).sort(), [
            ["compact-blue-identity", true],
            ["compact-observer-identity", true],
            ["compact-red-identity", true],
            ["prometheus-identity", false],
            ["store-blue-identity", false],
            ["store-observer-identity", false],
            ["store-red-identity", false],
        ]);
    });

    it("are worn by exactly the service accounts that the pods run under", async () => {
        const { resources } = await buildObserver("aws");
        const worn = resources
            .filter((r) => r.type === "aws:eks/podIdentityAssociation:PodIdentityAssociation")
            .map((r) => r.props.serviceAccount as string);
        const accounts = resources.filter((r) => r.type === "kubernetes:core/v1:ServiceAccount").map((r) => r.name);
        // Prometheus's own account is made by the chart.
        assert.deepEqual(
            worn.filter((name) => !accounts.includes(name)),
            ["kps-prometheus"],
        );
    });
});

describe("names on AWS", () => {
    it("of a role fit IAM's limit", () => assert.equal(roleNamePrefix(`thanos-compact-${"x".repeat(32)}`).length, 38));

    it("of S3 follow the partition", () => {
        assert.equal(s3Endpoint("eu-west-1"), "s3.eu-west-1.amazonaws.com");
        assert.equal(s3Endpoint("cn-north-1"), "s3.cn-north-1.amazonaws.com.cn");
    });

    it("of machine images follow the instance's architecture", () => {
        assert.deepEqual(["m7g.large", "c7gn.xlarge", "m7i.large", "g5.xlarge"].map(amiType), [
            "AL2023_ARM_64_STANDARD",
            "AL2023_ARM_64_STANDARD",
            "AL2023_x86_64_STANDARD",
            "AL2023_x86_64_STANDARD",
        ]);
    });
});

describe("the kubeconfig of an EKS cluster", () => {
    it("asks for a token and holds none", () => {
        const config = JSON.parse(eksKubeconfig({ name: "eks", region: "eu-west-1", endpoint: "https://x", certificateAuthority: "Q0E=" }));
        assert.deepEqual(config.users[0].user, {
            exec: {
                apiVersion: "client.authentication.k8s.io/v1beta1",
                command: "aws",
                args: ["--region", "eu-west-1", "eks", "get-token", "--cluster-name", "eks", "--output", "json"],
            },
        });
    });
});
