import assert from "node:assert/strict";
import type { Access } from "../../../../../../components/blocks/access";
import {
    assumeStatements,
    irsaTrust,
    nodeTrust,
    podIdentityTrust,
    policyDocument,
    prefixStatements,
    roleTrust,
} from "../../../../../../components/cloud/aws/iam/statements";
import { isAllowed, isTrusted } from "../../../../../support/iamSimulator";

const CLUSTER_ARN = "arn:aws:eks:eu-west-1:111111111111:cluster/eks-observer";
const ISSUER = "https://oidc.eks.eu-west-1.amazonaws.com/id/0123ABCD";
const OIDC_PROVIDER = "arn:aws:iam::111111111111:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123ABCD";
const STORE = { bucketArn: "arn:aws:s3:::blocks", kmsKeyArn: "arn:aws:kms:eu-west-1:111111111111:key/k" };
const PODS = { namespace: "monitoring", serviceAccount: "thanos-store-blue" };
const PROMETHEUS_ROLE = "arn:aws:iam::333333333333:role/thanos-fleet/green-prometheus-0123ab";

describe("rights on a prefix", () => {
    const statements = (access: Access) => prefixStatements({ ...STORE, prefix: "blue", access });
    const actions = (access: Access) => statements(access).flatMap((s) => s.Action);

    it("let a reader list and get objects", () => assert.deepEqual(actions("read"), ["s3:ListBucket", "s3:GetObject", "kms:Decrypt"]));

    it("let a writer upload as well, and delete nothing", () =>
        assert.deepEqual(actions("write"), [
            "s3:ListBucket",
            "s3:GetObject",
            "s3:PutObject",
            "s3:AbortMultipartUpload",
            "kms:Decrypt",
            "kms:GenerateDataKey",
        ]));

    it("let an owner delete as well", () =>
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
            statements("read").map(({ Resource, Condition }) => ({ Resource, Condition })),
            [
                { Resource: ["arn:aws:s3:::blocks"], Condition: { StringLike: { "s3:prefix": "blue/*" } } },
                { Resource: ["arn:aws:s3:::blocks/blue/*"], Condition: undefined },
                { Resource: ["arn:aws:kms:eu-west-1:111111111111:key/k"], Condition: undefined },
            ],
        );
    });

    it("do not cover a cluster whose name begins alike", async () => {
        const blue = { arn: "arn:aws:iam::111111111111:role/r", policy: statements("own") };
        const list = (prefix: string) =>
            isAllowed(blue, "s3:ListBucket", { arn: STORE.bucketArn, account: "111111111111", context: { "s3:prefix": prefix } });
        const get = (name: string) => isAllowed(blue, "s3:GetObject", { arn: `${STORE.bucketArn}/${name}`, account: "111111111111" });
        assert.deepEqual(await Promise.all([list("blue/"), list("blue"), list("blue-2/"), get("blue/x"), get("blue-2/x")]), [
            true,
            false,
            false,
            true,
            false,
        ]);
    });
});

describe("a trust policy", () => {
    const role = (policy: ReturnType<typeof roleTrust>, context: Record<string, string> = {}) => ({
        arn: "arn:aws:iam::111111111111:role/thanos-fleet/r",
        account: "111111111111",
        policy,
        context,
    });

    it("for Pod Identity trusts one service account of one cluster", async () => {
        const trusted = (cluster: string, namespace: string, serviceAccount: string) =>
            isTrusted(
                "pods.eks.amazonaws.com",
                "sts:AssumeRole",
                role(podIdentityTrust({ clusterArn: CLUSTER_ARN, ...PODS }), {
                    "aws:RequestTag/eks-cluster-arn": cluster,
                    "aws:RequestTag/kubernetes-namespace": namespace,
                    "aws:RequestTag/kubernetes-service-account": serviceAccount,
                }),
            );
        assert.deepEqual(
            await Promise.all([
                trusted(CLUSTER_ARN, PODS.namespace, PODS.serviceAccount),
                trusted(`${CLUSTER_ARN}-2`, PODS.namespace, PODS.serviceAccount),
                trusted(CLUSTER_ARN, "default", PODS.serviceAccount),
                trusted(CLUSTER_ARN, PODS.namespace, "default"),
            ]),
            [true, false, false, false],
        );
    });

    it("for IRSA names one subject and one audience", () => {
        assert.deepEqual(irsaTrust({ issuer: ISSUER, oidcProviderArn: OIDC_PROVIDER, ...PODS }), [
            {
                Sid: "Irsa",
                Effect: "Allow",
                Principal: { Federated: OIDC_PROVIDER },
                Action: ["sts:AssumeRoleWithWebIdentity"],
                Condition: {
                    StringEquals: {
                        "oidc.eks.eu-west-1.amazonaws.com/id/0123ABCD:sub": "system:serviceaccount:monitoring:thanos-store-blue",
                        "oidc.eks.eu-west-1.amazonaws.com/id/0123ABCD:aud": "sts.amazonaws.com",
                    },
                },
            },
        ]);
    });

    it("between accounts trusts one role", async () => {
        const trust = role(roleTrust(PROMETHEUS_ROLE));
        const mayAssume = (arn: string) => isAllowed({ arn, policy: assumeStatements(trust.arn) }, "sts:AssumeRole", trust);
        assert.deepEqual(await Promise.all([mayAssume(PROMETHEUS_ROLE), mayAssume("arn:aws:iam::333333333333:role/Administrator")]), [
            true,
            false,
        ]);
    });

    it("for nodes names EC2, which has another name in China", () => {
        assert.equal(
            policyDocument(nodeTrust("eu-west-1")),
            '{"Version":"2012-10-17","Statement":[{"Sid":"Service","Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":["sts:AssumeRole"]}]}',
        );
        assert.deepEqual(nodeTrust("cn-north-1")[0]?.Principal, { Service: "ec2.amazonaws.com.cn" });
    });
});
