import assert from "node:assert/strict";
import type { Granted } from "../../../../../../components/blocks/access";
import {
    assumeStatements,
    podIdentityTrust,
    policyDocument,
    prefixStatements,
    roleTrust,
} from "../../../../../../components/cloud/aws/iam/statements";
import { Identity, type IdentityArgs, ObserverRole } from "../../../../../../components/cloud/aws/storage/blockRoles";
import { type PlacedResource, placedBy } from "../../../../../support/placedResources";

const CLUSTER_ARN = "arn:aws:eks:eu-west-1:111111111111:cluster/eks-observer";
const ISSUER = "https://oidc.eks.eu-west-1.amazonaws.com/id/0123ABCD";
const OIDC_PROVIDER = "arn:aws:iam::111111111111:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123ABCD";
const STORE = { bucketArn: "arn:aws:s3:::blocks", kmsKeyArn: "arn:aws:kms:eu-west-1:111111111111:key/k" };
const PODS = { namespace: "monitoring", serviceAccount: "thanos-store-blue" };

const createIdentity = (more: Partial<IdentityArgs> = {}) => {
    let granted: Granted | undefined;
    return placedBy(() => {
        granted = new Identity("store-blue", {
            component: "store",
            stream: "blue",
            ...PODS,
            store: STORE,
            prefix: "blue",
            role: { name: "blue-store-0123ab", path: "/thanos-fleet/", permissionsBoundary: "arn:aws:iam::111111111111:policy/boundary" },
            podIdentity: { by: "pod-identity", eksName: "eks-observer", clusterArn: CLUSTER_ARN },
            ...more,
        }).granted;
    }).then((placed) => ({ placed, granted: granted as Granted }));
};
const IRSA = { podIdentity: { by: "irsa", issuer: ISSUER, oidcProviderArn: OIDC_PROVIDER } } as const;

const kind = ({ type }: PlacedResource) => type.split(":")[2];
const inputs = (placed: PlacedResource[], type: string) =>
    placed.find((d) => d.type.endsWith(`:${type}`))?.inputs as Record<string, unknown>;

describe("the identity of a service account", () => {
    it("is a role, its policy and an association with Pod Identity", async () => {
        const { placed, granted } = await createIdentity();
        assert.deepEqual(placed.map(kind).sort(), ["PodIdentityAssociation", "Role", "RolePolicy"]);
        assert.deepEqual(inputs(placed, "PodIdentityAssociation"), {
            clusterName: "eks-observer",
            ...PODS,
            roleArn: "arn:aws:iam::111111111111:role/thanos-fleet/blue-store-0123ab",
        });
        assert.deepEqual([granted.annotations, granted.ready.length], [{}, 2]);
    });

    it("is a role, its policy and an annotation with IRSA", async () => {
        const { placed, granted } = await createIdentity(IRSA);
        assert.deepEqual(placed.map(kind).sort(), ["Role", "RolePolicy"]);
        assert.deepEqual([Object.keys(granted.annotations), granted.ready.length], [["eks.amazonaws.com/role-arn"], 1]);
    });

    it("has a role with the given name, path and permissions boundary", async () => {
        const { assumeRolePolicy, ...role } = inputs((await createIdentity()).placed, "Role");
        assert.deepEqual(role, {
            name: "blue-store-0123ab",
            path: "/thanos-fleet/",
            permissionsBoundary: "arn:aws:iam::111111111111:policy/boundary",
        });
        assert.equal(assumeRolePolicy, policyDocument(podIdentityTrust({ clusterArn: CLUSTER_ARN, ...PODS })));
    });

    it("has the rights of its component on its stream", async () => {
        assert.equal(
            inputs((await createIdentity()).placed, "RolePolicy").policy,
            policyDocument(prefixStatements({ ...STORE, access: "read", prefix: "blue" })),
        );
    });

    it("has only the right to assume another role, where that role reaches the store", async () => {
        const assume = "arn:aws:iam::222222222222:role/thanos-fleet/blue-blocks-0123ab";
        const { placed } = await createIdentity({ component: "prometheus", assume });
        assert.equal(inputs(placed, "RolePolicy").policy, policyDocument(assumeStatements(assume)));
        assert.equal(inputs(placed, "PodIdentityAssociation").targetRoleArn, assume);
    });

    it("is refused with IRSA where it has to assume another role", () =>
        assert.rejects(
            createIdentity({ ...IRSA, assume: "arn:aws:iam::222222222222:role/r" }),
            /^Error: store-blue cannot assume arn:aws:iam::222222222222:role\/r: that takes EKS Pod Identity/,
        ));
});

describe("the role of the observer's account for a cluster of another account", () => {
    it("trusts one role and writes one prefix", async () => {
        const assumedBy = "arn:aws:iam::333333333333:role/thanos-fleet/green-prometheus-0123ab";
        const placed = await placedBy(() => {
            new ObserverRole("green", { role: { name: "green-blocks-0123ab", path: "/" }, assumedBy, store: STORE, prefix: "green" });
        });
        assert.deepEqual(placed.map(kind).sort(), ["Role", "RolePolicy"]);
        assert.equal(inputs(placed, "Role").assumeRolePolicy, policyDocument(roleTrust(assumedBy)));
        assert.equal(inputs(placed, "RolePolicy").policy, policyDocument(prefixStatements({ ...STORE, access: "write", prefix: "green" })));
    });
});
