import { LaunchTemplate } from "@pulumi/aws/ec2";
import { NodeGroup } from "@pulumi/aws/eks";
import { getPartitionOutput } from "@pulumi/aws/getPartition";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import type { NodeGroupConfig } from "../../config/schema";
import { within } from "../within";
import { nodeTrust, policyDocument } from "./iam";

export interface NodeGroupArgs extends NodeGroupConfig {
    eksCluster: string;
}

/** What a worker node may do, by AWS's own managed policies. */
const NODE_POLICIES = ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"];

/** One EKS node group per subnet, and so per zone: a volume lives in one zone, and its pod must find a node there. */
export class NodeGroups extends pulumi.ComponentResource {
    constructor(name: string, args: NodeGroupArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:NodeGroups", name, {}, opts);
        const here = within(this, opts);

        const role = new iam.Role(name, { assumeRolePolicy: policyDocument(nodeTrust) }, here);
        const partition = getPartitionOutput({}, here).partition;
        const attached = NODE_POLICIES.map(
            (policy) =>
                new iam.RolePolicyAttachment(
                    `${name}-${policy}`,
                    { role: role.name, policyArn: pulumi.interpolate`arn:${partition}:iam::aws:policy/${policy}` },
                    here,
                ),
        );
        const template = new LaunchTemplate(
            name,
            {
                // Hop limit 1: pods cannot reach the node's credentials.
                metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
                blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeType: "gp3", volumeSize: 50, encrypted: "true" } }],
            },
            here,
        );
        for (const subnetId of args.subnetIds) {
            new NodeGroup(
                `${name}-${subnetId}`,
                {
                    clusterName: args.eksCluster,
                    nodeRoleArn: role.arn,
                    subnetIds: [subnetId],
                    amiType: amiType(args.instanceType),
                    instanceTypes: [args.instanceType],
                    scalingConfig: { minSize: args.nodes, desiredSize: args.nodes, maxSize: args.nodes + 1 },
                    launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
                    updateConfig: { maxUnavailable: 1 },
                },
                // An autoscaler may have moved it.
                { parent: this, dependsOn: attached, ignoreChanges: ["scalingConfig.desiredSize"] },
            );
        }
        this.registerOutputs({});
    }
}

/** Graviton families have a `g` after their generation: m7g, r8gd, c7gn, im4gn. */
export const amiType = (instanceType: string) => (/^[a-z]+\d+g/.test(instanceType) ? "AL2023_ARM_64_STANDARD" : "AL2023_x86_64_STANDARD");
