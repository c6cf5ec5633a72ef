import type { Region } from "@pulumi/aws";
import { Provider } from "@pulumi/aws/provider";
import * as pulumi from "@pulumi/pulumi";
import type { Problem } from "../../../rules/problem";
import type { ObjectStore } from "../../blocks/objectStore";
import type { Cloud, Member } from "../cloud";
import type { AwsArgs } from "./args";
import { partitionOf, roleName } from "./iam/names";
import type { RoleArgs } from "./iam/role";
import { loadBalancerAnnotations, pageIngress } from "./loadBalancing";
import { openPlatform } from "./platform";
import { Identity, ObserverRole } from "./storage/blockRoles";
import { Bucket } from "./storage/bucket";
import { policyProblems } from "./storage/bucketPolicies";
import { assumesRole, type Fleet, observerRole, prometheusRole, usersOf } from "./storage/bucketPrincipals";

// AWS is imported by service, here and in its neighbours: the whole package would add a quarter of a second to every start.

/** An EKS cluster and what this project needs of the account around it. Looks before it declares: what is not there is refused. */
export async function awsCloud(args: AwsArgs): Promise<Cloud> {
    const { region, domain, rolePath, bucket, pageCertificate } = args;
    const tags = { ...args.tags, "thanos-fleet": domain };
    const { profile } = args;
    const providerIn = (name: string, where: string) =>
        new Provider(name, { region: where as Region, ...(profile && { profile }), defaultTags: { tags } });
    const provider = providerIn("aws", region);
    const onAws = (opts: pulumi.ComponentResourceOptions) => pulumi.mergeOptions(opts, { providers: [provider] });

    const role = (name: string): RoleArgs => ({ name, path: rolePath, permissionsBoundary: args.identity.permissionsBoundary });
    const { eks, kubernetes, storageClass, stateful, account, ready } = await openPlatform({ ...args, tags, provider, role });

    const fleet: Fleet = { domain, region, account, rolePath };

    return {
        kubernetes,
        ready,
        storageClass,
        contractFacts: { account, rolePath },
        stateful,
        loadBalancer: loadBalancerAnnotations(tags),
        exposePage: (name, page, opts) => pageIngress(name, { ...page, tags, certificate: pageCertificate }, opts),
        grant: (name, grant, opts) =>
            // A store of another cloud knows no IAM: its keys are in the objstore file.
            grant.store.iam === undefined
                ? { annotations: {}, ready: [] }
                : new Identity(
                      name,
                      { ...grant, on: grant.store.iam, role: role(roleName(domain, grant.stream, grant.component)), pods: eks.pods },
                      onAws(opts),
                  ).granted,
        makeStores: (name, members, opts) => {
            if (bucket === undefined) throw new Error("only an observer's configuration names a bucket");
            const replicaIn = args.replicationRegion;
            const replicaProvider = replicaIn && providerIn(`aws-${replicaIn}`, replicaIn);
            const make = (resource: string, bucketName: string, owner: string, of: readonly Member[]) =>
                new Bucket(
                    resource,
                    {
                        bucket: bucketName,
                        region,
                        account,
                        users: of.flatMap((member) => usersOf(fleet, member)),
                        ...(replicaIn &&
                            replicaProvider && {
                                replication: {
                                    region: replicaIn,
                                    provider: replicaProvider,
                                    role: role(roleName(domain, owner, "replication")),
                                },
                            }),
                    },
                    onAws(opts),
                ).store;
            const shared = args.bucketPerCluster ? undefined : make(name, bucket, args.fleetCluster, members);
            const stores = Object.fromEntries(
                members.map((member) => [
                    member.name,
                    shared ?? make(`${name}-${member.name}`, `${bucket}-${member.name}`, member.name, [member]),
                ]),
            );
            const through = members.filter((member) => assumesRole(fleet, member));
            const roles = Object.fromEntries(
                through.map((member) => [
                    member.name,
                    new ObserverRole(
                        `${member.name}-blocks`,
                        {
                            role: role(observerRole(domain, member.name)),
                            assumedBy: prometheusRole(fleet, member),
                            on: (stores[member.name] as Required<ObjectStore>).iam,
                            stream: member.name,
                        },
                        onAws(opts),
                    ).arn,
                ]),
            );
            return { stores, roles };
        },
    };
}

/** Any account's policies are as long as any other's. */
const SOME_ACCOUNT = "000000000000";

/** A fleet that is too large for the policies of its buckets, or wants them where they cannot be. Pure: known before AWS is asked anything. */
export function fleetProblems(
    args: Pick<AwsArgs, "bucket" | "bucketPerCluster" | "replicationRegion" | "region" | "domain" | "rolePath">,
    members: readonly Member[],
): Problem[] {
    const { bucket, region, domain, rolePath } = args;
    if (bucket === undefined) return [];
    const fleet: Fleet = { domain, region, account: SOME_ACCOUNT, rolePath };
    const { replicationRegion = region } = args;
    const elsewhere = {
        path: "aws.replicationRegion",
        problem: `"${replicationRegion}" and "${region}" are in separate clouds of AWS, between which nothing is copied.`,
        remedy: `Write a region of ${partitionOf(region)}.`,
    };
    return [
        ...(partitionOf(replicationRegion) === partitionOf(region) ? [] : [elsewhere]),
        // The policies of one cluster's own bucket are short.
        ...(args.bucketPerCluster
            ? []
            : policyProblems(
                  { bucket, region, account: SOME_ACCOUNT },
                  members.flatMap((member) => usersOf(fleet, member)),
              )),
    ];
}
