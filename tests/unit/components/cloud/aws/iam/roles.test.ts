import assert from "node:assert/strict";
import type { Access, Granted } from "../../../../../../components/blocks/access";
import {
    assumeStatements,
    irsaTrust,
    nodeTrust,
    podIdentityTrust,
    policyDocument,
    prefixStatements,
    roleTrust,
} from "../../../../../../components/cloud/aws/iam/statements";
import { Identity, type IdentityArgs, ObserverRole } from "../../../../../../components/cloud/aws/storage/blockRoles";
import { bucketPrincipals, prometheusRoleArn } from "../../../../../../components/cloud/aws/storage/bucketPrincipals";
import { isAllowed, isTrusted } from "../../../../../support/iamSimulator";
import { type Placed, placedBy } from "../../../../../support/placedResources";

const FLEET = { domain: "fleet.test", region: "eu-west-1", account: "111111111111", rolePath: "/thanos-fleet/" };
const CLUSTER = "arn:aws:eks:eu-west-1:111111111111:cluster/eks-observer";
const ISSUER = "https://oidc.eks.eu-west-1.amazonaws.com/id/0123ABCD";
const OIDC_PROVIDER = "arn:aws:iam::111111111111:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123ABCD";
const STORE = { bucketArn: "arn:aws:s3:::blocks", kmsKeyArn: "arn:aws:kms:eu-west-1:111111111111:key/k" };
const PODS = { namespace: "monitoring", serviceAccount: "thanos-store-blue" };

const made = (more: Partial<IdentityArgs> = {}) => {
    let granted: Granted | undefined;
    return placedBy(() => {
        granted = new Identity("store-blue", {
            component: "store",
            stream: "blue",
            ...PODS,
            store: STORE,
            role: { name: "blue-store-0123ab", path: "/thanos-fleet/", permissionsBoundary: "arn:aws:iam::111111111111:policy/boundary" },
            podIdentity: { by: "pod-identity", eksName: "eks-observer", clusterArn: CLUSTER },
            ...more,
        }).granted;
    }).then((placed) => ({ placed, granted: granted as Granted }));
};
const IRSA = { podIdentity: { by: "irsa", issuer: ISSUER, oidcProviderArn: OIDC_PROVIDER } } as const;
const GREEN = { name: "green", account: "333333333333", via: "role" } as const;

const short = ({ type }: Placed) => type.split(":")[2];
const inputs = (placed: Placed[], type: string) => placed.find((d) => d.type.endsWith(`:${type}`))?.inputs as Record<string, unknown>;

