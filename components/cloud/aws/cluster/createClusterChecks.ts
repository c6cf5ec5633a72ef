import { getAvailabilityZones } from "@pulumi/aws/getAvailabilityZones";
import type * as pulumi from "@pulumi/pulumi";
import type { CreateCluster } from "../../../../config/schema";
import { stackConfigError } from "../../../../config/stackConfigError";
import type { Problem } from "../../../../rules/problem";
import { type Answer, answer } from "./awsLookup";

export interface BeforeCreateArgs extends Pick<CreateCluster, "admins" | "subnetIds" | "zones"> {
    region: string;
    /** The `aws` provider to ask. */
    provider: pulumi.ProviderResource;
    /** ARN of whom the provider's credentials are for. */
    caller: string;
}

/** Refuses to make a cluster that would fail half made. Asked before anything is declared. */
export async function beforeCreate({ admins, subnetIds, zones, region, provider, caller }: BeforeCreateArgs): Promise<void> {
    const found = subnetIds === undefined ? await zonesOf(region, provider) : undefined;
    const problems = [...adminProblems(admins, caller), ...(found ? zoneProblems({ region, zones, found }) : [])];
    if (problems.length > 0) throw stackConfigError(problems);
}

/**
 * Who makes the cluster grants its key to EKS, and then deploys to it: either takes one of the roles that are listed. A session does not tell the path of its
 * role, so roles are compared by account and name, which is unique there. Pure.
 */
export function adminProblems(admins: readonly string[], caller: string): Problem[] {
    const path = "aws.cluster.create.admins";
    const [, account, role] = /^arn:[^:]+:sts::(\d+):assumed-role\/([^/]+)\//.exec(caller) ?? [];
    if (account === undefined || role === undefined)
        return [
            {
                path,
                problem: `these credentials are ${caller}'s, which is no role: only roles administer the cluster.`,
                remedy: "Run `pulumi up` as one of the roles in this list.",
            },
        ];
    if (admins.some((admin) => admin.split(":")[4] === account && admin.split("/").at(-1) === role)) return [];
    return [
        {
            path,
            problem: `role ${role} of account ${account}, whose credentials these are, is not among them: it could not make the cluster, nor deploy to it.`,
            remedy: `Add it; \`aws iam get-role --role-name ${role} --query Role.Arn\` prints its ARN. Or run \`pulumi up\` as one that is.`,
        },
    ];
}

interface Zone {
    /** Its letter in this account: another account may mean another zone by it. */
    letter: string;
    /** Its name in every account: `use1-az3`. */
    id: string;
}

/** Where EKS makes no cluster (EKS user guide, "Amazon EKS VPC and subnet requirements"). */
const WITHOUT_EKS = ["use1-az3", "usw1-az2", "cac1-az3"];

/** Zones that a network cannot be made in. Pure. */
export function zoneProblems({ region, zones, found }: { region: string; zones: readonly string[]; found: Answer<Zone[]> }): Problem[] {
    const path = "aws.cluster.create.zones";
    if ("failure" in found)
        return [
            {
                path,
                problem: `the zones of ${region} cannot be looked up: ${found.failure}.`,
                remedy: "Allow ec2:DescribeAvailabilityZones, or list subnetIds.",
            },
        ];
    const usable = found.value.filter(({ id }) => !WITHOUT_EKS.includes(id)).map(({ letter }) => letter);
    const missing = zones.filter((zone) => !usable.includes(zone));
    if (missing.length === 0) return [];
    return [
        {
            path,
            problem: `${missing.join(", ")}: this account has no such zone in ${region}, or EKS is not in it.`,
            remedy: `Write two or more of ${usable.join(", ")}.`,
        },
    ];
}

/** Without the zones that an account has to opt in to: these are at the edge, and have no EKS. */
const zonesOf = (region: string, provider: pulumi.ProviderResource): Promise<Answer<Zone[]>> =>
    answer(
        getAvailabilityZones(
            { state: "available", filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }] },
            { provider },
        ).then(({ names, zoneIds }) => names.map((name, i) => ({ letter: name.slice(region.length), id: zoneIds[i] ?? "" }))),
    );
