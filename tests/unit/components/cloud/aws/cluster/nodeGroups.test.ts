import assert from "node:assert/strict";
import { amiType, NodeGroups, type NodeGroupsArgs, STATEFUL_NODES } from "../../../../../../components/cloud/aws/cluster/nodeGroups";
import { type PlacedResource, placedBy, REGION, resourceTitled, role, titles } from "../../../../../support/placedResources";

describe("node groups", () => {
    const createNodeGroups = (more: Partial<NodeGroupsArgs> = {}) =>
        placedBy(() => {
            new NodeGroups("nodes", {
                eksName: "eks-blue",
                version: "1.34",
                region: REGION,
                subnets: { a: "subnet-0a", b: "subnet-0b" },
                clusterSecurityGroupId: "sg-0c",
                shared: false,
                os: "al2023",
                diskGiB: 50,
                stateful: { instanceType: "m7g.xlarge", nodesPerZone: 1 },
                general: { instanceType: "m7i.large", nodes: 2 },
                role: role("nodes"),
                tags: { team: "observability" },
                ...more,
            });
        });

    it("are one per zone for pods with volumes, and one for other pods", async () => {
        assert.deepEqual(titles(await createNodeGroups()), [
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
    const updates = { updateConfig: { maxUnavailable: 1 }, forceUpdateVersion: false };

    it("for pods with volumes stay in one zone and are tainted", async () => {
        const { inputs } = resourceTitled(await createNodeGroups(), "NodeGroup nodes-stateful-b");
        assert.deepEqual(inputs, {
            ...common,
            ...updates,
            subnetIds: ["subnet-0b"],
            amiType: "AL2023_ARM_64_STANDARD",
            launchTemplate: { id: "nodes-stateful", version: "1" },
            labels: { "thanos-fleet/pool": "stateful" },
            taints: [{ key: "thanos-fleet/stateful", value: "true", effect: "NO_SCHEDULE" }],
            scalingConfig: { minSize: 1, desiredSize: 1, maxSize: 1 },
        });
    });

    it("for other pods span the zones and have no taint", async () => {
        const { inputs } = resourceTitled(await createNodeGroups(), "NodeGroup nodes-general");
        assert.deepEqual(inputs, {
            ...common,
            ...updates,
            subnetIds: ["subnet-0a", "subnet-0b"],
            amiType: "AL2023_x86_64_STANDARD",
            launchTemplate: { id: "nodes-general", version: "1" },
            labels: { "thanos-fleet/pool": "general" },
            scalingConfig: { minSize: 2, desiredSize: 2, maxSize: 2 },
        });
    });

    it("for other pods keep other teams' pods away in a cluster that they share, as long as these have another place", async () => {
        const { inputs } = resourceTitled(await createNodeGroups({ shared: true }), "NodeGroup nodes-general");
        assert.deepEqual(inputs.taints, [{ key: "thanos-fleet/general", value: "true", effect: "PREFER_NO_SCHEDULE" }]);
    });

    it("are in the cluster's security group, and in those that are given", async () => {
        const groups = async (securityGroupIds?: string[]) => {
            const placed = await createNodeGroups({ securityGroupIds });
            return ["stateful", "general"].map((pool) => resourceTitled(placed, `LaunchTemplate nodes-${pool}`).inputs.vpcSecurityGroupIds);
        };
        // Without any in the template, EKS attaches the cluster's.
        assert.deepEqual(
            [await groups(), await groups([]), await groups(["sg-0a"])],
            [
                [undefined, undefined],
                [undefined, undefined],
                [
                    ["sg-0c", "sg-0a"],
                    ["sg-0c", "sg-0a"],
                ],
            ],
        );
    });

    it("for pods with volumes match the node selector and the tolerations of these pods", async () => {
        const { labels, taints } = resourceTitled(await createNodeGroups(), "NodeGroup nodes-stateful-a").inputs;
        assert.deepEqual(
            { nodeSelector: labels, tolerations: (taints as { key: string; value: string }[]).map(({ key, value }) => ({ key, value })) },
            {
                nodeSelector: STATEFUL_NODES.nodeSelector,
                tolerations: STATEFUL_NODES.tolerations.map(({ key, value }) => ({ key, value })),
            },
        );
    });

    it("wait for each other, so that they roll one after the other", async () => {
        const placed = await createNodeGroups();
        assert.deepEqual(
            ["stateful-a", "stateful-b", "general"].map((group) =>
                resourceTitled(placed, `NodeGroup nodes-${group}`).dependsOn.filter((title) => title.startsWith("NodeGroup")),
            ),
            [[], ["NodeGroup nodes-stateful-a"], ["NodeGroup nodes-stateful-b"]],
        );
    });

    it("wait for the policies of their role", async () => {
        const { dependsOn } = resourceTitled(await createNodeGroups(), "NodeGroup nodes-general");
        assert.deepEqual(
            dependsOn.filter((title) => title.startsWith("RolePolicyAttachment")).sort(),
            ["AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy"].map(
                (policy) => `RolePolicyAttachment nodes-${policy}`,
            ),
        );
    });

    const volume = (deviceName: string, volumeSize: number) => ({
        deviceName,
        ebs: { volumeType: "gp3", volumeSize, encrypted: "true", deleteOnTermination: "true" },
    });

    it("hide the node's credentials from pods, encrypt its volume, and tag instances, volumes and network interfaces", async () => {
        const { inputs } = resourceTitled(await createNodeGroups(), "LaunchTemplate nodes-stateful");
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

    it("have a second, larger volume with Bottlerocket", async () => {
        const { inputs } = resourceTitled(await createNodeGroups({ os: "bottlerocket" }), "LaunchTemplate nodes-general");
        assert.deepEqual(inputs.blockDeviceMappings, [volume("/dev/xvda", 4), volume("/dev/xvdb", 50)]);
    });

    it("get a new launch template and are not replaced when the instance type changes", async () => {
        const small = await createNodeGroups();
        const large = await createNodeGroups({ stateful: { instanceType: "m7g.2xlarge", nodesPerZone: 1 } });
        const group = (placed: PlacedResource[]) => resourceTitled(placed, "NodeGroup nodes-stateful-a").inputs;
        assert.deepEqual(group(large), group(small));
        assert.equal(resourceTitled(large, "LaunchTemplate nodes-stateful").inputs.instanceType, "m7g.2xlarge");
    });

    it("use the image of their architecture and operating system", () => {
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
