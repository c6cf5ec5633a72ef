import { getAddon, getCluster } from "@pulumi/aws/eks";
import { getOpenIdConnectProvider } from "@pulumi/aws/iam";
import type * as pulumi from "@pulumi/pulumi";
import type { AddOnChoices } from "../../../../config/schema/addOnChoices";
import { stackConfigError } from "../../../../config/stackConfigError";
import type { Problem } from "../../../../rules/problem";
import { EKS } from "../../../../upstream/versions";
import { EKS_ADD_ONS, type EksAddOnName, presentOnEks } from "../addOns/eks/catalogue";
import { type Answer, answer } from "./awsLookup";
import { type Eks, eksKubeconfig } from "./eksAccess";

export interface FindClusterArgs {
    region: string;
    /** The `aws` provider to ask. */
    provider: pulumi.ProviderResource;
    /** Whether pods come by their roles through an OIDC provider. */
    irsa: boolean;
    addOns: AddOnChoices;
    /** Whether this stack makes nodes for it. */
    nodeGroups: boolean;
    profile?: string | undefined;
}

export interface Answers {
    cluster: string;
    region: string;
    status: string;
    /** Of Kubernetes. */
    version: string;
    /** How it knows roles: access entries (`API`), the ConfigMap `aws-auth` (`CONFIG_MAP`), or both. */
    authenticationMode: string;
    /** Whether this stack makes nodes for it. */
    nodeGroups: boolean;
    /** Of the add-ons that are said to be present. */
    addOns: Partial<Record<EksAddOnName, Answer<string>>>;
    issuer: string;
    /** Its ARN, with IRSA. */
    oidcProvider?: Answer<string>;
}

/** An EKS cluster that exists, refused if it is not what a fleet needs. Asked before anything is declared, so that nothing is half made. */
export async function findCluster(name: string, args: FindClusterArgs): Promise<Eks> {
    const { region, provider, irsa, addOns, nodeGroups, profile } = args;
    const ask = { provider };
    const found = await answer(getCluster({ name }, ask));
    if ("failure" in found) throw stackConfigError([clusterMissing(name, region, found.failure)]);

    const cluster = found.value;
    const issuer = cluster.identities[0]?.oidcs[0]?.issuer ?? "";
    const versions = presentOnEks(addOns).map(async (addOn) => {
        const asked = getAddon({ clusterName: name, addonName: EKS_ADD_ONS[addOn].name }, ask);
        return [addOn, await answer(asked.then(({ addonVersion }) => addonVersion))] as const;
    });
    const oidcProvider = irsa ? await answer(getOpenIdConnectProvider({ url: issuer }, ask).then(({ arn }) => arn)) : undefined;
    const problems = clusterProblems({
        cluster: name,
        region,
        status: cluster.status,
        version: cluster.version,
        authenticationMode: cluster.accessConfigs[0]?.authenticationMode ?? "",
        nodeGroups,
        addOns: Object.fromEntries(await Promise.all(versions)),
        issuer,
        ...(oidcProvider && { oidcProvider }),
    });
    if (problems.length > 0) throw stackConfigError(problems);

    return {
        name,
        kubeconfig: eksKubeconfig({
            name,
            region,
            endpoint: cluster.endpoint,
            certificateAuthority: cluster.certificateAuthorities[0]?.data ?? "",
            profile,
        }),
        version: cluster.version,
        vpcId: cluster.vpcConfig.vpcId,
        pods:
            oidcProvider && "value" in oidcProvider
                ? { by: "irsa", issuer, oidcProviderArn: oidcProvider.value }
                : { by: "pod-identity", cluster: name, clusterArn: cluster.arn },
        ready: [],
    };
}

/** How the provider says that something is not there. */
const isAbsence = (failure: string) => /couldn't find resource|not ?found/i.test(failure);

