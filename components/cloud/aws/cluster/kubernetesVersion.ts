import { getCluster, getClusterVersions } from "@pulumi/aws/eks";
import type * as pulumi from "@pulumi/pulumi";
import coerce from "semver/functions/coerce";
import type { Problem } from "../../../../rules/problem";
import { isAbsence, type Lookup, lookUp } from "./awsLookup";

export interface VersionChecksArgs {
    /** Name of the cluster in EKS. */
    eksName: string;
    /** AWS region of the cluster. */
    region: string;
    /** The configured Kubernetes version: `1.35`. */
    version: string;
}

export interface VersionFacts extends VersionChecksArgs {
    /** Version of the cluster in EKS. Undefined where it does not exist yet. */
    deployed: Lookup<string | undefined>;
    /** When EKS's standard support of the configured version ends. Undefined where the version has none. */
    supportEnds: Lookup<Date | undefined>;
    today: Date;
}

/** Days of standard support that a new cluster should have at least: time to plan its first upgrade. At the end EKS upgrades it by itself. */
const SUPPORT_LEFT = 60;
const DAY = 24 * 60 * 60 * 1000;

/**
 * What is wrong with the version of a cluster that the stack creates. A version near its end is refused for a new cluster only: an existing one would
 * have no updates any more. And EKS, which upgrades it then, must not be asked to go back.
 */
export function versionProblems(facts: VersionFacts): Problem[] {
    const { eksName, region, version, deployed, supportEnds, today } = facts;
    const path = "aws.cluster.create.version";
    const versions = `\`aws eks describe-cluster-versions --region ${region} --query 'clusterVersions[].[clusterVersion,endOfStandardSupportDate]' --output text\` prints what EKS has`;
    if ("failure" in deployed)
        return [
            {
                path,
                problem: `whether "${eksName}" exists cannot be looked up: ${deployed.failure}.`,
                remedy: "Allow eks:DescribeCluster.",
            },
        ];
    if (deployed.value !== undefined) return upgradeProblems(path, eksName, version, deployed.value);
    if ("failure" in supportEnds)
        return [
            {
                path,
                problem: `"${version}" cannot be looked up: ${supportEnds.failure}.`,
                remedy: `Allow eks:DescribeClusterVersions, and check the version: ${versions}.`,
            },
        ];
    if (supportEnds.value === undefined)
        return [
            {
                path,
                problem: `EKS has no standard support for Kubernetes ${version} in ${region}.`,
                remedy: `Write another version: ${versions}.`,
            },
        ];
    if (supportEnds.value.getTime() - today.getTime() > SUPPORT_LEFT * DAY) return [];
    return [
        {
            path,
            problem: `EKS ends its standard support of Kubernetes ${version} on ${supportEnds.value.toISOString().slice(0, 10)}, and then upgrades the cluster by itself.`,
            remedy: `Write a later version: ${versions}.`,
        },
    ];
}

const minorOf = (version: string) => coerce(version)?.minor ?? 0;

function upgradeProblems(path: string, eksName: string, version: string, deployed: string): Problem[] {
    const step = minorOf(version) - minorOf(deployed);
    if (step < 0)
        return [
            {
                path,
                problem: `"${version}" is older than what "${eksName}" runs, Kubernetes ${deployed}: EKS upgrades a cluster when standard support ends, and never goes back.`,
                remedy: `Write "${deployed}", and run \`pulumi refresh\` before the next update.`,
            },
        ];
    if (step > 1)
        return [
            {
                path,
                problem: `"${eksName}" runs Kubernetes ${deployed}, and EKS upgrades by one minor version at a time.`,
                remedy: `Write "1.${minorOf(deployed) + 1}" and update, then go on.`,
            },
        ];
    return [];
}

/** Asks EKS about the cluster and the version. */
export async function findVersionProblems(args: VersionChecksArgs, provider: pulumi.ProviderResource, today: Date): Promise<Problem[]> {
    const { eksName, version } = args;
    const [cluster, supportEnds] = await Promise.all([
        lookUp(getCluster({ name: eksName }, { provider }).then((found): string | undefined => found.version)),
        lookUp(
            getClusterVersions({ clusterVersionsOnlies: [version] }, { provider }).then(
                ({ clusterVersions }) =>
                    clusterVersions
                        .filter(({ versionStatus }) => versionStatus === "STANDARD_SUPPORT")
                        .map((found) => new Date(found.endOfStandardSupportDate))[0],
            ),
        ),
    ]);
    const deployed = "failure" in cluster && isAbsence(cluster.failure) ? { value: undefined } : cluster;
    return versionProblems({ ...args, deployed, supportEnds, today });
}
