import type * as pulumi from "@pulumi/pulumi";
import type { Stream, Writer } from "../../../../config/streams";
import type { ObjectStore, StreamStore } from "../../../blocks/objectStore";
import type { Stores } from "../../cloud";
import { roleName } from "../iam/names";
import type { RoleArgs } from "../iam/role";
import { ObserverRole } from "./blockRoles";
import { Bucket } from "./bucket";
import { assumesRole, bucketPrincipals, type FleetFacts, observerRoleName, prometheusRoleArn } from "./bucketPrincipals";

export interface StoresArgs {
    fleet: FleetFacts;
    /** The observer's name in the fleet. */
    clusterName: string;
    /** What is stored, and who writes it. */
    streams: readonly Stream[];
    /** Name of the shared bucket; with `bucketPerCluster`, what the buckets' names begin with. */
    bucket: string;
    /** Makes a bucket for each stream, instead of one for all. */
    bucketPerCluster: boolean;
    /** Region of the copies, and the `aws` provider of that region. @default no copies */
    replica?: { region: string; provider: pulumi.ProviderResource } | undefined;
    /** Path and boundary of a role, by the role's name in IAM. */
    role: (name: string) => RoleArgs;
}

/** Makes the fleet's buckets, and a role for each cluster that uploads through a role of the observer's account. */
export function makeStores(name: string, args: StoresArgs, opts: pulumi.ComponentResourceOptions): Stores {
    const { bucket, streams, clusterName } = args;
    const shared = args.bucketPerCluster ? undefined : blockStore(name, bucket, clusterName, streams, args, opts);
    const stores = Object.fromEntries(
        streams.map((stream) => [
            stream.name,
            {
                ...(shared ?? blockStore(`${name}-${stream.name}`, `${bucket}-${stream.name}`, stream.name, [stream], args, opts)),
                prefix: stream.prefix,
            },
        ]),
    );
    const roles = Object.fromEntries(
        streams.flatMap((stream) =>
            stream.writers
                .filter((writer) => assumesRole(args.fleet, writer))
                .map((writer) => [writer.name, observerRole(writer, stores[stream.name] as StreamStore, args, opts).arn]),
        ),
    );
    return { stores, roles };
}

/** One bucket for these streams; its replication role carries the name of `owner`. */
function blockStore(
    name: string,
    bucket: string,
    owner: string,
    streams: readonly Stream[],
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
            principals: streams.flatMap((stream) => bucketPrincipals(fleet, stream)),
            ...(replica && { replication: { ...replica, role: role(roleName(domain, owner, "replication")) } }),
        },
        opts,
    ).store;
}

const observerRole = (writer: Writer, { prefix, iam }: StreamStore, { fleet, role }: StoresArgs, opts: pulumi.ComponentResourceOptions) =>
    new ObserverRole(
        `${writer.name}-blocks`,
        {
            role: role(observerRoleName(fleet.domain, writer.name)),
            assumedBy: prometheusRoleArn(fleet, writer),
            store: iam as Required<ObjectStore>["iam"],
            prefix,
        },
        opts,
    );
