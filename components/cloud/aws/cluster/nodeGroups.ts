import { LaunchTemplate } from "@pulumi/aws/ec2";
import { NodeGroup } from "@pulumi/aws/eks";
import * as pulumi from "@pulumi/pulumi";
import type { NodeGroupsConfig } from "../../../../config/schema";
import { childOptions } from "../../../kubernetes/childOptions";
import type { Placement } from "../../../kubernetes/placement";
import { POOL_LABEL } from "../../../naming/labels";
import { managedPolicyRole } from "../iam/managedPolicyRole";
import type { RoleArgs } from "../iam/role";
import { nodeTrust } from "../iam/statements";
import type { Subnets } from "./eksAccess";

export interface NodeGroupsArgs extends Omit<NodeGroupsConfig, "subnetIds"> {
    /** Name of the cluster in EKS. */
    eksName: pulumi.Input<string>;
    /** Kubernetes version of the control plane, which the nodes follow. */
    version: pulumi.Input<string>;
    /** AWS region of the cluster. */
    region: string;
    /** Private subnets, one per zone. */
    subnets: Subnets;
    /** The cluster's security group. */
    clusterSecurityGroupId: pulumi.Input<string>;
    /** Whether other teams' pods run in the cluster: they are kept off these nodes where others have room. */
    shared: boolean;
    /** Name, path and permissions boundary of the role that nodes assume. */
    role: RoleArgs;
    /** Tags of instances, volumes and network interfaces. At least one: AWS refuses a launch template with an empty set. */
    tags: Record<string, string>;
}

type Os = NodeGroupsConfig["os"];

const TAINT = { key: "thanos-fleet/stateful", value: "true" };

/** The nodes that pods with volumes run on. */
export const STATEFUL_NODES: Placement = {
    nodeSelector: { [POOL_LABEL]: "stateful" },
    tolerations: [{ ...TAINT, operator: "Equal", effect: "NoSchedule" }],
};

/** The nodes that all other pods of a stack run on. */
export const GENERAL_NODES: Placement = { nodeSelector: { [POOL_LABEL]: "general" }, tolerations: [] };

/** AWS-managed policies of a node. Includes the VPC CNI policy (ADR 12). */
const NODE_POLICIES = ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"];

/**
 * A node group per zone for pods with volumes, since a volume stays in one zone and its pod needs a node there; and one over all zones for
 * other pods. Each group waits for the one before it: a new template rolls one after the other. If they rolled at once, their drains would wait for
 * the same PodDisruptionBudgets, and EKS fails an update that cannot drain a node in 15 minutes.
 */
export class NodeGroups extends pulumi.ComponentResource {
    constructor(name: string, args: NodeGroupsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:NodeGroups", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { stateful, general, region, subnets } = args;

        const { role, attachments } = managedPolicyRole(
            name,
            { role: args.role, trust: nodeTrust(region), policies: NODE_POLICIES, region },
            childOpts,
        );
        const groupArgs = { ...args, role };
        const groups: NodeGroup[] = [];
        const addGroup = (groupName: string, pool: Pool) => {
            const dependsOn = [...attachments, ...groups.slice(-1)];
            groups.push(createNodeGroup(groupName, pool, groupArgs, pulumi.mergeOptions(childOpts, { dependsOn })));
        };

        const statefulTemplate = createLaunchTemplate(`${name}-stateful`, stateful.instanceType, args, childOpts);
        for (const [zone, subnetId] of Object.entries(subnets))
            addGroup(`${name}-stateful-${zone}`, {
                label: "stateful",
                template: statefulTemplate,
                instanceType: stateful.instanceType,
                subnetIds: [subnetId],
                nodes: stateful.nodesPerZone,
                taints: [{ ...TAINT, effect: "NO_SCHEDULE" }],
            });
        addGroup(`${name}-general`, {
            label: "general",
            template: createLaunchTemplate(`${name}-general`, general.instanceType, args, childOpts),
            instanceType: general.instanceType,
            subnetIds: Object.values(subnets),
            nodes: general.nodes,
            // Not NoSchedule: in a cluster without other nodes, CoreDNS and the add-ons have to run on these.
            ...(args.shared && { taints: [{ key: "thanos-fleet/general", value: "true", effect: "PREFER_NO_SCHEDULE" as const }] }),
        });
        this.registerOutputs({});
    }
}

