import { LaunchTemplate } from "@pulumi/aws/ec2";
import { NodeGroup } from "@pulumi/aws/eks";
import * as pulumi from "@pulumi/pulumi";
import type { NodeGroupsConfig } from "../../../../config/schema";
import { childOptions } from "../../../kubernetes/childOptions";
import type { Placement } from "../../../kubernetes/placement";
import { POOL_LABEL } from "../../../naming/labels";
import { serviceRole } from "../iam/managedPolicyRole";
import type { RoleArgs } from "../iam/role";
import { nodeTrust } from "../iam/statements";
import type { Subnets } from "./eksAccess";

export interface NodeGroupsArgs extends Omit<NodeGroupsConfig, "subnetIds"> {
    /** Name of the EKS cluster. */
    cluster: pulumi.Input<string>;
    /** Its Kubernetes version, which nodes follow. */
    version: pulumi.Input<string>;
    region: string;
    /** Private subnets, one a zone. */
    subnets: Subnets;
    /** The role that nodes wear. */
    role: RoleArgs;
    /** At least one: AWS refuses a template with an empty set. */
    tags: Record<string, string>;
}

type Os = NodeGroupsConfig["os"];

const TAINT = { key: "thanos-fleet/stateful", value: "true" };

/** Where pods with volumes go. */
export const STATEFUL_NODES: Placement = {
    nodeSelector: { [POOL_LABEL]: "stateful" },
    tolerations: [{ ...TAINT, operator: "Equal", effect: "NoSchedule" }],
};

/** What a node does, by AWS's own policies. Of the network plugin's it wears the rights too: docs/adr/0012. */
const NODE_POLICIES = ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"];

/** One group per zone for pods with volumes, since a volume lives in one zone and its pod has to find a node there; and one over all zones for the rest. */
export class NodeGroups extends pulumi.ComponentResource {
    constructor(name: string, args: NodeGroupsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:NodeGroups", name, {}, opts);
        const here = childOptions(this, opts);
        const { stateful, general, region, os } = args;

        const { role, attached } = serviceRole(name, { role: args.role, trust: nodeTrust(region), policies: NODE_POLICIES, region }, here);
        const group = (groupName: string, template: LaunchTemplate, instanceType: string, pool: Pool) =>
            new NodeGroup(
                groupName,
                {
                    clusterName: args.cluster,
                    version: args.version,
                    nodeRoleArn: role.arn,
                    subnetIds: pool.subnetIds,
                    amiType: amiType(instanceType, os),
                    launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
                    labels: { [POOL_LABEL]: pool.label },
                    ...(pool.taints && { taints: pool.taints }),
                    // A fixed size. With room to scale, a raised count would be refused: the new least would be more than the size that a scaler had left.
                    scalingConfig: { minSize: pool.nodes, desiredSize: pool.nodes, maxSize: pool.nodes },
                    // One node at a time, and none against a PodDisruptionBudget: rather the update fails.
                    updateConfig: { maxUnavailable: 1 },
                    forceUpdateVersion: false,
                },
                pulumi.mergeOptions(here, { dependsOn: attached }),
            );

        const statefulTemplate = launchTemplate(`${name}-stateful`, stateful.instanceType, args, here);
        for (const [zone, subnetId] of Object.entries(args.subnets))
            group(`${name}-stateful-${zone}`, statefulTemplate, stateful.instanceType, {
                label: "stateful",
                subnetIds: [subnetId],
                nodes: stateful.nodesPerZone,
                taints: [{ ...TAINT, effect: "NO_SCHEDULE" }],
            });
        group(`${name}-general`, launchTemplate(`${name}-general`, general.instanceType, args, here), general.instanceType, {
            label: "general",
            subnetIds: Object.values(args.subnets),
            nodes: general.nodes,
        });
        this.registerOutputs({});
    }
}

interface Pool {
    label: string;
    subnetIds: pulumi.Input<string>[];
    nodes: number;
    taints?: { key: string; value: string; effect: "NO_SCHEDULE" }[];
}

/** The instance type is in the template and not in the group: a new one then rolls the group's nodes, where it would replace the group. */
function launchTemplate(
    name: string,
    instanceType: string,
    { os, diskGiB, tags }: Pick<NodeGroupsArgs, "os" | "diskGiB" | "tags">,
    opts: pulumi.CustomResourceOptions,
): LaunchTemplate {
    return new LaunchTemplate(
        name,
        {
            instanceType,
            // Hop limit 1: a pod is one hop further away, and cannot get at the node's credentials.
            metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
            blockDeviceMappings: Object.entries(volumes(os, diskGiB)).map(([deviceName, volumeSize]) => ({
                deviceName,
                ebs: { volumeType: "gp3", volumeSize, encrypted: "true", deleteOnTermination: "true" },
            })),
            // A node group does not hand its own tags on (EKS user guide, "Tagging Amazon EC2 instances").
            tagSpecifications: ["instance", "volume", "network-interface"].map((resourceType) => ({ resourceType, tags })),
        },
        opts,
    );
}

/** GiB by device. Bottlerocket keeps its system apart from images and logs, on a volume that never grows (its README, "Default volumes"). Pure. */
const volumes = (os: Os, diskGiB: number): Record<string, number> =>
    os === "bottlerocket" ? { "/dev/xvda": 4, "/dev/xvdb": diskGiB } : { "/dev/xvda": diskGiB };

/** Graviton families have a `g` after their generation: m7g, r8gd, c7gn, im4gn. Pure. */
export function amiType(instanceType: string, os: Os): string {
    const graviton = /^[a-z]+\d+g/.test(instanceType);
    if (os === "bottlerocket") return graviton ? "BOTTLEROCKET_ARM_64" : "BOTTLEROCKET_x86_64";
    return graviton ? "AL2023_ARM_64_STANDARD" : "AL2023_x86_64_STANDARD";
}
