import { getAddon, getCluster } from "@pulumi/aws/eks";
import { getOpenIdConnectProvider } from "@pulumi/aws/iam";
import type * as pulumi from "@pulumi/pulumi";
import coerce from "semver/functions/coerce";
import lt from "semver/functions/lt";
import type { AddOnChoices } from "../../../../config/schema/addOnChoices";
import { stackConfigError } from "../../../../config/stackConfigError";
import { type Problem, Problems } from "../../../../rules/problem";
import { EKS } from "../../../../upstream/versions";
import { EKS_ADD_ONS, type EksAddOnName, presentOnEks } from "../addOns/eks/catalogue";
import { unofferedAddOns } from "./addOnOffers";
import { isAbsence, type Lookup, lookUp } from "./awsLookup";
import { type EksConnection, eksKubeconfig } from "./eksAccess";
import { nodeSecurityProblems, otherNodesGroups } from "./nodeSecurity";

export interface FindClusterArgs {
    /** AWS region of the cluster. */
    region: string;
    /** The `aws` provider that looks up the cluster. */
    provider: pulumi.ProviderResource;
    /** Whether pods get credentials through an OIDC provider. */
    irsa: boolean;
    /** For each add-on: whether it has to be present in the cluster, or this stack installs it. */
    addOns: AddOnChoices;
    /** The node groups that this stack creates for the cluster. @default none */
    nodeGroups?: { securityGroupIds?: string[] | undefined } | undefined;
    /** Problems that are known already, to be reported with the cluster's. */
    problems: readonly Problem[];
    /** Profile of the AWS CLI's configuration, for the kubeconfig. @default the shell's credentials */
    profile?: string | undefined;
}

/** What the lookups said about an existing cluster. */
export interface ClusterFacts {
    /** Name of the cluster in EKS. */
    eksName: string;
    region: string;
    /** `ACTIVE`, `UPDATING`, ... */
    status: string;
    /** Kubernetes version: `1.34`. */
    version: string;
    /** How the cluster maps roles to users: access entries (`API`), the ConfigMap `aws-auth` (`CONFIG_MAP`), or both. */
    authenticationMode: string;
    /** EKS Auto Mode: AWS brings nodes, volume driver and load balancers. */
    autoMode: boolean;
    /** `ipv4` or `ipv6`. */
    ipFamily: string;
    /** Whether this stack creates node groups for the cluster. */
    nodeGroups: boolean;
    /** Versions of the add-ons that the configuration says are present. */
    addOns: Partial<Record<EksAddOnName, Lookup<string>>>;
    /** URL of the cluster's OIDC issuer. */
    issuer: string;
    /** ARN of the OIDC provider in IAM. Looked up for IRSA only. */
    oidcProvider?: Lookup<string>;
}

/** Looks up an existing EKS cluster before anything is declared, and refuses it with all its problems at once. */
export async function findCluster(eksName: string, args: FindClusterArgs): Promise<EksConnection> {
    const { region, provider, irsa, nodeGroups, profile } = args;
    const found = await lookUp(getCluster({ name: eksName }, { provider }));
    if ("failure" in found) throw stackConfigError([clusterMissing(eksName, region, found.failure)]);

    const cluster = found.value;
    const issuer = cluster.identities[0]?.oidcs[0]?.issuer ?? "";
    const { version, vpcConfig } = cluster;
    const [addOns, unoffered, otherGroups] = await Promise.all([
        addOnVersions(eksName, args),
        unofferedAddOns({ choices: args.addOns, version, region, provider }),
        nodeGroups && nodeGroups.securityGroupIds === undefined
            ? otherNodesGroups(eksName, vpcConfig.clusterSecurityGroupId, provider)
            : undefined,
    ]);
    const oidcProvider = irsa ? await lookUp(getOpenIdConnectProvider({ url: issuer }, { provider }).then(({ arn }) => arn)) : undefined;
    const problems = clusterProblems({
        eksName,
        region,
        status: cluster.status,
        version,
        authenticationMode: cluster.accessConfigs[0]?.authenticationMode ?? "",
        autoMode: cluster.computeConfigs[0]?.enabled ?? false,
        ipFamily: cluster.kubernetesNetworkConfigs[0]?.ipFamily ?? "ipv4",
        nodeGroups: nodeGroups !== undefined,
        addOns,
        issuer,
        ...(oidcProvider && { oidcProvider }),
    });
    const all = [...args.problems, ...problems, ...unoffered, ...(otherGroups ? nodeSecurityProblems(eksName, otherGroups) : [])];
    if (all.length > 0) throw stackConfigError(all);

    return {
        eksName,
        kubeconfig: eksKubeconfig({
            eksName,
            region,
            endpoint: cluster.endpoint,
            certificateAuthority: cluster.certificateAuthorities[0]?.data ?? "",
            profile,
        }),
        version,
        vpcId: vpcConfig.vpcId,
        securityGroupId: vpcConfig.clusterSecurityGroupId,
        podIdentity:
            oidcProvider && "value" in oidcProvider
                ? { by: "irsa", issuer, oidcProviderArn: oidcProvider.value }
                : { by: "pod-identity", eksName, clusterArn: cluster.arn },
        ready: [],
    };
}

