import { ACCESS } from "../../../blocks/access";
import { streamPrefix } from "../../../naming/names";
import type { Member } from "../../cloud";
import { partitionOf, roleArn, roleName } from "../iam/names";
import type { RoleOnPrefix } from "./bucketPolicies";

/** What the names of a fleet's roles follow from. */
export interface Fleet {
    domain: string;
    /** Of the bucket. */
    region: string;
    /** Of the observer. */
    account: string;
    rolePath: string;
}

/** The role of the observer's account through which a cluster of another one writes, where it is not let in itself. */
export const observerRole = (domain: string, stream: string) => roleName(domain, stream, "blocks");

/** The ARN of the role that a cluster's own Prometheus wears. */
export const prometheusRole = ({ domain, region, account, rolePath }: Fleet, member: Member) =>
    roleArn(
        { partition: partitionOf(region), account: member.account ?? account, path: rolePath },
        roleName(domain, member.name, "prometheus"),
    );

/** Everybody who works on the blocks of one cluster. */
export function usersOf(fleet: Fleet, member: Member): RoleOnPrefix[] {
    const { domain, region, account, rolePath } = fleet;
    const prefix = streamPrefix(member.name);
    const ours = (name: string) => roleArn({ partition: partitionOf(region), account, path: rolePath }, name);
    return [
        { role: ours(roleName(domain, member.name, "store")), access: ACCESS.store, prefix },
        { role: ours(roleName(domain, member.name, "compact")), access: ACCESS.compact, prefix },
        {
            role: assumesRole(fleet, member) ? ours(observerRole(domain, member.name)) : prometheusRole(fleet, member),
            access: ACCESS.prometheus,
            prefix,
        },
    ];
}

/** Whether a cluster reaches the bucket through a role of the observer's account. */
export const assumesRole = ({ account }: Pick<Fleet, "account">, member: Member) =>
    member.via === "role" && (member.account ?? account) !== account;
