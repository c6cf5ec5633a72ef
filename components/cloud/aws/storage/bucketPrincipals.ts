import { ACCESS, type BlockComponent } from "../../../blocks/access";
import { streamPrefix } from "../../../naming/names";
import type { FleetMember } from "../../cloud";
import { partitionOf, roleArn, roleName } from "../iam/names";
import type { PrefixPrincipal } from "./bucketPolicies";

/** What the ARNs of a fleet's roles are derived from. */
export interface FleetFacts {
    /** DNS domain of the fleet. */
    domain: string;
    /** AWS region of the bucket. */
    region: string;
    /** AWS account of the observer. */
    account: string;
    /** IAM path of every role of the fleet. */
    rolePath: string;
}

/** Name of the role of the observer's account that a cluster of another account assumes to upload its blocks (`via: role`). */
export const observerRoleName = (domain: string, stream: string) => roleName(domain, stream, "blocks");

/** ARN of the role that a cluster's own Prometheus assumes, in that cluster's account. */
export const prometheusRoleArn = (fleet: FleetFacts, member: FleetMember) =>
    fleetRoleArn({ ...fleet, account: member.account ?? fleet.account }, roleName(fleet.domain, member.name, "prometheus"));

/** Every role that works on the blocks of one cluster: one for each component of `ACCESS`. The Prometheus of an archived cluster has no rights. */
export const bucketPrincipals = (fleet: FleetFacts, member: FleetMember): PrefixPrincipal[] =>
    (Object.keys(ACCESS) as BlockComponent[])
        .filter((component) => component !== "prometheus" || !member.archived)
        .map((component) => ({
            role: componentRoleArn(fleet, member, component),
            access: ACCESS[component],
            prefix: streamPrefix(member.name),
        }));

/** Prometheus runs in the member's cluster and account; every other component runs beside the observer. */
function componentRoleArn(fleet: FleetFacts, member: FleetMember, component: BlockComponent): string {
    if (component !== "prometheus") return fleetRoleArn(fleet, roleName(fleet.domain, member.name, component));
    return assumesRole(fleet, member) ? fleetRoleArn(fleet, observerRoleName(fleet.domain, member.name)) : prometheusRoleArn(fleet, member);
}

const fleetRoleArn = ({ region, account, rolePath }: FleetFacts, name: string) =>
    roleArn({ partition: partitionOf(region), account, path: rolePath }, name);

/** Whether a cluster uploads its blocks through a role of the observer's account. */
export const assumesRole = ({ account }: Pick<FleetFacts, "account">, member: FleetMember) =>
    member.via === "role" && !member.archived && (member.account ?? account) !== account;
