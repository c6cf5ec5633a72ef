import { getCallerIdentity } from "@pulumi/aws/getCallerIdentity";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { addOnChoices } from "../../../config/schema/addOnChoices";
import { stackConfigError } from "../../../config/stackConfigError";
import { type Problem, Problems } from "../../../rules/problem";
import { CHANGE_IN_PLACE } from "../../kubernetes/changeInPlace";
import { childOptions } from "../../kubernetes/childOptions";
import type { Placement } from "../../kubernetes/placement";
import { AWS_STORAGE_CLASS } from "../../naming/names";
import { AddOns } from "./addOns";
import { builtInAddOn } from "./addOns/eks/builtInAddOn";
import type { AwsArgs } from "./args";
import { lookUp } from "./cluster/awsLookup";
import { capacityProblems } from "./cluster/capacity";
import { checkCreateCluster } from "./cluster/createClusterChecks";
import { type EksConnection, subnetsById } from "./cluster/eksAccess";
import { EksCluster } from "./cluster/eksCluster";
import { findCluster } from "./cluster/findCluster";
import { findVersionProblems } from "./cluster/kubernetesVersion";
import { GENERAL_NODES, NodeGroups, STATEFUL_NODES } from "./cluster/nodeGroups";
import { findVolumeKey, volumeKeyNotes, volumeKeyProblems } from "./cluster/volumeKey";
import { partitionOf, roleName } from "./iam/names";
import type { RoleArgs } from "./iam/role";

export interface OpenPlatformArgs extends AwsArgs {
    /** The `aws` provider of the region. */
    provider: pulumi.ProviderResource;
    /** Path and boundary of a role, by the role's name in IAM. */
    role: (name: string) => RoleArgs;
    /** Tags of everything, including the tag that names the fleet. */
    tags: Record<string, string>;
}

/** Looks up the account, and the cluster or what creating it needs, and refuses what does not fit. Only then declares the platform. */
export async function openPlatform(args: OpenPlatformArgs): Promise<Platform> {
    const { region, profile, provider, nodeGroups } = args;
    const { name: eksName, create } = args.cluster;
    const { accountId: account, arn: caller } = await callerOf(args);
    const key = await findVolumeKey(args, provider);
    const problems = [
        ...volumeKeyProblems(key),
        ...(await capacityProblems(args, args.pods, provider)),
        ...(create ? await findVersionProblems({ eksName, region, version: create.version }, provider, new Date()) : []),
    ];
    const lookups = { region, provider, addOns: addOnChoices(args), problems };
    const cluster = create
        ? await checkCreateCluster({ ...lookups, ...create, eksName, caller })
        : { found: await findCluster(eksName, { ...lookups, profile, irsa: usesIrsa(args), nodeGroups }) };
    const volumeKey = "value" in key ? key.value : undefined;
    for (const note of volumeKeyNotes({ ...args, account }, volumeKey)) await pulumi.log.info(note);
    return new Platform("platform", { ...args, ...cluster, account, volumeKey }, { providers: [provider] });
}

export interface PlatformArgs extends Omit<OpenPlatformArgs, "provider"> {
    /** AWS account of the stack. */
    account: string;
    /** The existing cluster. Undefined where `cluster.create` says that the stack creates one. */
    found?: EksConnection;
    /** VPC of the subnets that are given for a cluster to create. @default the stack creates a VPC */
    vpcId?: string;
    /** ARN of the customer's key that encrypts volumes by default (cluster/volumeKey.ts). */
    volumeKey: string | undefined;
}

/** The EKS cluster, found or created, with the nodes and add-ons that this stack brings to it. */
export class Platform extends pulumi.ComponentResource {
    readonly eks: EksConnection;
    readonly kubernetes: k8s.Provider;
    /** AWS account of the stack. */
    readonly account: string;
    /** The nodes that pods with volumes run on. Undefined where this stack creates no nodes. */
    readonly stateful: Placement | undefined;
    /** The nodes that all other pods run on. Undefined where this stack creates no nodes. */
    readonly general: Placement | undefined;
    /** StorageClass of every volume: the user's, or the one that this stack creates. */
    readonly storageClass: string;
    /** What has to exist before anything is deployed to the cluster. */
    readonly ready: pulumi.Resource[];

