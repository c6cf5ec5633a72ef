import { getCallerIdentity } from "@pulumi/aws/getCallerIdentity";
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { addOnChoices } from "../../../config/schema/addOnChoices";
import { stackConfigError } from "../../../config/stackConfigError";
import type { Problem } from "../../../rules/problem";
import { CHANGE_IN_PLACE } from "../../kubernetes/changeInPlace";
import type { Placement } from "../../kubernetes/placement";
import { AddOns } from "./addOns";
import { builtInAddOn } from "./addOns/eks/builtInAddOn";
import type { AwsArgs } from "./args";
import { lookUp } from "./cluster/awsLookup";
import { checkCreateCluster } from "./cluster/createClusterChecks";
import { type EksConnection, subnetsById } from "./cluster/eksAccess";
import { EksCluster } from "./cluster/eksCluster";
import { findCluster } from "./cluster/findCluster";
import { NodeGroups, STATEFUL_NODES } from "./cluster/nodeGroups";
import { roleName } from "./iam/names";
import type { RoleArgs } from "./iam/role";

export interface PlatformArgs extends AwsArgs {
    /** The `aws` provider of the region. */
    provider: pulumi.ProviderResource;
    /** A role of this stack, by its name. */
    role: (name: string) => RoleArgs;
    /** On everything, what names the fleet included. */
    tags: Record<string, string>;
}

/** What a fleet's part of a cluster stands on: the EKS cluster, found or made, with its nodes and add-ons. */
export interface Platform {
    eks: EksConnection;
    kubernetes: k8s.Provider;
    /** Nodes for pods that have volumes, where this stack makes such. */
    stateful?: Placement;
    account: string;
    /** Of every volume: the user's, or the one that is made here. */
    storageClass: string;
    /** What has to be there before anything is deployed to the cluster. */
    ready: pulumi.Resource[];
}

/** Name of the StorageClass that is made where the user names none. A name of its own: that of another would be changed, or refused. */
const STORAGE_CLASS = "thanos-fleet";

export async function openPlatform(args: PlatformArgs): Promise<Platform> {
    const { region, profile, provider, tags, domain, clusterName, nodeGroups } = args;
    const { name, create } = args.cluster;
    const onAws = { providers: [provider] };
    const { accountId: account, arn: caller } = await callerOf(args);
    const irsa = args.identity.by === "irsa";
    const choices = addOnChoices(args);
    const role = (component: string) => args.role(roleName(domain, clusterName, component));

    if (create) await checkCreateCluster({ ...create, region, provider, caller });
    const eks = create
        ? new EksCluster("eks", { ...create, eksName: name, region, account, profile, irsa, role: role("eks") }, onAws).connection
        : await findCluster(name, { region, profile, provider, irsa, addOns: choices, nodeGroups: nodeGroups !== undefined });
    const kubernetes = new k8s.Provider("kubernetes", { ...CHANGE_IN_PLACE, kubeconfig: eks.kubeconfig }, { dependsOn: eks.ready });

    const nodes = nodeGroups
        ? [
              new NodeGroups(
                  "nodes",
                  {
                      ...nodeGroups,
                      eksName: eks.eksName,
                      version: eks.version,
                      region,
                      subnets: eks.subnets ?? subnetsById(nodeGroups.subnetIds ?? []),
                      role: role("nodes"),
                      tags,
                  },
                  { ...onAws, dependsOn: eks.ready },
              ),
          ]
        : [];
    // Unlike the others that EKS puts into a cluster it is pods, which want a node.
    const dns = create ? [builtInAddOn("coredns", eks.eksName, { provider, dependsOn: [...eks.ready, ...nodes] })] : [];
    const addOns = new AddOns(
        "add-ons",
        {
            choices,
            eks,
            region,
            ...(args.storageClass === undefined && { storageClass: STORAGE_CLASS }),
            zoneId: args.zoneId,
            owner: clusterName,
            tags,
            role,
        },
        // Most of them are pods, which want a node, and look for AWS by name.
        { providers: [provider, kubernetes], dependsOn: [...eks.ready, ...nodes, ...dns] },
    );
    return {
        eks,
        kubernetes,
        account,
        storageClass: args.storageClass ?? STORAGE_CLASS,
        ready: [...nodes, ...dns, ...addOns.ready],
        ...(nodeGroups && { stateful: STATEFUL_NODES }),
    };
}

/** Whom the provider's credentials are for. The first question to AWS, so it is here that missing credentials show, and another account's. */
async function callerOf({ provider, region, expectedAccount }: PlatformArgs): Promise<{ accountId: string; arn: string }> {
    const asked = await lookUp(getCallerIdentity({}, { provider }));
    if ("failure" in asked)
        throw stackConfigError([
            {
                path: "aws.region",
                problem: `AWS does not answer in ${region}: ${asked.failure}.`,
                remedy: "Check the credentials of this shell: `aws sts get-caller-identity`.",
            },
        ]);
    const problems = accountProblems(asked.value.accountId, expectedAccount);
    if (problems.length > 0) throw stackConfigError(problems);
    return asked.value;
}

/** The observer's buckets and roles trust the account that its list has: in another, this stack would be refused everything. Pure. */
export const accountProblems = (account: string, expected: string | undefined): Problem[] =>
    expected === undefined || expected === account
        ? []
        : [
              {
                  path: "aws",
                  problem: `these credentials are for account ${account}; the observer's list has this cluster in account ${expected}.`,
                  remedy: "Use that account's credentials (aws.profile), or write observees[].account in the observer's stack and update it first.",
              },
          ];
