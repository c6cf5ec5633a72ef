import assert from "node:assert/strict";
import { EksCluster, type EksClusterArgs, secretsKeyStatements } from "../../../../../../components/cloud/aws/cluster/eksCluster";
import {
    ACCOUNT,
    outputValue,
    type PlacedResource,
    placedBy,
    REGION,
    resourceTitled,
    role,
    titles,
} from "../../../../../support/placedResources";

const ADMIN = `arn:aws:iam::${ACCOUNT}:role/Admin`;
const SUBNETS = { subnetIds: ["subnet-0a", "subnet-0b"] };

async function createCluster(more: Partial<EksClusterArgs> = {}, region = REGION) {
    let cluster: EksCluster | undefined;
    const placed = await placedBy(() => {
        cluster = new EksCluster("eks", {
            eksName: "eks-blue",
            version: "1.34",
            vpcCidr: "10.42.0.0/16",
            zones: ["a", "c"],
            privateAccessCidrs: [],
            publicAccessCidrs: [],
            deletionProtection: true,
            admins: [ADMIN],
            region,
            account: ACCOUNT,
            irsa: false,
            role: role("eks"),
            ...more,
        });
    }, region);
    return { placed, connection: (cluster as EksCluster).connection };
}

describe("an EKS cluster that the stack creates", () => {
    const clusterOf = (placed: PlacedResource[]) => resourceTitled(placed, "Cluster eks");
    const withCluster = [
        "AccessEntry eks-Admin",
        "AccessPolicyAssociation eks-Admin",
        "Addon kube-proxy",
        "Addon vpc-cni",
        "Cluster eks",
        "Key eks",
        "LogGroup eks",
    ];
    const controlPlaneRole = ["Role eks", "RolePolicyAttachment eks-AmazonEKSClusterPolicy", "SecurityGroup eks-api"];

    it("consists, in existing subnets, of the cluster, a key, a log group, a role, and access entries for administrators", async () => {
        assert.deepEqual(titles((await createCluster(SUBNETS)).placed), [...withCluster, ...controlPlaneRole]);
    });

    it("has an OIDC provider where pods use IRSA", async () => {
        const { placed, connection } = await createCluster({ ...SUBNETS, irsa: true });
        assert.deepEqual(titles(placed), [...withCluster, "OpenIdConnectProvider eks", ...controlPlaneRole]);
        assert.deepEqual(resourceTitled(placed, "OpenIdConnectProvider eks").inputs, {
            url: "https://oidc.eks.eu-west-1.amazonaws.com/id/eks-blue",
            clientIdLists: ["sts.amazonaws.com"],
        });
        assert.equal(connection.podIdentity.by, "irsa");
    });

    it("has a VPC of its own where no subnets are given", async () => {
        const { placed } = await createCluster();
        const zonal = (zone: string) => [
            `Eip eks-${zone}`,
            `NatGateway eks-${zone}`,
            `Route eks-private-${zone}`,
            `RouteTable eks-private-${zone}`,
            `RouteTableAssociation eks-private-${zone}`,
            `RouteTableAssociation eks-public-${zone}`,
            `Subnet eks-private-${zone}`,
            `Subnet eks-public-${zone}`,
        ];
        assert.deepEqual(
            titles(placed),
            [
                ...withCluster,
                ...controlPlaneRole,
                "DefaultSecurityGroup eks",
                "InternetGateway eks",
                "Route eks-public",
                "RouteTable eks-public",
                "Vpc eks",
                "VpcEndpoint eks-s3",
                ...zonal("a"),
                ...zonal("c"),
            ].sort(),
        );
    });

    it("attaches the control plane to the private subnets of its own VPC", async () => {
        const { vpcConfig } = clusterOf((await createCluster()).placed).inputs;
        assert.deepEqual((vpcConfig as { subnetIds: string[] }).subnetIds, ["eks-private-a", "eks-private-c"]);
    });

    it("is private, has no implicit administrator, encrypts secrets, logs everything and cannot be deleted", async () => {
        const { placed } = await createCluster(SUBNETS);
        const { inputs, protect, retainOnDelete } = clusterOf(placed);
        assert.deepEqual(inputs, {
            name: "eks-blue",
            version: "1.34",
            roleArn: "arn:aws:iam::111111111111:role/thanos-fleet/blue-eks-0123ab",
            accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
            vpcConfig: {
                subnetIds: ["subnet-0a", "subnet-0b"],
                securityGroupIds: ["eks-api"],
                endpointPrivateAccess: true,
                endpointPublicAccess: false,
            },
            encryptionConfig: { provider: { keyArn: "arn:aws:kms:eu-west-1:111111111111:key/eks" }, resources: ["secrets"] },
            enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
            upgradePolicy: { supportType: "STANDARD" },
            deletionProtection: true,
        });
        assert.deepEqual([protect, retainOnDelete], [true, false]);
    });

    it("can be deleted, in EKS and in Pulumi, once its protection is switched off", async () => {
        const { inputs, protect } = clusterOf((await createCluster({ ...SUBNETS, deletionProtection: false })).placed);
        assert.deepEqual([inputs.deletionProtection, protect], [false, false]);
    });

    it("opens its public endpoint to the listed networks only", async () => {
        const { placed } = await createCluster({ ...SUBNETS, publicAccessCidrs: ["203.0.113.7/32"] });
        assert.deepEqual(clusterOf(placed).inputs.vpcConfig, {
            subnetIds: ["subnet-0a", "subnet-0b"],
            securityGroupIds: ["eks-api"],
            endpointPrivateAccess: true,
            endpointPublicAccess: true,
            publicAccessCidrs: ["203.0.113.7/32"],
        });
    });

    it("opens its private endpoint to the listed networks only, and no port of nodes and pods", async () => {
        const { placed } = await createCluster({ ...SUBNETS, privateAccessCidrs: ["10.0.0.0/8", "192.168.7.0/24"] });
        const rule = {
            securityGroupId: "eks-api",
            ipProtocol: "tcp",
            fromPort: 443,
            toPort: 443,
            description: "API server",
        };
        assert.deepEqual(
            placed.filter(({ title }) => title.startsWith("SecurityGroupIngressRule")).map(({ inputs }) => inputs),
            [
                { ...rule, cidrIpv4: "10.0.0.0/8" },
                { ...rule, cidrIpv4: "192.168.7.0/24" },
            ],
        );
    });

    it("has the group of these networks in the VPC of the given subnets, or in its own", async () => {
        const vpcOf = async (more: Partial<EksClusterArgs>) =>
            resourceTitled((await createCluster(more)).placed, "SecurityGroup eks-api").inputs.vpcId;
        assert.deepEqual([await vpcOf({ ...SUBNETS, vpcId: "vpc-0a" }), await vpcOf({})], ["vpc-0a", "eks"]);
    });

    it("is ready after its access entries, ingress rules, network plugin and kube-proxy", async () => {
        const { connection } = await createCluster({ ...SUBNETS, privateAccessCidrs: ["10.0.0.0/8"] });
        const urns = await Promise.all(connection.ready.map(({ urn }) => outputValue(urn)));
        assert.deepEqual(
            urns.map((urn) => urn.slice(urn.lastIndexOf("::") + 2)),
            ["eks-Admin", "eks-10.0.0.0/8", "vpc-cni", "kube-proxy"],
        );
    });

    it("turns the network plugin and kube-proxy that EKS installed into add-ons", async () => {
        const { placed } = await createCluster(SUBNETS);
        assert.deepEqual(
            ["vpc-cni", "kube-proxy"].map((addOn) => resourceTitled(placed, `Addon ${addOn}`).inputs),
            ["vpc-cni", "kube-proxy"].map((addonName) => ({
                clusterName: "eks-blue",
                addonName,
                resolveConflictsOnCreate: "OVERWRITE",
                resolveConflictsOnUpdate: "OVERWRITE",
            })),
        );
    });

    it("waits for its log group and the policies of its role", async () => {
        const { placed } = await createCluster(SUBNETS);
        const { dependsOn } = clusterOf(placed);
        assert.deepEqual(
            ["LogGroup eks", "RolePolicyAttachment eks-AmazonEKSClusterPolicy"].filter((title) => !dependsOn.includes(title)),
            [],
        );
    });

    it("keeps logs for 90 days, in the log group that EKS would create, after the stack is destroyed too", async () => {
        const { inputs, retainOnDelete } = resourceTitled((await createCluster(SUBNETS)).placed, "LogGroup eks");
        assert.deepEqual({ ...inputs, retainOnDelete }, { name: "/aws/eks/eks-blue/cluster", retentionInDays: 90, retainOnDelete: true });
    });

    it("makes the listed roles administrators through access entries", async () => {
        const { placed } = await createCluster(SUBNETS);
        assert.deepEqual(resourceTitled(placed, "AccessPolicyAssociation eks-Admin").inputs, {
            clusterName: "eks-blue",
            principalArn: ADMIN,
            policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            accessScope: { type: "cluster" },
        });
    });

    it("attaches the policies of China's partition in China", async () => {
        const { placed } = await createCluster(SUBNETS, "cn-north-1");
        assert.deepEqual(
            ["AccessPolicyAssociation eks-Admin", "RolePolicyAttachment eks-AmazonEKSClusterPolicy"].map(
                (title) => resourceTitled(placed, title).inputs.policyArn,
            ),
            ["arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", "arn:aws-cn:iam::aws:policy/AmazonEKSClusterPolicy"],
        );
    });

    it("protects and retains the key of its secrets", async () => {
        const { protect, retainOnDelete, inputs } = resourceTitled((await createCluster(SUBNETS)).placed, "Key eks");
        assert.deepEqual([protect, retainOnDelete, inputs.enableKeyRotation, inputs.deletionWindowInDays], [true, true, true, 30]);
    });

    it("has a key that administrators can grant to EKS and nobody can use", () => {
        const statements = secretsKeyStatements({ region: REGION, account: ACCOUNT, admins: [ADMIN] });
        assert.deepEqual(statements[1], {
            Sid: "GrantToEks",
            Effect: "Allow",
            Principal: { AWS: ["arn:aws:iam::111111111111:root"] },
            Condition: { ArnEquals: { "aws:PrincipalArn": [ADMIN] } },
            Action: ["kms:CreateGrant"],
            Resource: ["*"],
        });
        const use = /^kms:(Encrypt|Decrypt|ReEncrypt|GenerateDataKey)/;
        assert.deepEqual(
            statements.flatMap(({ Action }) => Action).filter((action) => use.test(action) || action.includes("*")),
            [],
        );
    });
});
