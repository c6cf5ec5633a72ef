import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../../config/schema";
import { stackConfigError } from "../../config/stackConfigError";
import type { Problem } from "../../rules/problem";

/** What a stack keeps for good, by the setting it comes from: another value would be another place for the same data. */
export type Names = Record<string, string | boolean>;

export const namesOf = (config: StackConfig): Names => ({
    cluster: config.cluster,
    domain: config.domain,
    ...(config.cloud === "aws" && { "aws.region": config.aws.region }),
    ...(config.role === "observer" &&
        config.cloud === "aws" && {
            ...(config.aws.bucket !== undefined && {
                "aws.bucket": config.aws.bucket,
                "aws.bucketPerCluster": config.aws.bucketPerCluster,
            }),
            "aws.rolePath": config.aws.rolePath,
        }),
});

/** What to do instead. */
const INSTEAD: Record<string, string> = {
    cluster: "A cluster under a new name is a new stack (`pulumi stack init`), and the old one's blocks stay readable while it is listed.",
    domain: "Every stack of the fleet, its certificates and its roles carry it: a new domain is a new fleet.",
    "aws.region": "A region is where the cluster is: in another it is another cluster, with a stack of its own.",
    "aws.bucket": "To move, copy the objects to a new bucket and build a new fleet on it; the old bucket stays, protected.",
    "aws.bucketPerCluster":
        "To change it, copy each cluster's prefix to its new bucket and build a new fleet on these; the old buckets stay, protected.",
    "aws.rolePath": "Policies of every account name the roles by it: a new path is a new fleet.",
};

/** Refuses a new name for what has data under the old one: compares with what this stack exported when it was last deployed. */
export async function refuseRenames(config: StackConfig): Promise<void> {
    const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
    const { value } = await new pulumi.StackReference(stack).getOutputDetails("names");
    const problems = renames((value ?? {}) as Names, namesOf(config));
    if (problems.length > 0) throw stackConfigError(problems);
}

/** Pure. */
export const renames = (past: Names, now: Names): Problem[] =>
    Object.entries(past)
        .filter(([path, was]) => now[path] !== was)
        .map(([path, was]) => ({
            path,
            problem: `${now[path] === undefined ? "nothing" : JSON.stringify(now[path])} instead of ${JSON.stringify(was)}, where this stack's data is.`,
            remedy: `Write ${was}. ${INSTEAD[path]}`,
        }));
