import type * as pulumi from "@pulumi/pulumi";
import type { ObjectStore } from "../../../blocks/objectStore";
import type { FleetMember, Stores } from "../../cloud";
import { roleName } from "../iam/names";
import type { RoleArgs } from "../iam/role";
import { ObserverRole } from "./blockRoles";
import { Bucket } from "./bucket";
import { assumesRole, bucketPrincipals, type FleetFacts, observerRoleName, prometheusRoleArn } from "./bucketPrincipals";

export interface StoresArgs {
    fleet: FleetFacts;
    /** The observer's name in the fleet. */
    clusterName: string;
    /** Clusters whose blocks are kept. */
    members: readonly FleetMember[];
    /** Name of the shared bucket; with `bucketPerCluster`, what the buckets' names begin with. */
    bucket: string;
    /** Makes a bucket for each cluster, instead of one for all. */
    bucketPerCluster: boolean;
    /** Region of the copies, and the `aws` provider of that region. @default no copies */
    replica?: { region: string; provider: pulumi.ProviderResource } | undefined;
    /** Path and boundary of a role, by the role's name in IAM. */
    role: (name: string) => RoleArgs;
}

/** Makes the fleet's buckets, and a role for each cluster that uploads through a role of the observer's account. */
export function makeStores(name: string, args: StoresArgs, opts: pulumi.ComponentResourceOptions): Stores {
    const { bucket, members, clusterName } = args;
    const shared = args.bucketPerCluster ? undefined : blockStore(name, bucket, clusterName, members, args, opts);
    const stores = Object.fromEntries(
        members.map((member) => [
            member.name,
            shared ?? blockStore(`${name}-${member.name}`, `${bucket}-${member.name}`, member.name, [member], args, opts),
        ]),
    );
    const roles = Object.fromEntries(
        members
            .filter((member) => assumesRole(args.fleet, member))
            .map((member) => [member.name, observerRole(member, stores[member.name] as ObjectStore, args, opts).arn]),
    );
    return { stores, roles };
}

/** One bucket for these clusters; its replication role carries the name of `owner`. */
function blockStore(
    name: string,
    bucket: string,
    owner: string,
    members: readonly FleetMember[],
    { fleet, replica, role }: StoresArgs,
    opts: pulumi.ComponentResourceOptions,
): ObjectStore {
    const { region, account, domain } = fleet;
    return new Bucket(
        name,
        {
            bucket,
            region,
            account,
            principals: members.flatMap((member) => bucketPrincipals(fleet, member)),
            ...(replica && { replication: { ...replica, role: role(roleName(domain, owner, "replication")) } }),
        },
        opts,
    ).store;
}

const observerRole = (member: FleetMember, store: ObjectStore, { fleet, role }: StoresArgs, opts: pulumi.ComponentResourceOptions) =>
    new ObserverRole(
        `${member.name}-blocks`,
        {
            role: role(observerRoleName(fleet.domain, member.name)),
            assumedBy: prometheusRoleArn(fleet, member),
            store: (store as Required<ObjectStore>).iam,
            stream: member.name,
        },
        opts,
    );