const clusterMissing = (cluster: string, region: string, failure: string): Problem => ({
    path: "aws.cluster.name",
    problem: isAbsence(failure)
        ? `no EKS cluster "${cluster}" in ${region}.`
        : `"${cluster}" in ${region} cannot be looked up: ${failure}.`,
    remedy: "Check the name, aws.region, and as whom you ask (`aws sts get-caller-identity`). Or write aws.cluster.create, and this stack makes it.",
});

/** Everything that is wrong with a cluster. Pure. */
export function clusterProblems(answers: Answers): Problem[] {
    const { cluster, region, status, version, addOns, issuer, oidcProvider } = answers;
    return [
        ...(status === "ACTIVE"
            ? []
            : [
                  {
                      path: "aws.cluster.name",
                      problem: `"${cluster}" is ${status}.`,
                      remedy: `Wait until it is ACTIVE: \`aws eks wait cluster-active --region ${region} --name ${cluster}\`.`,
                  },
              ]),
        ...(isOlder(version, EKS.oldest)
            ? [
                  {
                      path: "aws.cluster.name",
                      problem: `"${cluster}" runs Kubernetes ${version}.`,
                      remedy: `Upgrade it to ${EKS.oldest} or later.`,
                  },
              ]
            : []),
        ...nodeProblems(answers),
        ...(Object.entries(addOns) as [EksAddOnName, Answer<string>][]).flatMap(([addOn, found]) => addOnProblems(cluster, addOn, found)),
        ...(oidcProvider && "failure" in oidcProvider ? [noOidcProvider(cluster, issuer, oidcProvider.failure)] : []),
    ];
}

/** The ConfigMap knows no role that has a path, as that of the nodes has: they never join (aws/containers-roadmap#926). */
const nodeProblems = ({ cluster, region, authenticationMode, nodeGroups }: Answers): Problem[] =>
    nodeGroups && authenticationMode === "CONFIG_MAP"
        ? [
              {
                  path: "aws.nodeGroups",
                  problem: `"${cluster}" knows roles by its ConfigMap aws-auth only: nodes that are made here could not join.`,
                  remedy: `Turn on access entries, which changes nothing for the roles that are known: \`aws eks update-cluster-config --region ${region} --name ${cluster} --access-config authenticationMode=API_AND_CONFIG_MAP\`.`,
              },
          ]
        : [];

function addOnProblems(cluster: string, addOn: EksAddOnName, found: Answer<string>): Problem[] {
    const { name, oldest } = EKS_ADD_ONS[addOn];
    const path = `aws.addOns.${addOn}`;
    if ("failure" in found)
        return [
            {
                path,
                problem: isAbsence(found.failure)
                    ? `no EKS add-on ${name} in cluster "${cluster}".`
                    : `${name} in cluster "${cluster}" cannot be looked up: ${found.failure}.`,
                remedy: "Write install, or unmanaged if it runs there by other means.",
            },
        ];
    if (oldest !== undefined && isOlder(found.value, oldest))
        return [
            {
                path,
                problem: `${name} in cluster "${cluster}" is ${found.value}.`,
                remedy: `Update it to ${oldest} or later: \`aws eks update-addon --cluster-name ${cluster} --addon-name ${name} --addon-version VERSION\`.`,
            },
        ];
    return [];
}

const noOidcProvider = (cluster: string, issuer: string, failure: string): Problem => ({
    path: "aws.identity.by",
    problem: isAbsence(failure)
        ? `irsa, and IAM does not know the OIDC provider of cluster "${cluster}".`
        : `irsa, and the OIDC provider of cluster "${cluster}" cannot be looked up: ${failure}.`,
    remedy: `Make it (\`aws iam create-open-id-connect-provider --url ${issuer} --client-id-list sts.amazonaws.com\`), or write pod-identity.`,
});

/** Compares `v1.26.0-eksbuild.1` and `1.26` number by number. */
function isOlder(version: string, than: string): boolean {
    const [is, least] = [version, than].map((text) => (text.match(/\d+/g) ?? []).map(Number));
    for (const [i, wanted] of (least ?? []).entries()) {
        const part = is?.[i] ?? 0;
        if (part !== wanted) return part < wanted;
    }
    return false;
}
