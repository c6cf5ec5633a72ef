import { getCallerIdentity } from "@pulumi/aws/getCallerIdentity";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../../config/problems";
import { CHANGE_IN_PLACE, type Placement } from "../cloud";
import { AddOns } from "./addOns";
import { addOnChoices } from "./addOns/catalogue";
import type { AwsArgs } from "./cloud";
import { type Eks, subnetsById } from "./eks";
import { EksCluster } from "./eksCluster";
import { findCluster } from "./findCluster";
import type { RoleArgs } from "./fleetRole";
import { roleName } from "./names";
import { NodeGroups, STATEFUL_NODES } from "./nodeGroups";

export interface PlatformArgs extends AwsArgs {
    /** The `aws` provider of the region. */
    provider: pulumi.ProviderResource;
    /** On everything, what names the fleet included. */
    tags: Record<string, string>;
}

/** What a fleet's part of a cluster stands on: the EKS cluster, found or made, with its nodes and add-ons. */
export interface Platform {
    eks: Eks;
    kubernetes: k8s.Provider;
    /** Nodes for pods that have volumes, where this stack makes such. */
    stateful?: Placement;
    account: string;
    /** What has to be there before anything is deployed to the cluster. */
    ready: pulumi.Resource[];
}

export async function openPlatform(args: PlatformArgs): Promise<Platform> {
    const { region, provider, tags, domain, fleetCluster, nodeGroups } = args;
    const { name, create } = args.cluster;
    const onAws = { providers: [provider] };
    const account = await accountOf(provider, region);
    const irsa = args.identity.by === "irsa";
    const choices = addOnChoices(args);
    const role = (component: string): RoleArgs => ({
        name: roleName(domain, fleetCluster, component),
        path: args.rolePath,
        permissionsBoundary: args.identity.permissionsBoundary,
    });

    const eks = create
        ? new EksCluster("eks", { ...create, cluster: name, region, account, irsa, role: role("eks") }, onAws).eks
        : await findCluster(name, { region, provider, irsa, addOns: choices });
    const kubernetes = new k8s.Provider("kubernetes", { ...CHANGE_IN_PLACE, kubeconfig: eks.kubeconfig }, { dependsOn: eks.ready });

    const nodes = nodeGroups && [
        new NodeGroups(
            "nodes",
            {
                ...nodeGroups,
                cluster: eks.name,
                region,
                subnets: eks.subnets ?? subnetsById(nodeGroups.subnetIds ?? []),
                role: role("nodes"),
                tags,
            },
            { ...onAws, dependsOn: eks.ready },
        ),
    ];
    const addOns = new AddOns(
        "add-ons",
        { choices, eks, region, storageClass: args.storageClass, zoneId: args.zoneId, owner: fleetCluster, tags, role },
        // Most of them are pods, which want a node.
        { providers: [provider, kubernetes], dependsOn: [...eks.ready, ...(nodes ?? [])] },
    );
    return { eks, kubernetes, account, ready: [...(nodes ?? []), ...addOns.ready], ...(nodes && { stateful: STATEFUL_NODES }) };
}

/** The account that the provider's credentials are for: the first question to AWS, so it is here that missing ones show. */
async function accountOf(provider: pulumi.ProviderResource, region: string): Promise<string> {
    try {
        return (await getCallerIdentity({}, { provider })).accountId;
    } catch (error) {
        throw new ConfigError(`configuration of stack ${pulumi.getStack()}`, [
            {
                path: "aws.region",
                problem: `AWS does not answer in ${region}: ${(error as Error).message.split("\n")[0]}.`,
                remedy: "Check the credentials of this shell: `aws sts get-caller-identity`.",
            },
        ]);
    }
}
