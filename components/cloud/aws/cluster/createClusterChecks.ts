import { getSubnet } from "@pulumi/aws/ec2";
import { getCluster } from "@pulumi/aws/eks";
import { getAvailabilityZones } from "@pulumi/aws/getAvailabilityZones";
import type * as pulumi from "@pulumi/pulumi";
import type { CreateCluster } from "../../../../config/schema";
import type { AddOnChoices } from "../../../../config/schema/addOnChoices";
import { stackConfigError } from "../../../../config/stackConfigError";
import { type Problem, Problems } from "../../../../rules/problem";
import { unofferedAddOns } from "./addOnOffers";
import { isAbsence, type Lookup, lookUp } from "./awsLookup";

export interface CreateClusterChecksArgs extends Pick<CreateCluster, "admins" | "publicAccessCidrs" | "subnetIds" | "version" | "zones"> {
    /** Name of the cluster in EKS. */
    eksName: string;
    /** For each add-on: whether this stack installs it. */
    addOns: AddOnChoices;
    /** Problems that are known already, to be reported with these. */
    problems: readonly Problem[];
    /** AWS region of the cluster. */
    region: string;
    /** The `aws` provider that looks up the zones. */
    provider: pulumi.ProviderResource;
    /** ARN of the identity whose credentials the provider uses. */
    caller: string;
}

/**
 * Refuses to create a cluster that would fail half-way. Looks up AWS before anything is declared. Returns the VPC of the given subnets, undefined
 * where the stack creates a VPC.
 */
export async function checkCreateCluster(args: CreateClusterChecksArgs): Promise<{ vpcId?: string }> {
    const { eksName, version, admins, subnetIds, publicAccessCidrs, zones, region, provider, caller, addOns } = args;
    const problems = new Problems().add(args.problems).add(adminProblems(admins, caller));
    let vpc: Lookup<string> | undefined;
    if (subnetIds === undefined) {
        problems.add(zoneProblems({ region, zones, available: await availableZones(region, provider) }));
        if (publicAccessCidrs.length === 0) problems.add(reachProblems(eksName, await lookUp(getCluster({ name: eksName }, { provider }))));
    } else {
        vpc = await lookUp(getSubnet({ id: subnetIds[0] as string }, { provider }).then(({ vpcId }) => vpcId));
        problems.add(subnetProblems(vpc));
    }
    problems.add(await unofferedAddOns({ choices: addOns, version, region, provider }));
    if (problems.all().length > 0) throw stackConfigError(problems.all());
    return vpc && "value" in vpc ? { vpcId: vpc.value } : {};
}

/**
 * A private API server in a VPC that does not exist yet: no machine can be in it, so everything that this update deploys to the cluster would fail. Once
 * the cluster exists its VPC may be connected to that of `pulumi up`.
 */
export function reachProblems(eksName: string, cluster: Lookup<unknown>): Problem[] {
    const path = "aws.cluster.create.publicAccessCidrs";
    if ("value" in cluster) return [];
    return [
        isAbsence(cluster.failure)
            ? {
                  path,
                  problem: `is empty, and "${eksName}" does not exist yet: its API server would be private in a VPC that this update creates, where nothing can reach it.`,
                  remedy: "Write your own address for the first update (`curl -s https://checkip.amazonaws.com` prints it, add /32) and remove it when the VPC is connected to yours. Or list the subnetIds of a VPC that `pulumi up` reaches.",
              }
            : {
                  path,
                  problem: `is empty, and whether "${eksName}" exists cannot be looked up: ${cluster.failure}.`,
                  remedy: "Allow eks:DescribeCluster.",
              },
    ];
}

const subnetProblems = (vpc: Lookup<string>): Problem[] =>
    "value" in vpc
        ? []
        : [
              {
                  path: "aws.cluster.create.subnetIds",
                  problem: `cannot be looked up: ${vpc.failure}.`,
                  remedy: "Check the ids and aws.region, and allow ec2:DescribeSubnets.",
              },
          ];

/**
 * The caller grants the cluster's key to EKS and then deploys to the cluster; both take one of the listed roles. The ARN of a session
 * leaves out the path of its role, so roles are compared by account and name, which is unique in the account.
 */
export function adminProblems(admins: readonly string[], caller: string): Problem[] {
    const path = "aws.cluster.create.admins";
    const [, account, role] = /^arn:[^:]+:sts::(\d+):assumed-role\/([^/]+)\//.exec(caller) ?? [];
    const isRole = account !== undefined && role !== undefined;
    const isListed = admins.some((admin) => admin.split(":")[4] === account && admin.split("/").at(-1) === role);
    return new Problems()
        .when(
            !isRole,
            path,
            `these credentials belong to ${caller}, which is not a role: only roles administer the cluster.`,
            "Run `pulumi up` as one of the roles in this list.",
        )
        .when(
            isRole && !isListed,
            path,
            `role ${role} of account ${account}, whose credentials these are, is not listed: it could neither create the cluster nor deploy to it.`,
            `Add it; \`aws iam get-role --role-name ${role} --query Role.Arn\` prints its ARN. Or run \`pulumi up\` as a listed role.`,
        )
        .all();
}

interface Zone {
    /** Letter of the zone in this account: other accounts may have another zone by this letter. */
    letter: string;
    /** Id of the zone, the same in every account: `use1-az3`. */
    id: string;
}

/** Zones in which EKS creates no cluster (EKS user guide, "Amazon EKS VPC and subnet requirements"). */
const WITHOUT_EKS = ["use1-az3", "usw1-az2", "cac1-az3"];

interface ZoneProblemsArgs {
    region: string;
    /** Letters of the configured zones. */
    zones: readonly string[];
    available: Lookup<Zone[]>;
}

/** Configured zones in which no network for EKS can be created. */
export function zoneProblems({ region, zones, available }: ZoneProblemsArgs): Problem[] {
    const path = "aws.cluster.create.zones";
    if ("failure" in available)
        return [
            {
                path,
                problem: `the zones of ${region} cannot be looked up: ${available.failure}.`,
                remedy: "Allow ec2:DescribeAvailabilityZones, or list subnetIds.",
            },
        ];
    const usable = available.value.filter(({ id }) => !WITHOUT_EKS.includes(id)).map(({ letter }) => letter);
    const missing = zones.filter((zone) => !usable.includes(zone));
    return new Problems()
        .when(
            missing.length > 0,
            path,
            `${missing.join(", ")}: this account has no such zone in ${region}, or EKS is not in it.`,
            `Write two or more of ${usable.join(", ")}.`,
        )
        .all();
}

/** Zones of the region, without those that an account has to opt in to: they are local zones, without EKS. */
const availableZones = (region: string, provider: pulumi.ProviderResource): Promise<Lookup<Zone[]>> =>
    lookUp(
        getAvailabilityZones(
            { state: "available", filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }] },
            { provider },
        ).then(({ names, zoneIds }) => names.map((name, i) => ({ letter: name.slice(region.length), id: zoneIds[i] ?? "" }))),
    );
