import assert from "node:assert/strict";
import { Provider } from "@pulumi/aws/provider";
import * as pulumi from "@pulumi/pulumi";
import { adminProblems, beforeCreate, zoneProblems } from "../../../../../components/cloud/aws/cluster/createClusterChecks";
import { type Eks, eksKubeconfig } from "../../../../../components/cloud/aws/cluster/eksAccess";
import { EksCluster, type EksClusterArgs, secretsKeyStatements } from "../../../../../components/cloud/aws/cluster/eksCluster";
import { type Answers, clusterProblems, findCluster } from "../../../../../components/cloud/aws/cluster/findCluster";
import { subnetCidrs } from "../../../../../components/cloud/aws/cluster/network";
import { amiType, NodeGroups, type NodeGroupsArgs, STATEFUL_NODES } from "../../../../../components/cloud/aws/cluster/nodeGroups";
import { accountProblems } from "../../../../../components/cloud/aws/platform";
import { ConfigError } from "../../../../../config/configError";
import { type AddOnChoices, addOnChoices } from "../../../../../config/schema/addOnChoices";
import { awsAnswer, expectedCaller } from "../../../../../engine/awsPlaceholders";
import { runInProcess } from "../../../../../engine/runInProcess";
import { toEngineConfig } from "../../../../../engine/stackFile";
import { ACCOUNT, find, type Placed, placedBy, REGION, role, titles } from "../../../../support/placedResources";
import { buildObserver, buildObserverOn, observerConfig } from "../../../../support/testFleet";

const ADMIN = `arn:aws:iam::${ACCOUNT}:role/Admin`;
const GIVEN = { subnetIds: ["subnet-0a", "subnet-0b"] };

async function make(more: Partial<EksClusterArgs> = {}, region = REGION) {
    let cluster: EksCluster | undefined;
    const placed = await placedBy(() => {
        cluster = new EksCluster("eks", {
            cluster: "eks-blue",
            version: "1.34",
            vpcCidr: "10.42.0.0/16",
            zones: ["a", "c"],
            privateAccessCidrs: [],
            publicAccessCidrs: [],
            admins: [ADMIN],
            region,
            account: ACCOUNT,
            irsa: false,
            role: role("eks"),
            ...more,
        });
    }, region);
    const { eks, network } = cluster as EksCluster;
    return { placed, eks, network };
}

/** What an output comes to. */
const known = <T>(value: pulumi.Input<T>) => new Promise<T>((resolve) => void pulumi.output(value).apply((v) => resolve(v as T)));

