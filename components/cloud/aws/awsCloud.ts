import type { Region } from "@pulumi/aws";
import { Provider } from "@pulumi/aws/provider";
import * as pulumi from "@pulumi/pulumi";
import type { Stream } from "../../../config/streams";
import { type Problem, Problems } from "../../../rules/problem";
import type { Cloud } from "../cloud";
import type { AwsArgs } from "./args";
import { partitionOf, roleName } from "./iam/names";
import type { RoleArgs } from "./iam/role";
import { DRAIN_SECONDS, ingressTags, loadBalancerAnnotations, READINESS_GATES } from "./loadBalancing";
import { openPlatform } from "./platform";
import { Identity } from "./storage/blockRoles";
import { policyProblems } from "./storage/bucketPolicies";
import { bucketPrincipals, type FleetFacts } from "./storage/bucketPrincipals";
import { makeStores } from "./storage/stores";

// AWS is imported by service, in this folder and below: loading the whole package would add a quarter of a second to every start.

/** An EKS cluster and what this project needs of the AWS account. Looks up AWS first, and refuses what it does not find. */
export async function awsCloud(args: AwsArgs): Promise<Cloud> {
    const { region, domain, rolePath, bucket, profile, replicationRegion } = args;
    const tags = { ...args.tags, "thanos-fleet": domain };
    const createProvider = (name: string, providerRegion: string) =>
        new Provider(name, { region: providerRegion as Region, ...(profile && { profile }), defaultTags: { tags } });
    const provider = createProvider("aws", region);
    const withProvider = (opts: pulumi.ComponentResourceOptions) => pulumi.mergeOptions(opts, { providers: [provider] });

    const role = (name: string): RoleArgs => ({ name, path: rolePath, permissionsBoundary: args.identity.permissionsBoundary });
    const { eks, kubernetes, storageClass, stateful, general, account, ready } = await openPlatform({ ...args, tags, provider, role });

    const fleet: FleetFacts = { domain, region, account, rolePath };

    return {
        kubernetes,
        ready,
        storageClass,
        contractFacts: { account, rolePath },
        stateful,
        namespaceLabels: READINESS_GATES,
        nodesHaveZones: true,
        general,
        drainSeconds: DRAIN_SECONDS,
        loadBalancer: loadBalancerAnnotations(tags),
        ingress: ingressTags(tags),
        grant: (name, { store, ...grant }, opts) =>
            // IAM does not know the store of another cloud: its keys are in the objstore file.
            store.iam === undefined
                ? { annotations: {}, ready: [] }
                : new Identity(
                      name,
                      {
                          ...grant,
                          store: store.iam,
                          prefix: store.prefix,
                          // Prometheus has a role for each cluster; other components have one for each stream.
                          role: role(roleName(domain, grant.component === "prometheus" ? args.clusterName : grant.stream, grant.component)),
                          podIdentity: eks.podIdentity,
                      },
                      withProvider(opts),
                  ).granted,
        makeStores: (name, streams, opts) => {
            if (bucket === undefined) throw new Error("only an observer's configuration names a bucket");
            const { clusterName, bucketPerCluster = false } = args;
            const replica = replicationRegion && {
                region: replicationRegion,
                provider: createProvider(`aws-${replicationRegion}`, replicationRegion),
            };
            return makeStores(
                name,
                { fleet, clusterName, streams, bucket, bucketPerCluster, role, ...(replica && { replica }) },
                withProvider(opts),
            );
        },
    };
}

/** Stands for the observer's account before AWS is asked: all account ids have the same length, and so have the policies. */
const PLACEHOLDER_ACCOUNT = "000000000000";

/** A fleet that is too large for the policies of its buckets, or a copy in another partition. Known before AWS is asked anything. */
export function fleetProblems(
    args: Pick<AwsArgs, "bucket" | "bucketPerCluster" | "replicationRegion" | "region" | "domain" | "rolePath">,
    streams: readonly Stream[],
): Problem[] {
    const { bucket, region, domain, rolePath, replicationRegion = region } = args;
    if (bucket === undefined) return [];
    const problems = new Problems().when(
        partitionOf(replicationRegion) !== partitionOf(region),
        "aws.replicationRegion",
        `"${replicationRegion}" and "${region}" are in separate partitions of AWS, between which S3 copies nothing.`,
        `Write a region of ${partitionOf(region)}.`,
    );
    // The policies of a bucket that holds one stream are short.
    if (!args.bucketPerCluster) {
        const fleet: FleetFacts = { domain, region, account: PLACEHOLDER_ACCOUNT, rolePath };
        const principals = streams.flatMap((stream) => bucketPrincipals(fleet, stream));
        problems.add(policyProblems({ bucket, region, account: PLACEHOLDER_ACCOUNT }, principals));
    }
    return problems.all();
}
