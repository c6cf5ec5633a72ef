import { createHash } from "node:crypto";

/** Names on AWS that two stacks have to agree on, derived so that neither has to wait for the other. All pure. */

/** AWS is three separate clouds; a region belongs to one. */
export const partitionOf = (region: string) => (region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws");

/** ARN of the policy of EKS that lets a role administer a cluster. */
export const clusterAdminPolicy = (region: string) =>
    `arn:${partitionOf(region)}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`;

/** Domain of AWS's own endpoints in a region. */
export const dnsSuffixOf = (region: string) => (region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com");

/** IAM's limit. */
const ROLE_NAME_LENGTH = 64;

/**
 * Name of the role that one component of one cluster wears. An account has one space of role names, whatever their paths: the hash of the fleet's
 * domain keeps two fleets apart, and tells names apart that had to be cut.
 */
export function roleName(domain: string, cluster: string, component: string): string {
    const hash = createHash("sha256").update(`${domain}/${cluster}/${component}`).digest("hex").slice(0, 6);
    return `${`${cluster}-${component}`.slice(0, ROLE_NAME_LENGTH - hash.length - 1)}-${hash}`;
}

/** Where a role is, before it is. */
export const roleArn = (at: { partition: string; account: string; path: string }, name: string) =>
    `arn:${at.partition}:iam::${at.account}:role${at.path}${name}`;
