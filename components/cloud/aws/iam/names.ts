import { createHash } from "node:crypto";

/** Names on AWS that two stacks have to agree on, derived so that neither stack waits for the other. */

/** AWS has three partitions that share nothing; each region belongs to one. */
export const partitionOf = (region: string) => (region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws");

/** ARN of the EKS access policy that makes a role an administrator of a cluster. */
export const clusterAdminPolicy = (region: string) =>
    `arn:${partitionOf(region)}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`;

/** DNS suffix of AWS's endpoints in a region. */
export const dnsSuffixOf = (region: string) => (region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com");

/** IAM's limit, in characters. */
const ROLE_NAME_LENGTH = 64;

/**
 * Name of the role that one component of one cluster assumes. Role names are unique in an account, whatever their paths: the hash keeps
 * apart the roles of two fleets, and names that differ only where they are cut.
 */
export function roleName(domain: string, clusterName: string, component: string): string {
    const hash = createHash("sha256").update(`${domain}/${clusterName}/${component}`).digest("hex").slice(0, 6);
    return `${`${clusterName}-${component}`.slice(0, ROLE_NAME_LENGTH - hash.length - 1)}-${hash}`;
}

/** ARN of a role, which need not exist yet. */
export const roleArn = (owner: { partition: string; account: string; path: string }, name: string) =>
    `arn:${owner.partition}:iam::${owner.account}:role${owner.path}${name}`;