    constructor(name: string, args: PlatformArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:Platform", name, {}, opts);
        const childOpts = childOptions(this, opts);

        const eks = args.found ?? createCluster(args, childOpts);
        const kubernetes = new k8s.Provider(
            "kubernetes",
            {
                ...CHANGE_IN_PLACE,
                kubeconfig: eks.kubeconfig,
                // Without it a preview that does not know the kubeconfig yet plans to replace every Kubernetes resource (pulumi-kubernetes, DiffConfig).
                clusterIdentifier: clusterArn(args),
            },
            pulumi.mergeOptions(childOpts, { dependsOn: eks.ready }),
        );
        const nodes = createNodes(args, eks, childOpts);
        const dns = createCoreDns(args, eks, pulumi.mergeOptions(childOpts, { dependsOn: [...eks.ready, ...nodes] }));
        // Most add-ons run as pods: these need a node, and CoreDNS to find the endpoints of AWS.
        const addOns = createAddOns(
            args,
            eks,
            pulumi.mergeOptions(childOpts, { providers: [kubernetes], dependsOn: [...eks.ready, ...nodes, ...dns] }),
        );

        this.eks = eks;
        this.kubernetes = kubernetes;
        this.account = args.account;
        this.stateful = args.nodeGroups && STATEFUL_NODES;
        this.general = args.nodeGroups && GENERAL_NODES;
        this.storageClass = args.storageClass ?? AWS_STORAGE_CLASS;
        this.ready = [...nodes, ...dns, ...addOns.ready];
        this.registerOutputs({});
    }
}

/** The cluster's ARN, which is known before the cluster exists. */
const clusterArn = ({ region, account, cluster }: Pick<PlatformArgs, "region" | "account" | "cluster">) =>
    `arn:${partitionOf(region)}:eks:${region}:${account}:cluster/${cluster.name}`;

const usesIrsa = ({ identity }: Pick<AwsArgs, "identity">) => identity.by === "irsa";

/** A role of one part of this cluster: `eks`, `nodes`, or an add-on. */
const partRole = ({ role, domain, clusterName }: PlatformArgs, part: string) => role(roleName(domain, clusterName, part));

function createCluster(args: PlatformArgs, opts: pulumi.ComponentResourceOptions): EksConnection {
    const { region, account, profile, cluster, vpcId } = args;
    if (cluster.create === undefined) throw new Error("a cluster is either found or created");
    const irsa = usesIrsa(args);
    const eksArgs = { ...cluster.create, eksName: cluster.name, region, account, profile, vpcId, irsa, role: partRole(args, "eks") };
    return new EksCluster("eks", eksArgs, opts).connection;
}

function createNodes(args: PlatformArgs, eks: EksConnection, opts: pulumi.ComponentResourceOptions): NodeGroups[] {
    const { nodeGroups, region, tags } = args;
    if (nodeGroups === undefined) return [];
    const { eksName, version, securityGroupId: clusterSecurityGroupId, subnets = subnetsById(nodeGroups.subnetIds ?? []) } = eks;
    const cluster = { eksName, version, region, subnets, clusterSecurityGroupId, shared: args.found !== undefined };
    const nodesArgs = { ...nodeGroups, ...cluster, role: partRole(args, "nodes"), tags };
    return [new NodeGroups("nodes", nodesArgs, pulumi.mergeOptions(opts, { dependsOn: eks.ready }))];
}

/**
 * CoreDNS as an add-on of a cluster that this stack creates. It waits for the nodes, because its pods need one. No node is ready without the other built-in
 * add-ons, so these come before the nodes (cluster/eksCluster.ts).
 */
const createCoreDns = (args: PlatformArgs, eks: EksConnection, opts: pulumi.CustomResourceOptions) =>
    args.cluster.create ? [builtInAddOn("coredns", eks.eksName, opts)] : [];

function createAddOns(args: PlatformArgs, eks: EksConnection, opts: pulumi.ComponentResourceOptions): AddOns {
    const { region, storageClass, zoneId, clusterName, domain, tags, volumeKey } = args;
    return new AddOns(
        "add-ons",
        {
            choices: addOnChoices(args),
            eks,
            region,
            ...(storageClass === undefined && { createStorageClass: AWS_STORAGE_CLASS }),
            volumeKey,
            zoneId,
            clusterName,
            domain,
            tags,
            role: (addOn) => partRole(args, addOn),
        },
        opts,
    );
}

/**
 * The identity whose credentials the provider uses. As the first call to AWS it reveals missing credentials and those of another account.
 */
async function callerOf({ provider, region, expectedAccount }: OpenPlatformArgs): Promise<{ accountId: string; arn: string }> {
    const caller = await lookUp(getCallerIdentity({}, { provider }));
    if ("failure" in caller)
        throw stackConfigError([
            {
                path: "aws.region",
                problem: `AWS does not answer in ${region}: ${caller.failure}.`,
                remedy: "Check the credentials of this shell: `aws sts get-caller-identity`.",
            },
        ]);
    const problems = accountProblems(caller.value.accountId, expectedAccount);
    if (problems.length > 0) throw stackConfigError(problems);
    return caller.value;
}

/** The observer's buckets and roles trust the account in its configuration: in another account, this stack would have no rights. */
export const accountProblems = (account: string, expected: string | undefined): Problem[] =>
    new Problems()
        .when(
            expected !== undefined && expected !== account,
            "aws",
            `these credentials are for account ${account}; the observer's list has this cluster in account ${expected}.`,
            "Use that account's credentials (aws.profile), or write observees[].account in the observer's stack and update it first.",
        )
        .all();