async function addOnVersions(eksName: string, { addOns, provider }: FindClusterArgs): Promise<ClusterFacts["addOns"]> {
    const lookups = presentOnEks(addOns).map(async (addOn) => {
        const call = getAddon({ clusterName: eksName, addonName: EKS_ADD_ONS[addOn].name }, { provider });
        return [addOn, await lookUp(call.then(({ addonVersion }) => addonVersion))] as const;
    });
    return Object.fromEntries(await Promise.all(lookups));
}

const clusterMissing = (eksName: string, region: string, failure: string): Problem => ({
    path: "aws.cluster.name",
    problem: isAbsence(failure)
        ? `no EKS cluster "${eksName}" in ${region}.`
        : `"${eksName}" in ${region} cannot be looked up: ${failure}.`,
    remedy: "Check the name, aws.region, and whose credentials these are (`aws sts get-caller-identity`). Or write aws.cluster.create, and this stack creates it.",
});

/** Everything that is wrong with an existing cluster. */
export function clusterProblems(facts: ClusterFacts): Problem[] {
    const { eksName, region, status, version, addOns } = facts;
    return (
        new Problems()
            .when(
                status !== "ACTIVE",
                "aws.cluster.name",
                `"${eksName}" is ${status}.`,
                `Wait until it is ACTIVE: \`aws eks wait cluster-active --region ${region} --name ${eksName}\`.`,
            )
            .when(
                isOlder(version, EKS.oldest),
                "aws.cluster.name",
                `"${eksName}" runs Kubernetes ${version}.`,
                `Upgrade it to ${EKS.oldest} or later.`,
            )
            // The ConfigMap supports no role with a path, which the nodes' role has: such nodes never join (aws/containers-roadmap#926).
            .when(
                facts.nodeGroups && facts.authenticationMode === "CONFIG_MAP",
                "aws.nodeGroups",
                `"${eksName}" reads roles from its ConfigMap aws-auth only: nodes of this stack could not join.`,
                `Turn on access entries, which changes nothing for the roles in the ConfigMap: \`aws eks update-cluster-config --region ${region} --name ${eksName} --access-config authenticationMode=API_AND_CONFIG_MAP\`.`,
            )
            // Its volumes are attached by ebs.csi.eks.amazonaws.com, its load balancers made by eks.amazonaws.com (EKS user guide, "EKS Auto Mode").
            .when(
                facts.autoMode,
                "aws.cluster.name",
                `"${eksName}" is in EKS Auto Mode, whose nodes attach no volumes of the EBS CSI driver, and whose load balancers have another controller.`,
                "Use a cluster without Auto Mode. Pods of this project do not run in this one, whatever aws.addOns says.",
            )
            .when(
                facts.ipFamily === "ipv6",
                "aws.cluster.name",
                `"${eksName}" is an IPv6 cluster: the load balancers of this stack reach pods by IPv4 only, and its nodes' network plugin has rights for IPv4 only.`,
                "Use an IPv4 cluster.",
            )
            // Auto Mode has no add-ons: that they are missing is no news.
            .add(
                facts.autoMode
                    ? []
                    : (Object.entries(addOns) as [EksAddOnName, Lookup<string>][]).flatMap((addOn) => addOnProblems(eksName, ...addOn)),
            )
            .add(oidcProblems(facts))
            .all()
    );
}

function addOnProblems(eksName: string, addOn: EksAddOnName, lookup: Lookup<string>): Problem[] {
    const { name, oldest = "0" } = EKS_ADD_ONS[addOn];
    const path = `aws.addOns.${addOn}`;
    if ("failure" in lookup)
        return [
            {
                path,
                problem: isAbsence(lookup.failure)
                    ? `no EKS add-on ${name} in cluster "${eksName}".`
                    : `${name} in cluster "${eksName}" cannot be looked up: ${lookup.failure}.`,
                remedy: "Write install, or unmanaged if it runs there by other means.",
            },
        ];
    return new Problems()
        .when(
            isOlder(lookup.value, oldest),
            path,
            `${name} in cluster "${eksName}" is ${lookup.value}.`,
            `Update it to ${oldest} or later: \`aws eks update-addon --cluster-name ${eksName} --addon-name ${name} --addon-version VERSION\`.`,
        )
        .all();
}

function oidcProblems({ eksName, issuer, oidcProvider }: ClusterFacts): Problem[] {
    if (oidcProvider === undefined || "value" in oidcProvider) return [];
    return [
        {
            path: "aws.identity.by",
            problem: isAbsence(oidcProvider.failure)
                ? `irsa, but IAM has no OIDC provider for cluster "${eksName}".`
                : `irsa, but the OIDC provider of cluster "${eksName}" cannot be looked up: ${oidcProvider.failure}.`,
            remedy: `Create it (\`aws iam create-open-id-connect-provider --url ${issuer} --client-id-list sts.amazonaws.com\`), or write pod-identity.`,
        },
    ];
}

/** Compares `v1.26.0-eksbuild.1` with `1.26`, both reduced to major, minor and patch. */
const isOlder = (version: string, oldest: string) => lt(coerce(version) ?? "0.0.0", coerce(oldest) ?? "0.0.0");
