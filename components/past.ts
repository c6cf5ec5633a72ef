import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type Problem } from "../config/problems";
import type { StackConfig } from "../config/schema";

/** What a stack keeps for good: another name would be another place for the same data. */
export interface Names {
    cluster: string;
    domain: string;
    bucket?: string;
}

export const namesOf = (config: StackConfig): Names => ({
    cluster: config.cluster,
    domain: config.domain,
    ...(config.role === "observer" && config.cloud === "aws" && config.aws.bucket !== undefined && { bucket: config.aws.bucket }),
});

/** Refuses a new name for what has data under the old one: compares with what this stack exported when it was last deployed. */
export async function refuseRenames(config: StackConfig): Promise<void> {
    const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
    const { value } = await new pulumi.StackReference(stack).getOutputDetails("names");
    const problems = renames(value as Names | undefined, namesOf(config));
    if (problems.length > 0) throw new ConfigError(`configuration of stack ${pulumi.getStack()}`, problems);
}

/** Pure. */
export function renames(past: Names | undefined, now: Names): Problem[] {
    if (past === undefined) return [];
    const renamed = (path: string, was: string | undefined, is: string | undefined, remedy: string): Problem[] =>
        was === undefined || was === is
            ? []
            : [
                  {
                      path,
                      problem: `${is === undefined ? "nothing" : JSON.stringify(is)} instead of ${JSON.stringify(was)}, where this stack's data is.`,
                      remedy,
                  },
              ];
    return [
        ...renamed(
            "cluster",
            past.cluster,
            now.cluster,
            `Write ${past.cluster}; a cluster under a new name is a new stack (\`pulumi stack init\`), and the old one's blocks stay readable while it is listed.`,
        ),
        ...renamed(
            "domain",
            past.domain,
            now.domain,
            `Write ${past.domain}: every stack of the fleet, its certificates and its roles carry it. A new domain is a new fleet.`,
        ),
        ...renamed(
            "aws.bucket",
            past.bucket,
            now.bucket,
            `Write ${past.bucket}. To move, copy the objects to a new bucket, then build a new fleet on it; the old bucket stays, protected.`,
        ),
    ];
}
