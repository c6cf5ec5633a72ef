import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../../config/schema";
import { stackConfigError } from "../../config/stackConfigError";
import type { Problem } from "../../rules/problem";

/** The settings that must never change after the first deployment, by path: data is stored under their values. Every stack exports them as `names`. */
export type ImmutableSettings = Record<string, string | boolean>;

export const immutableSettingsOf = (config: StackConfig): ImmutableSettings => ({
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

/** What to do instead of changing a setting. */
const INSTEAD: Record<string, string> = {
    cluster: "A cluster under a new name is a new stack (`pulumi stack init`), and the old one's blocks stay readable while it is listed.",
    domain: "The addresses, certificates and roles of every stack contain the domain: a new domain is a new fleet.",
    "aws.region": "A cluster in another region is another cluster, with a stack of its own.",
    "aws.bucket": "To move, copy the objects to a new bucket and build a new fleet on it; the old bucket stays, protected.",
    "aws.bucketPerCluster":
        "To change it, copy each cluster's prefix to its new bucket and build a new fleet on these; the old buckets stay, protected.",
    "aws.rolePath": "Policies in every account name the roles by this path: a new path is a new fleet.",
};

/** Compares the configuration with what this stack exported when it was last deployed, and refuses changed settings. */
export async function refuseChangedSettings(config: StackConfig): Promise<void> {
    const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
    const { value } = await new pulumi.StackReference(stack).getOutputDetails("names");
    const problems = changedSettings((value ?? {}) as ImmutableSettings, immutableSettingsOf(config));
    if (problems.length > 0) throw stackConfigError(problems);
}

/** One problem for each deployed setting that has another value now, or none. */
export const changedSettings = (deployed: ImmutableSettings, configured: ImmutableSettings): Problem[] =>
    Object.entries(deployed)
        .filter(([path, value]) => configured[path] !== value)
        .map(([path, value]) => ({
            path,
            problem: `${configured[path] === undefined ? "nothing" : JSON.stringify(configured[path])} instead of ${JSON.stringify(value)}, where this stack's data is.`,
            remedy: `Write ${value}. ${INSTEAD[path]}`,
        }));