describe("a cluster that is made", () => {
    const clusterOf = (placed: Placed[]) => find(placed, "Cluster eks");
    const around = [
        "AccessEntry eks-Admin",
        "AccessPolicyAssociation eks-Admin",
        "Addon kube-proxy",
        "Addon vpc-cni",
        "Cluster eks",
        "Key eks",
        "LogGroup eks",
    ];
    const itsRole = ["Role eks", "RolePolicyAttachment eks-AmazonEKSClusterPolicy"];

    it("in given subnets is the cluster, its key, its logs, its role and its administrators", async () => {
        assert.deepEqual(titles((await make(GIVEN)).placed), [...around, ...itsRole]);
    });

    it("for IRSA has an OIDC provider", async () => {
        const { placed, eks } = await make({ ...GIVEN, irsa: true });
        assert.deepEqual(titles(placed), [...around, "OpenIdConnectProvider eks", ...itsRole]);
        assert.deepEqual(find(placed, "OpenIdConnectProvider eks").inputs, {
            url: "https://oidc.eks.eu-west-1.amazonaws.com/id/eks-blue",
            clientIdLists: ["sts.amazonaws.com"],
        });
        assert.equal(eks.pods.by, "irsa");
    });

    it("without subnets has a network of its own", async () => {
        const { placed } = await make();
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
                ...around,
                ...itsRole,
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

    it("is private, knows only the administrators listed, encrypts secrets, and logs everything", async () => {
        const { placed } = await make(GIVEN);
        const { inputs, protect, retainOnDelete } = clusterOf(placed);
        assert.deepEqual(inputs, {
            name: "eks-blue",
            version: "1.34",
            roleArn: "arn:aws:iam::111111111111:role/thanos-fleet/blue-eks-0123ab",
            accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
            vpcConfig: { subnetIds: ["subnet-0a", "subnet-0b"], endpointPrivateAccess: true, endpointPublicAccess: false },
            encryptionConfig: { provider: { keyArn: "arn:aws:kms:eu-west-1:111111111111:key/eks" }, resources: ["secrets"] },
            enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
            upgradePolicy: { supportType: "STANDARD" },
            deletionProtection: true,
        });
        assert.deepEqual([protect, retainOnDelete], [true, false]);
    });

    it("is reached from outside by the listed addresses only", async () => {
        const { placed } = await make({ ...GIVEN, publicAccessCidrs: ["203.0.113.7/32"] });
        assert.deepEqual(clusterOf(placed).inputs.vpcConfig, {
            subnetIds: ["subnet-0a", "subnet-0b"],
            endpointPrivateAccess: true,
            endpointPublicAccess: true,
            publicAccessCidrs: ["203.0.113.7/32"],
        });
    });

    it("is reached from inside by the listed networks only", async () => {
        const { placed } = await make({ ...GIVEN, privateAccessCidrs: ["10.0.0.0/8", "192.168.7.0/24"] });
        const rule = {
            securityGroupId: "<security group of eks-blue>",
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

    it("is worked on by nobody who could not reach it, and gets no node that could not run", async () => {
        const { eks } = await make({ ...GIVEN, privateAccessCidrs: ["10.0.0.0/8"] });
        const urns = await Promise.all(eks.ready.map(({ urn }) => known(urn)));
        assert.deepEqual(
            urns.map((urn) => urn.slice(urn.lastIndexOf("::") + 2)),
            ["eks-Admin", "eks-10.0.0.0/8", "vpc-cni", "kube-proxy"],
        );
    });

    it("takes over what EKS put into it", async () => {
        const { placed } = await make(GIVEN);
        assert.deepEqual(
            ["vpc-cni", "kube-proxy"].map((addOn) => find(placed, `Addon ${addOn}`).inputs),
            ["vpc-cni", "kube-proxy"].map((addonName) => ({
                clusterName: "eks-blue",
                addonName,
                resolveConflictsOnCreate: "OVERWRITE",
                resolveConflictsOnUpdate: "OVERWRITE",
            })),
        );
    });

    it("comes after its log group and its role's rights", async () => {
        const { placed } = await make(GIVEN);
        const { after } = clusterOf(placed);
        assert.deepEqual(
            ["LogGroup eks", "RolePolicyAttachment eks-AmazonEKSClusterPolicy"].filter((title) => !after.includes(title)),
            [],
        );
    });

    it("keeps its logs for 90 days, under the name that EKS would give them", async () => {
        const { placed } = await make(GIVEN);
        assert.deepEqual(find(placed, "LogGroup eks").inputs, { name: "/aws/eks/eks-blue/cluster", retentionInDays: 90 });
    });

    it("is administered through access entries", async () => {
        const { placed } = await make(GIVEN);
        assert.deepEqual(find(placed, "AccessPolicyAssociation eks-Admin").inputs, {
            clusterName: "eks-blue",
            principalArn: ADMIN,
            policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            accessScope: { type: "cluster" },
        });
    });

    it("in China names China's policies", async () => {
        const { placed } = await make(GIVEN, "cn-north-1");
        assert.deepEqual(
            ["AccessPolicyAssociation eks-Admin", "RolePolicyAttachment eks-AmazonEKSClusterPolicy"].map(
                (title) => find(placed, title).inputs.policyArn,
            ),
            ["arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", "arn:aws-cn:iam::aws:policy/AmazonEKSClusterPolicy"],
        );
    });

    it("does not lose the key of its secrets", async () => {
        const { protect, retainOnDelete, inputs } = find((await make(GIVEN)).placed, "Key eks");
        assert.deepEqual([protect, retainOnDelete, inputs.enableKeyRotation, inputs.deletionWindowInDays], [true, true, true, 30]);
    });

    it("has a key that administrators can give to EKS, and nobody can use", () => {
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

describe("a network that is made", () => {
    const network = async () => (await make()).placed;

    it("is where the cluster and its nodes are: the private subnets", async () => {
        const { inputs } = find(await network(), "Cluster eks");
        assert.deepEqual((inputs.vpcConfig as { subnetIds: string[] }).subnetIds, ["eks-private-a", "eks-private-c"]);
    });

    it("tells the load balancer controller which subnets are private", async () => {
        const placed = await network();
        assert.deepEqual(
            ["private", "public"].map((kind) => find(placed, `Subnet eks-${kind}-c`).inputs),
            [
                {
                    vpcId: "eks",
                    availabilityZone: "eu-west-1c",
                    cidrBlock: "10.42.64.0/19",
                    tags: { Name: "eks-private-c", "kubernetes.io/role/internal-elb": "1" },
                },
                {
                    vpcId: "eks",
                    availabilityZone: "eu-west-1c",
                    cidrBlock: "10.42.232.0/22",
                    tags: { Name: "eks-public-c", "kubernetes.io/role/elb": "1" },
                },
            ],
        );
    });

    it("leaves each zone through the zone's own gateway", async () => {
        const placed = await network();
        assert.deepEqual(
            ["a", "c"].map((zone) => [
                find(placed, `NatGateway eks-${zone}`).inputs.subnetId,
                find(placed, `Route eks-private-${zone}`).inputs,
            ]),
            ["a", "c"].map((zone) => [
                `eks-public-${zone}`,
                { routeTableId: `eks-private-${zone}`, destinationCidrBlock: "0.0.0.0/0", natGatewayId: `eks-${zone}` },
            ]),
        );
    });

    it("leaves routes alone that somebody adds: no table lists its own", async () => {
        const placed = await network();
        const listed = placed.filter(({ title, inputs }) => title.startsWith("RouteTable ") && "routes" in inputs);
        assert.deepEqual(listed, []);
    });

    it("says what a peering connection needs to know of it", async () => {
        const { network: made } = await make();
        const ids = made && { vpcId: made.vpcId, routeTables: pulumi.all(made.privateRouteTableIds) };
        assert.deepEqual(await known(ids), { vpcId: "eks", routeTables: ["eks-private-a", "eks-private-c"] });
    });

    it("has a way out before what goes through it", async () => {
        const { after } = find(await network(), "NatGateway eks-a");
        assert.deepEqual(
            ["Route eks-public", "RouteTableAssociation eks-public-a"].filter((title) => !after.includes(title)),
            [],
        );
    });

    it("reaches S3 without a gateway that costs", async () => {
        const { inputs } = find(await network(), "VpcEndpoint eks-s3");
        assert.deepEqual(inputs, {
            vpcId: "eks",
            vpcEndpointType: "Gateway",
            serviceName: "com.amazonaws.eu-west-1.s3",
            routeTableIds: ["eks-private-a", "eks-private-c"],
            tags: { Name: "eks-s3" },
        });
    });

    it("has a default security group that lets nothing through", async () => {
        const { inputs } = find(await network(), "DefaultSecurityGroup eks");
        assert.deepEqual(Object.keys(inputs).sort(), ["tags", "vpcId"]);
    });

    it("is cut by the letters of its zones", () => {
        assert.deepEqual(
            ["a", "b", "g"].map((zone) => subnetCidrs("10.42.0.0/16", zone)),
            [
                { private: "10.42.0.0/19", public: "10.42.224.0/22" },
                { private: "10.42.32.0/19", public: "10.42.228.0/22" },
                { private: "10.42.192.0/19", public: "10.42.248.0/22" },
            ],
        );
    });

    it("is cut at the smallest size, too", () => {
        assert.deepEqual(
            ["a", "c"].map((zone) => subnetCidrs("172.16.48.0/20", zone)),
            [
                { private: "172.16.48.0/23", public: "172.16.62.0/26" },
                { private: "172.16.52.0/23", public: "172.16.62.128/26" },
            ],
        );
    });
});

describe("node groups", () => {
    const make = (more: Partial<NodeGroupsArgs> = {}) =>
        placedBy(() => {
            new NodeGroups("nodes", {
                cluster: "eks-blue",
                version: "1.34",
                region: REGION,
                subnets: { a: "subnet-0a", b: "subnet-0b" },
                os: "al2023",
                diskGiB: 50,
                stateful: { instanceType: "m7g.xlarge", nodesPerZone: 1 },
                general: { instanceType: "m7i.large", nodes: 2 },
                role: role("nodes"),
                tags: { team: "observability" },
                ...more,
            });
        });

    it("are one per zone for volumes and one for the rest", async () => {
        assert.deepEqual(titles(await make()), [
            "LaunchTemplate nodes-general",
            "LaunchTemplate nodes-stateful",
            "NodeGroup nodes-general",
            "NodeGroup nodes-stateful-a",
            "NodeGroup nodes-stateful-b",
            "Role nodes",
            "RolePolicyAttachment nodes-AmazonEC2ContainerRegistryPullOnly",
            "RolePolicyAttachment nodes-AmazonEKSWorkerNodePolicy",
            "RolePolicyAttachment nodes-AmazonEKS_CNI_Policy",
        ]);
    });

    const common = {
        clusterName: "eks-blue",
        version: "1.34",
        nodeRoleArn: "arn:aws:iam::111111111111:role/thanos-fleet/blue-nodes-0123ab",
    };
    const gentle = { updateConfig: { maxUnavailable: 1 }, forceUpdateVersion: false };

    it("for volumes stay in one zone, and take only pods that tolerate them", async () => {
        const { inputs } = find(await make(), "NodeGroup nodes-stateful-b");
        assert.deepEqual(inputs, {
            ...common,
            ...gentle,
            subnetIds: ["subnet-0b"],
            amiType: "AL2023_ARM_64_STANDARD",
            launchTemplate: { id: "nodes-stateful", version: "1" },
            labels: { "thanos-fleet/pool": "stateful" },
            taints: [{ key: "thanos-fleet/stateful", value: "true", effect: "NO_SCHEDULE" }],
            scalingConfig: { minSize: 1, desiredSize: 1, maxSize: 1 },
        });
    });

    it("for the rest span the zones, and take everybody", async () => {
        const { inputs } = find(await make(), "NodeGroup nodes-general");
        assert.deepEqual(inputs, {
            ...common,
            ...gentle,
            subnetIds: ["subnet-0a", "subnet-0b"],
            amiType: "AL2023_x86_64_STANDARD",
            launchTemplate: { id: "nodes-general", version: "1" },
            labels: { "thanos-fleet/pool": "general" },
            scalingConfig: { minSize: 2, desiredSize: 2, maxSize: 2 },
        });
    });

    it("for volumes are where pods with volumes are put", async () => {
        const { labels, taints } = find(await make(), "NodeGroup nodes-stateful-a").inputs;
        assert.deepEqual(
            { nodeSelector: labels, tolerations: (taints as { key: string; value: string }[]).map(({ key, value }) => ({ key, value })) },
            {
                nodeSelector: STATEFUL_NODES.nodeSelector,
                tolerations: STATEFUL_NODES.tolerations.map(({ key, value }) => ({ key, value })),
            },
        );
    });

    it("wait for their role's rights", async () => {
        const { after } = find(await make(), "NodeGroup nodes-general");
        assert.deepEqual(
            after.filter((title) => title.startsWith("RolePolicyAttachment")).sort(),
            ["AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy"].map(
                (policy) => `RolePolicyAttachment nodes-${policy}`,
            ),
        );
    });

    const volume = (deviceName: string, volumeSize: number) => ({
        deviceName,
        ebs: { volumeType: "gp3", volumeSize, encrypted: "true", deleteOnTermination: "true" },
    });

    it("hide the node's credentials from pods, encrypt its volume, and tag what it is made of", async () => {
        const { inputs } = find(await make(), "LaunchTemplate nodes-stateful");
        const tags = { team: "observability" };
        assert.deepEqual(inputs, {
            instanceType: "m7g.xlarge",
            metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
            blockDeviceMappings: [volume("/dev/xvda", 50)],
            tagSpecifications: [
                { resourceType: "instance", tags },
                { resourceType: "volume", tags },
                { resourceType: "network-interface", tags },
            ],
        });
    });

    it("of Bottlerocket have a second volume, which is the large one", async () => {
        const { inputs } = find(await make({ os: "bottlerocket" }), "LaunchTemplate nodes-general");
        assert.deepEqual(inputs.blockDeviceMappings, [volume("/dev/xvda", 4), volume("/dev/xvdb", 50)]);
    });

    it("of another size are the same groups with a new template", async () => {
        const small = await make();
        const large = await make({ stateful: { instanceType: "m7g.2xlarge", nodesPerZone: 1 } });
        const group = (placed: Placed[]) => find(placed, "NodeGroup nodes-stateful-a").inputs;
        assert.deepEqual(group(large), group(small));
        assert.equal(find(large, "LaunchTemplate nodes-stateful").inputs.instanceType, "m7g.2xlarge");
    });

    it("run the image of their architecture and system", () => {
        assert.deepEqual(
            ["m7g.large", "c7gn.xlarge", "m7i.large", "g5.xlarge"].map((type) => [amiType(type, "al2023"), amiType(type, "bottlerocket")]),
            [
                ["AL2023_ARM_64_STANDARD", "BOTTLEROCKET_ARM_64"],
                ["AL2023_ARM_64_STANDARD", "BOTTLEROCKET_ARM_64"],
                ["AL2023_x86_64_STANDARD", "BOTTLEROCKET_x86_64"],
                ["AL2023_x86_64_STANDARD", "BOTTLEROCKET_x86_64"],
            ],
        );
    });
});

describe("a cluster that exists", () => {
    const present: AddOnChoices = {
        podIdentityAgent: "present",
        ebsCsi: "present",
        loadBalancerController: "present",
        externalDns: "install",
        certManager: "unmanaged",
        metricsServer: "unmanaged",
    };

    /** As the engine passes on what the provider answered. */
    const failed = (details: string) => Object.assign(new Error(details), { details });

    type Call = (token: string, args: Record<string, unknown>) => Record<string, unknown>;
    const answers: Call = (token, args) => awsAnswer(token, args, REGION);

    /** What was asked, and what came of it. */
    async function look(call: Call = answers, { irsa = false, nodeGroups = false } = {}) {
        const asked: string[] = [];
        await pulumi.runtime.setMocks(
            {
                newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
                call: ({ token, inputs }) => {
                    asked.push(String(inputs.addonName ?? token.slice(token.lastIndexOf(":") + 1)));
                    return call(token, inputs);
                },
            },
            "thanos-fleet",
            "blue",
        );
        const provider = new Provider("aws", { region: REGION });
        const args = { region: REGION, provider, irsa, nodeGroups, addOns: present };
        const found = await findCluster("eks-blue", args).catch((error: unknown) => error);
        return { asked, found };
    }

    it("is asked for itself and for the add-ons that are said to be present", async () => {
        assert.deepEqual((await look()).asked, ["getCluster", "eks-pod-identity-agent", "aws-ebs-csi-driver"]);
    });

    it("is found with what its nodes and pods need", async () => {
        const { version, vpcId, pods, ready } = (await look()).found as Eks;
        assert.deepEqual(
            { version, vpcId, pods, ready },
            {
                version: "1.34",
                vpcId: "<vpc of eks-blue>",
                pods: { by: "pod-identity", cluster: "eks-blue", clusterArn: "arn:aws:eks:eu-west-1:111111111111:cluster/eks-blue" },
                ready: [],
            },
        );
    });

    it("is found with its OIDC provider, for IRSA", async () => {
        assert.deepEqual(((await look(answers, { irsa: true })).found as Eks).pods, {
            by: "irsa",
            issuer: "https://oidc.eks.eu-west-1.amazonaws.com/id/eks-blue",
            oidcProviderArn: "arn:aws:iam::111111111111:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/eks-blue",
        });
    });

    it("that is not there is a problem of the configuration, and the only one", async () => {
        const { asked, found } = await look(() => {
            throw failed("reading EKS Cluster (eks-blue): couldn't find resource");
        });
        assert.ok(found instanceof ConfigError);
        assert.deepEqual(asked, ["getCluster"]);
        assert.deepEqual(found.problems, [
            {
                path: "aws.cluster.name",
                problem: 'no EKS cluster "eks-blue" in eu-west-1.',
                remedy: "Check the name, aws.region, and as whom you ask (`aws sts get-caller-identity`). Or write aws.cluster.create, and this stack makes it.",
            },
        ]);
    });

    it("that may not be looked at says why", async () => {
        const { found } = await look(() => {
            throw failed("AccessDeniedException: not authorized to perform: eks:DescribeCluster\nwith a long trace");
        });
        assert.match(
            (found as ConfigError).problems.map(({ problem }) => problem).join(),
            /^"eks-blue" in eu-west-1 cannot be looked up: .*not authorized to perform: eks:DescribeCluster\.$/,
        );
    });

    it("is refused with everything that is wrong with it, at once", async () => {
        const { found } = await look((token, args) => {
            if (args.addonName === "eks-pod-identity-agent") throw failed("reading EKS Add-On (eks-blue:x): couldn't find resource");
            if (args.addonName === "aws-ebs-csi-driver") return { addonVersion: "v1.25.0-eksbuild.1" };
            return { ...answers(token, args), ...(token.endsWith("getCluster") && { version: "1.31", status: "UPDATING" }) };
        });
        assert.deepEqual((found as ConfigError).problems, [
            {
                path: "aws.cluster.name",
                problem: '"eks-blue" is UPDATING.',
                remedy: "Wait until it is ACTIVE: `aws eks wait cluster-active --region eu-west-1 --name eks-blue`.",
            },
            { path: "aws.cluster.name", problem: '"eks-blue" runs Kubernetes 1.31.', remedy: "Upgrade it to 1.32 or later." },
            {
                path: "aws.addOns.podIdentityAgent",
                problem: 'no EKS add-on eks-pod-identity-agent in cluster "eks-blue".',
                remedy: "Write install, or unmanaged if it runs there by other means.",
            },
            {
                path: "aws.addOns.ebsCsi",
                problem: 'aws-ebs-csi-driver in cluster "eks-blue" is v1.25.0-eksbuild.1.',
                remedy: "Update it to 1.26 or later: `aws eks update-addon --cluster-name eks-blue --addon-name aws-ebs-csi-driver --addon-version VERSION`.",
            },
        ]);
    });

    const good: Answers = {
        cluster: "eks-blue",
        region: REGION,
        status: "ACTIVE",
        version: "1.32",
        authenticationMode: "API",
        nodeGroups: true,
        addOns: {},
        issuer: "https://issuer",
    };

    it("is good enough at the floor, and above it by number and not by letter", () => {
        const problems = ["1.26.0", "v1.100.2-eksbuild.1", "v2.0.0"].flatMap((value) =>
            clusterProblems({ ...good, addOns: { ebsCsi: { value } } }),
        );
        assert.deepEqual(problems, []);
    });

    it("that knows roles by its ConfigMap alone gets no nodes", async () => {
        const { found } = await look(
            (token, args) => ({
                ...answers(token, args),
                ...(token.endsWith("getCluster") && { accessConfigs: [{ authenticationMode: "CONFIG_MAP" }] }),
            }),
            { nodeGroups: true },
        );
        assert.deepEqual((found as ConfigError).problems, [
            {
                path: "aws.nodeGroups",
                problem: '"eks-blue" knows roles by its ConfigMap aws-auth only: nodes that are made here could not join.',
                remedy: "Turn on access entries, which changes nothing for the roles that are known: `aws eks update-cluster-config --region eu-west-1 --name eks-blue --access-config authenticationMode=API_AND_CONFIG_MAP`.",
            },
        ]);
    });

    it("that knows roles by its ConfigMap is fine where no nodes are made, or beside access entries", () => {
        assert.deepEqual(
            [
                { ...good, nodeGroups: false, authenticationMode: "CONFIG_MAP" },
                { ...good, authenticationMode: "API_AND_CONFIG_MAP" },
            ].flatMap(clusterProblems),
            [],
        );
    });

    it("without an OIDC provider cannot do IRSA", () => {
        assert.deepEqual(clusterProblems({ ...good, oidcProvider: { failure: "finding IAM OIDC Provider by url (issuer): not found" } }), [
            {
                path: "aws.identity.by",
                problem: 'irsa, and IAM does not know the OIDC provider of cluster "eks-blue".',
                remedy: "Make it (`aws iam create-open-id-connect-provider --url https://issuer --client-id-list sts.amazonaws.com`), or write pod-identity.",
            },
        ]);
    });
});

describe("add-ons nobody said anything about", () => {
    const create = { version: "1.34", subnetIds: [], zones: [], privateAccessCidrs: [], publicAccessCidrs: [], admins: [ADMIN] };
    const byPodIdentity = { addOns: {}, identity: { by: "pod-identity" } } as const;

    it("are all installed in a cluster that is made", () => {
        assert.deepEqual([...new Set(Object.values(addOnChoices({ ...byPodIdentity, cluster: { name: "eks", create } })))], ["install"]);
    });

    it("are expected in one that exists, where the fleet cannot do without them", () => {
        assert.deepEqual(addOnChoices({ ...byPodIdentity, cluster: { name: "eks" } }), {
            podIdentityAgent: "present",
            ebsCsi: "present",
            loadBalancerController: "present",
            externalDns: "present",
            certManager: "unmanaged",
            metricsServer: "unmanaged",
        });
    });

    it("do not include the agent, where roles come by IRSA", () => {
        const { podIdentityAgent } = addOnChoices({ addOns: {}, identity: { by: "irsa" }, cluster: { name: "eks" } });
        assert.equal(podIdentityAgent, "unmanaged");
    });
});

describe("before a cluster is made", () => {
    const session = `arn:aws:sts::${ACCOUNT}:assumed-role/Admin/somebody`;

    /** What was asked, and what came of it. */
    async function ask(more: { subnetIds?: string[]; zones?: string[]; caller?: string }, call = awsAnswer) {
        const asked: unknown[] = [];
        await pulumi.runtime.setMocks(
            {
                newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
                call: ({ token, inputs }) => {
                    asked.push(inputs);
                    return call(token, inputs, REGION);
                },
            },
            "thanos-fleet",
            "blue",
        );
        const provider = new Provider("aws", { region: REGION });
        const args = { admins: [ADMIN], zones: ["a"], region: REGION, provider, caller: session, ...more };
        const refusal = await beforeCreate(args).catch((error: unknown) => error);
        return { asked, paths: refusal instanceof ConfigError ? refusal.problems.map(({ path }) => path) : refusal };
    }

    it("AWS is asked for the zones that need no opting in", async () => {
        assert.deepEqual((await ask({})).asked, [
            { state: "available", filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }] },
        ]);
    });

    it("AWS is asked nothing of zones where subnets are given", async () => {
        assert.deepEqual(await ask({ subnetIds: ["subnet-0a"], zones: ["f"] }), { asked: [], paths: undefined });
    });

    it("everything that is wrong is said at once", async () => {
        const { paths } = await ask({ zones: ["f"], caller: `arn:aws:iam::${ACCOUNT}:root` });
        assert.deepEqual(paths, ["aws.cluster.create.admins", "aws.cluster.create.zones"]);
    });

    it("zones that may not be looked up are a problem, not a stack trace", async () => {
        const { paths } = await ask({}, () => {
            throw new Error("UnauthorizedOperation: not authorized to perform: ec2:DescribeAvailabilityZones");
        });
        assert.deepEqual(paths, ["aws.cluster.create.zones"]);
    });

    const zones = (ids: Record<string, string>) => ({ value: Object.entries(ids).map(([letter, id]) => ({ letter, id })) });

    it("a zone that is not there is refused, with those that are", () => {
        const found = zones({ a: "usw2-az2", b: "usw2-az1", d: "usw2-az4" });
        assert.deepEqual(zoneProblems({ region: "us-west-2", zones: ["a", "c", "e"], found }), [
            {
                path: "aws.cluster.create.zones",
                problem: "c, e: this account has no such zone in us-west-2, or EKS is not in it.",
                remedy: "Write two or more of a, b, d.",
            },
        ]);
    });

    it("a zone without EKS is refused, whatever its letter in this account", () => {
        const refused = ["use1-az3", "usw1-az2", "cac1-az3"].map((id) =>
            zoneProblems({ region: "us-east-1", zones: ["a", "b"], found: zones({ a: id, b: "use1-az1", c: "use1-az2" }) }),
        );
        assert.deepEqual(
            refused.map(([problem]) => problem?.remedy),
            ["Write two or more of b, c.", "Write two or more of b, c.", "Write two or more of b, c."],
        );
    });

    it("zones that are there are fine", () => {
        const found = zones({ a: "euw1-az3", b: "euw1-az1", c: "euw1-az2" });
        assert.deepEqual(zoneProblems({ region: REGION, zones: ["a", "b", "c"], found }), []);
    });

    it("who makes it is one of its administrators, whatever the path of the role", () => {
        const sso = `arn:aws:iam::${ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/Ops`;
        assert.deepEqual(
            [adminProblems([ADMIN], session), adminProblems([ADMIN, sso], `arn:aws:sts::${ACCOUNT}:assumed-role/Ops/somebody`)],
            [[], []],
        );
    });

    it("a role that is not among its administrators is refused, and named", () => {
        assert.deepEqual(adminProblems([ADMIN], `arn:aws:sts::${ACCOUNT}:assumed-role/deployer/ci`), [
            {
                path: "aws.cluster.create.admins",
                problem: `role deployer of account ${ACCOUNT}, whose credentials these are, is not among them: it could not make the cluster, nor deploy to it.`,
                remedy: "Add it; `aws iam get-role --role-name deployer --query Role.Arn` prints its ARN. Or run `pulumi up` as one that is.",
            },
        ]);
    });

    it("a role of the same name in another account is another role", () => {
        assert.equal(adminProblems([ADMIN], "arn:aws:sts::222222222222:assumed-role/Admin/somebody").length, 1);
    });

    it("a user, or the account's root, is no administrator", () => {
        assert.deepEqual(
            [`arn:aws:iam::${ACCOUNT}:user/Admin`, `arn:aws:iam::${ACCOUNT}:root`].flatMap((caller) => adminProblems([ADMIN], caller)),
            ["user/Admin", "root"].map((who) => ({
                path: "aws.cluster.create.admins",
                problem: `these credentials are arn:aws:iam::${ACCOUNT}:${who}'s, which is no role: only roles administer the cluster.`,
                remedy: "Run `pulumi up` as one of the roles in this list.",
            })),
        );
    });
});

describe("a platform", () => {
    const classes = async (run: ReturnType<typeof buildObserver>) => {
        const { resources } = await run;
        const used = resources.flatMap(({ props }) => JSON.stringify(props).match(/(?<="storageClassName":")[^"]+/g) ?? []);
        return {
            made: resources.filter(({ type }) => type === "kubernetes:storage.k8s.io/v1:StorageClass").map(({ name }) => name),
            used: [...new Set(used)],
        };
    };

    it("has a StorageClass of its own, in a cluster that exists too", async () => {
        assert.deepEqual(await classes(buildObserver("aws")), { made: ["thanos-fleet"], used: ["thanos-fleet"] });
    });

    it("uses the user's StorageClass, and makes none beside it", async () => {
        const run = runInProcess("observer", toEngineConfig(observerConfig("aws", { storageClass: "fast" })));
        assert.deepEqual(await classes(run), { made: [], used: ["fast"] });
    });

    it("that is made has the network's add-ons before its nodes, and DNS after them", async () => {
        const { resources } = await buildObserverOn("created");
        const before = (name: string) => resources.find((resource) => resource.name === name)?.dependsOn ?? [];
        const earlier = (name: string, names: string[]) => names.filter((other) => before(name).includes(other));
        assert.deepEqual(
            [earlier("nodes-general", ["vpc-cni", "kube-proxy", "coredns"]), earlier("coredns", ["nodes-general", "ebsCsi"])],
            [["vpc-cni", "kube-proxy"], ["nodes-general"]],
        );
    });

    it("that is found has the add-ons that are in it", async () => {
        const { resources } = await buildObserver("aws");
        assert.deepEqual(
            resources.filter(({ type }) => type === "aws:eks/addon:Addon").map(({ name }) => name),
            [],
        );
    });
});

describe("whom a plan is made as", () => {
    const admins = ["arn:aws:iam::444444444444:role/Ops", "arn:aws:iam::555555555555:role/teams/Fleet"];

    it("is an administrator of the cluster that is made, in the account that the observer has for it", () => {
        assert.deepEqual(
            [expectedCaller(admins, undefined), expectedCaller(admins, "555555555555")],
            [
                { account: "444444444444", role: "Ops" },
                { account: "555555555555", role: "Fleet" },
            ],
        );
    });

    it("is somebody in that account, where the cluster exists", () => {
        assert.deepEqual([expectedCaller([], "555555555555").account, expectedCaller([], undefined).account], ["555555555555", ACCOUNT]);
    });
});

describe("the account of a stack", () => {
    it("is the one that the observer has for it, where it has one", () => {
        assert.deepEqual([accountProblems(ACCOUNT, undefined), accountProblems(ACCOUNT, ACCOUNT)], [[], []]);
    });

    it("is refused if it is another", () => {
        assert.deepEqual(accountProblems(ACCOUNT, "222222222222"), [
            {
                path: "aws",
                problem: `these credentials are for account ${ACCOUNT}; the observer's list has this cluster in account 222222222222.`,
                remedy: "Use that account's credentials (aws.profile), or write observees[].account in the observer's stack and update it first.",
            },
        ]);
    });
});

describe("the kubeconfig of a cluster", () => {
    const argsWith = (profile?: string) => {
        const config = eksKubeconfig({ name: "eks-blue", region: REGION, endpoint: "https://eks", certificateAuthority: "Q0E=", profile });
        return JSON.parse(config).users[0].user.exec.args as string[];
    };
    const token = ["--region", REGION, "eks", "get-token", "--cluster-name", "eks-blue", "--output", "json"];

    it("asks for a token with the shell's credentials", () => {
        assert.deepEqual(argsWith(), token);
    });

    it("asks for one with those of a profile, where there is one", () => {
        assert.deepEqual(argsWith("observability"), ["--profile", "observability", ...token]);
    });
});
