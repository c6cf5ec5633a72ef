import { getLaunchTemplate } from "@pulumi/aws/ec2";
import { getNodeGroup, getNodeGroups } from "@pulumi/aws/eks";
import type * as pulumi from "@pulumi/pulumi";
import type { Problem } from "../../../../rules/problem";
import { type Lookup, lookUp } from "./awsLookup";

/**
 * Security groups of the cluster's managed nodes, by node group, without the cluster's own security group. Many clusters put their nodes into a
 * security group that admits only itself (terraform-aws-eks, node_groups.tf): nodes outside of it reach no CoreDNS there.
 */
export const otherNodesGroups = (
    clusterName: string,
    clusterSecurityGroup: string,
    provider: pulumi.ProviderResource,
): Promise<Lookup<Record<string, string[]>>> =>
    lookUp(
        getNodeGroups({ clusterName }, { provider }).then(async ({ names }) => {
            const groups = names.map(async (nodeGroupName) => {
                const { launchTemplates } = await getNodeGroup({ clusterName, nodeGroupName }, { provider });
                const ids = await Promise.all(launchTemplates.map(({ id }) => templateGroups(id, provider)));
                return [nodeGroupName, ids.flat().filter((id) => id !== clusterSecurityGroup)] as const;
            });
            return Object.fromEntries((await Promise.all(groups)).filter(([, ids]) => ids.length > 0));
        }),
    );

/** Both places in which a launch template names security groups. */
const templateGroups = (id: string, provider: pulumi.ProviderResource): Promise<string[]> =>
    getLaunchTemplate({ id }, { provider }).then(({ vpcSecurityGroupIds, networkInterfaces }) => [
        ...vpcSecurityGroupIds,
        ...networkInterfaces.flatMap(({ securityGroups }) => securityGroups),
    ]);

/** Other nodes are in security groups that the nodes of this stack would not be in, and nobody has said that this is meant. */
export function nodeSecurityProblems(eksName: string, groups: Lookup<Record<string, string[]>>): Problem[] {
    const path = "aws.nodeGroups.securityGroupIds";
    if ("failure" in groups)
        return [
            {
                path,
                problem: `is not set, and the security groups of the other nodes of "${eksName}" cannot be looked up: ${groups.failure}.`,
                remedy: "Allow eks:ListNodegroups, eks:DescribeNodegroup and ec2:DescribeLaunchTemplateVersions. Or list the security groups that nodes of this cluster need, [] for the cluster's own only.",
            },
        ];
    const ids = [...new Set(Object.values(groups.value).flat())];
    if (ids.length === 0) return [];
    return [
        {
            path,
            problem: `is not set: nodes of "${eksName}" are in ${ids.join(", ")} (node groups ${Object.keys(groups.value).join(", ")}), nodes of this stack would not be. Pods there may not reach CoreDNS.`,
            remedy: `Write [${ids.join(", ")}]. Or write [] if the cluster's own security group is enough.`,
        },
    ];
}