describe("rights on a prefix", () => {
    const statements = (access: Access) => prefixStatements({ ...STORE, prefix: "blue", access });
    const actions = (access: Access) => statements(access).flatMap((s) => s.Action);

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
            statements("read").map(({ Resource, Condition }) => ({ Resource, Condition })),
            [
                { Resource: ["arn:aws:s3:::blocks"], Condition: { StringLike: { "s3:prefix": "blue/*" } } },
                { Resource: ["arn:aws:s3:::blocks/blue/*"], Condition: undefined },
                { Resource: ["arn:aws:kms:eu-west-1:111111111111:key/k"], Condition: undefined },
            ],
        );
    });

    it("of a cluster are not those of one whose name begins alike", async () => {
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

describe("an identity", () => {
    it("through EKS Pod Identity is a role, its policy and an association", async () => {
        const { placed, granted } = await made();
        assert.deepEqual(placed.map(short).sort(), ["PodIdentityAssociation", "Role", "RolePolicy"]);
        assert.deepEqual(inputs(placed, "PodIdentityAssociation"), {
            clusterName: "eks-observer",
            ...PODS,
            roleArn: "arn:aws:iam::111111111111:role/thanos-fleet/blue-store-0123ab",
        });
        assert.deepEqual([granted.annotations, granted.ready.length], [{}, 2]);
    });

    it("through an OIDC provider is a role and its policy, and an annotation", async () => {
        const { placed, granted } = await made(IRSA);
        assert.deepEqual(placed.map(short).sort(), ["Role", "RolePolicy"]);
        assert.deepEqual([Object.keys(granted.annotations), granted.ready.length], [["eks.amazonaws.com/role-arn"], 1]);
    });

    it("has the name, the path and the boundary it is given", async () => {
        const { assumeRolePolicy, ...role } = inputs((await made()).placed, "Role");
        assert.deepEqual(role, {
            name: "blue-store-0123ab",
            path: "/thanos-fleet/",
            permissionsBoundary: "arn:aws:iam::111111111111:policy/boundary",
        });
        assert.equal(assumeRolePolicy, policyDocument(podIdentityTrust({ clusterArn: CLUSTER, ...PODS })));
    });

    it("has the rights of its component on its stream", async () => {
        assert.equal(
            inputs((await made()).placed, "RolePolicy").policy,
            policyDocument(prefixStatements({ ...STORE, access: "read", prefix: "blue" })),
        );
    });

    it("has only the right to become another role, where the store is that role's", async () => {
        const assume = "arn:aws:iam::222222222222:role/thanos-fleet/blue-blocks-0123ab";
        const { placed } = await made({ component: "prometheus", assume });
        assert.equal(inputs(placed, "RolePolicy").policy, policyDocument(assumeStatements(assume)));
        assert.equal(inputs(placed, "PodIdentityAssociation").targetRoleArn, assume);
    });

    it("without Pod Identity cannot become another role", () =>
        assert.rejects(
            made({ ...IRSA, assume: "arn:aws:iam::222222222222:role/r" }),
            /thanos-store-blue cannot assume arn:aws:iam::222222222222:role\/r: that takes EKS Pod Identity/,
        ));
});

describe("the role of the observer's account for a cluster of another", () => {
    it("is a role and its policy: it writes one prefix", async () => {
        const assumedBy = prometheusRoleArn(FLEET, GREEN);
        const placed = await placedBy(() => {
            new ObserverRole("green", { role: { name: "green-blocks-0123ab", path: "/" }, assumedBy, store: STORE, stream: "green" });
        });
        assert.deepEqual(placed.map(short).sort(), ["Role", "RolePolicy"]);
        assert.equal(inputs(placed, "Role").assumeRolePolicy, policyDocument(roleTrust(assumedBy)));
        assert.equal(inputs(placed, "RolePolicy").policy, policyDocument(prefixStatements({ ...STORE, access: "write", prefix: "green" })));
    });
});

describe("the users of a cluster's blocks", () => {
    const principals = (member: Parameters<typeof bucketPrincipals>[1], fleet = FLEET) =>
        bucketPrincipals(fleet, member).map(({ role, access, prefix }) => [role.replace(/-[0-9a-f]{6}$/, ""), access, prefix]);

    it("in the observer's account are the roles of three components", () => {
        assert.deepEqual(principals({ name: "blue" }), [
            ["arn:aws:iam::111111111111:role/thanos-fleet/blue-store", "read", "blue"],
            ["arn:aws:iam::111111111111:role/thanos-fleet/blue-compact", "own", "blue"],
            ["arn:aws:iam::111111111111:role/thanos-fleet/blue-prometheus", "write", "blue"],
        ]);
    });

    it("in another account are the same, with Prometheus's in its own", () => {
        assert.deepEqual(principals({ name: "red", account: "222222222222" })[2], [
            "arn:aws:iam::222222222222:role/thanos-fleet/red-prometheus",
            "write",
            "red",
        ]);
    });

    it("through a role are that role and not Prometheus's", () => {
        assert.deepEqual(principals(GREEN)[2], ["arn:aws:iam::111111111111:role/thanos-fleet/green-blocks", "write", "green"]);
    });

    it("follow the partition", () => {
        assert.deepEqual(
            ["cn-north-1", "us-gov-west-1"].map((region) => principals({ name: "blue" }, { ...FLEET, region })[0]?.[0]),
            ["arn:aws-cn:iam::111111111111:role/thanos-fleet/blue-store", "arn:aws-us-gov:iam::111111111111:role/thanos-fleet/blue-store"],
        );
    });

    it("never share a role", () => {
        const roles = ["blue", "blue-store", "red"].flatMap((name) => bucketPrincipals(FLEET, { name })).map(({ role }) => role);
        assert.equal(new Set(roles).size, roles.length);
    });
});

describe("trust", () => {
    const role = (policy: ReturnType<typeof roleTrust>, context: Record<string, string> = {}) => ({
        arn: "arn:aws:iam::111111111111:role/thanos-fleet/r",
        account: "111111111111",
        policy,
        context,
    });

    it("in pods goes to one service account of one cluster", async () => {
        const trusted = (cluster: string, namespace: string, serviceAccount: string) =>
            isTrusted(
                "pods.eks.amazonaws.com",
                "sts:AssumeRole",
                role(podIdentityTrust({ clusterArn: CLUSTER, ...PODS }), {
                    "aws:RequestTag/eks-cluster-arn": cluster,
                    "aws:RequestTag/kubernetes-namespace": namespace,
                    "aws:RequestTag/kubernetes-service-account": serviceAccount,
                }),
            );
        assert.deepEqual(
            await Promise.all([
                trusted(CLUSTER, PODS.namespace, PODS.serviceAccount),
                trusted(`${CLUSTER}-2`, PODS.namespace, PODS.serviceAccount),
                trusted(CLUSTER, "default", PODS.serviceAccount),
                trusted(CLUSTER, PODS.namespace, "default"),
            ]),
            [true, false, false, false],
        );
    });

    it("through an OIDC provider names one subject and one audience", () => {
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

    it("between accounts goes to one role", async () => {
        const trust = role(roleTrust(prometheusRoleArn(FLEET, GREEN)));
        const asks = (arn: string) => isAllowed({ arn, policy: assumeStatements(trust.arn) }, "sts:AssumeRole", trust);
        assert.deepEqual(await Promise.all([asks(prometheusRoleArn(FLEET, GREEN)), asks("arn:aws:iam::333333333333:role/Administrator")]), [
            true,
            false,
        ]);
    });

    it("in nodes names EC2, which has a name of its own in China", () => {
        assert.equal(
            policyDocument(nodeTrust("eu-west-1")),
            '{"Version":"2012-10-17","Statement":[{"Sid":"Service","Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":["sts:AssumeRole"]}]}',
        );
        assert.deepEqual(nodeTrust("cn-north-1")[0]?.Principal, { Service: "ec2.amazonaws.com.cn" });
    });
});