interface Pool {
    /** Value of the label that pods select. */
    label: string;
    template: LaunchTemplate;
    instanceType: string;
    subnetIds: pulumi.Input<string>[];
    /** Number of nodes. */
    nodes: number;
    taints?: { key: string; value: string; effect: "NO_SCHEDULE" | "PREFER_NO_SCHEDULE" }[];
}

const createNodeGroup = (
    name: string,
    pool: Pool,
    { eksName, version, os, role }: Omit<NodeGroupsArgs, "role"> & { role: { arn: pulumi.Input<string> } },
    opts: pulumi.CustomResourceOptions,
) =>
    new NodeGroup(
        name,
        {
            clusterName: eksName,
            version,
            nodeRoleArn: role.arn,
            subnetIds: pool.subnetIds,
            amiType: amiType(pool.instanceType, os),
            launchTemplate: { id: pool.template.id, version: pool.template.latestVersion.apply(String) },
            labels: { [POOL_LABEL]: pool.label },
            ...(pool.taints && { taints: pool.taints }),
            // Fixed size: EKS rejects a minSize above the autoscaler's current desiredSize.
            scalingConfig: { minSize: pool.nodes, desiredSize: pool.nodes, maxSize: pool.nodes },
            // One node at a time; the update fails rather than violate a PodDisruptionBudget.
            updateConfig: { maxUnavailable: 1 },
            forceUpdateVersion: false,
        },
        opts,
    );

/** Holds the instance type, so that a new type rolls the group's nodes; as a property of the node group it would replace the group. */
function createLaunchTemplate(
    name: string,
    instanceType: string,
    { os, diskGiB, tags, securityGroupIds = [], clusterSecurityGroupId }: NodeGroupsArgs,
    opts: pulumi.CustomResourceOptions,
): LaunchTemplate {
    return new LaunchTemplate(
        name,
        {
            instanceType,
            // Where a template names security groups, EKS attaches no other (EKS user guide, "Customize managed nodes with launch templates").
            ...(securityGroupIds.length > 0 && { vpcSecurityGroupIds: [clusterSecurityGroupId, ...securityGroupIds] }),
            // Hop limit 1: a pod is one hop further away, and cannot reach the node's credentials.
            metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
            blockDeviceMappings: Object.entries(volumes(os, diskGiB)).map(([deviceName, volumeSize]) => ({
                deviceName,
                ebs: { volumeType: "gp3", volumeSize, encrypted: "true", deleteOnTermination: "true" },
            })),
            // A node group does not propagate its own tags (EKS user guide, "Tagging Amazon EC2 instances"). So a changed tag rolls the nodes.
            tagSpecifications: ["instance", "volume", "network-interface"].map((resourceType) => ({ resourceType, tags })),
        },
        opts,
    );
}

/**
 * Sizes in GiB, by device. Bottlerocket keeps its system on a volume of its own that never grows, apart from images and logs (its README,
 * "Default volumes").
 */
const volumes = (os: Os, diskGiB: number): Record<string, number> =>
    os === "bottlerocket" ? { "/dev/xvda": 4, "/dev/xvdb": diskGiB } : { "/dev/xvda": diskGiB };

/** Image type of a node. Graviton families have a `g` after their generation: m7g, r8gd, c7gn, im4gn. */
export function amiType(instanceType: string, os: Os): string {
    const graviton = /^[a-z]+\d+g/.test(instanceType);
    if (os === "bottlerocket") return graviton ? "BOTTLEROCKET_ARM_64" : "BOTTLEROCKET_x86_64";
    return graviton ? "AL2023_ARM_64_STANDARD" : "AL2023_x86_64_STANDARD";
}
