import { LogGroup } from "@pulumi/aws/cloudwatch";
import * as eks from "@pulumi/aws/eks";
import { OpenIdConnectProvider } from "@pulumi/aws/iam";
import { Key } from "@pulumi/aws/kms";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc";
import * as pulumi from "@pulumi/pulumi";
import type { CreateCluster } from "../../../../config/schema";
import { childOptions } from "../../../kubernetes/childOptions";
import { builtInAddOn } from "../addOns/eks/builtInAddOn";
import { keyAdministration, THIS_KEY } from "../iam/keyAdministration";
import { serviceRole } from "../iam/managedPolicyRole";
import { clusterAdminPolicy } from "../iam/names";
import type { RoleArgs } from "../iam/role";
import { ofRoles, policyDocument, type Statement, serviceTrust } from "../iam/statements";
import { type Eks, eksKubeconfig, subnetsById } from "./eksAccess";
import { Network } from "./network";

export interface EksClusterArgs extends CreateCluster {
    /** Its name in EKS. */
    cluster: string;
    region: string;
    account: string;
    profile?: string | undefined;
    /** Makes the OIDC provider that IRSA needs. */
    irsa: boolean;
    /** The role that the control plane wears. */
    role: RoleArgs;
}

/** Days. An audit log is read after something was noticed, which takes weeks. */
const LOG_RETENTION = 90;

/** An EKS cluster whose API server is private, whose secrets and logs are kept, and whose access is written down here. */
export class EksCluster extends pulumi.ComponentResource {
    readonly eks: Eks;
    /** Where it is, if that was made too. */
    readonly network: Network | undefined;

    constructor(name: string, args: EksClusterArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:EksCluster", name, {}, opts);
        const here = childOptions(this, opts);
        const { cluster, region, profile, subnetIds, vpcCidr, publicAccessCidrs } = args;

        // config/checks/aws.ts refuses to make a cluster with neither.
        const network =
            subnetIds || vpcCidr === undefined ? undefined : new Network(name, { cidr: vpcCidr, region, zones: args.zones }, here);
        this.network = network;
        const subnets = network?.subnets ?? subnetsById(subnetIds ?? []);
        const { role, attached } = serviceRole(
            name,
            { role: args.role, trust: serviceTrust("eks"), policies: ["AmazonEKSClusterPolicy"], region },
            here,
        );
        const key = new Key(
            name,
            {
                description: `Secrets of the EKS cluster ${cluster}`,
                enableKeyRotation: true,
                deletionWindowInDays: 30,
                policy: policyDocument(secretsKeyStatements(args)),
            },
            // A cluster whose key is deleted cannot be recovered (EKS user guide, "Encrypt Kubernetes secrets with KMS").
            { ...here, protect: true, retainOnDelete: true },
        );
        // Before the cluster: EKS would make it itself, without an end to what it keeps.
        const logs = new LogGroup(name, { name: `/aws/eks/${cluster}/cluster`, retentionInDays: LOG_RETENTION }, here);

        const made = new eks.Cluster(
            name,
            {
                name: cluster,
                version: args.version,
                roleArn: role.arn,
                // Who made the cluster is nobody in it: administrators are those that are listed.
                accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
                vpcConfig: {
                    subnetIds: Object.values(subnets),
                    endpointPrivateAccess: true,
                    endpointPublicAccess: publicAccessCidrs.length > 0,
                    ...(publicAccessCidrs.length > 0 && { publicAccessCidrs }),
                },
                encryptionConfig: { provider: { keyArn: key.arn }, resources: ["secrets"] },
                enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
                // At the end of standard support EKS upgrades it; extended support costs six times as much.
                upgradePolicy: { supportType: "STANDARD" },
                deletionProtection: true,
            },
            // Its volumes hold what is not in the bucket yet. Not retained: a cluster that no stack knows goes on costing money, and is harder to find than a refusal.
            pulumi.mergeOptions(here, { protect: true, dependsOn: [...attached, logs] }),
        );
        const access = args.admins.map((admin) => administrator(name, made, admin, region, here));
        const reach = args.privateAccessCidrs.map((cidr) => privateAccess(name, made, cidr, here));
        // A node is ready when these run on it: they are there before the first one.
        const onNodes = (["vpc-cni", "kube-proxy"] as const).map((addOn) => builtInAddOn(addOn, made.name, here));

        const pods = args.irsa
            ? irsaPods(name, made, here)
            : ({ by: "pod-identity", cluster: made.name, clusterArn: made.arn } satisfies Eks["pods"]);
        this.eks = {
            name: made.name,
            kubeconfig: pulumi
                .all([made.endpoint, made.certificateAuthority])
                .apply(([endpoint, { data }]) =>
                    eksKubeconfig({ name: cluster, region, endpoint, certificateAuthority: data ?? "", profile }),
                ),
            version: made.version,
            vpcId: made.vpcConfig.apply(({ vpcId }) => vpcId ?? ""),
            pods,
            subnets,
            // Nodes of a new VPC cannot pull images before its routes are there.
            ready: [...(network ? [network] : []), ...access, ...reach, ...onNodes],
        };
        this.registerOutputs({ cluster: made.name });
    }
}

/**
 * Who makes the cluster has EKS use the key, through a grant. The key's policy is not the place to hold them to that: EKS does not support
 * `kms:GrantIsForAWSResource` (EKS user guide, "Encrypt Kubernetes secrets with KMS"). Pure.
 */
export const secretsKeyStatements = (at: { region: string; account: string; admins: string[] }): Statement[] => [
    keyAdministration(at),
    { Sid: "GrantToEks", Effect: "Allow", ...ofRoles(at.admins), Action: ["kms:CreateGrant"], Resource: THIS_KEY },
];

/** Lets a role administer the cluster. */
function administrator(name: string, cluster: eks.Cluster, admin: string, region: string, opts: pulumi.CustomResourceOptions) {
    const entry = { clusterName: cluster.name, principalArn: admin };
    const adminName = `${name}-${admin.replace(/^.*:role\//, "")}`;
    return new eks.AccessPolicyAssociation(
        adminName,
        {
            ...entry,
            policyArn: clusterAdminPolicy(region),
            accessScope: { type: "cluster" },
        },
        pulumi.mergeOptions(opts, { dependsOn: [new eks.AccessEntry(adminName, entry, opts)] }),
    );
}

/** The API server's private addresses wear the cluster's security group, which as EKS makes it lets in the cluster itself and nobody else. */
const privateAccess = (name: string, cluster: eks.Cluster, cidr: string, opts: pulumi.CustomResourceOptions) =>
    new SecurityGroupIngressRule(
        `${name}-${cidr}`,
        {
            securityGroupId: cluster.vpcConfig.apply(({ clusterSecurityGroupId }) => clusterSecurityGroupId ?? ""),
            cidrIpv4: cidr,
            ipProtocol: "tcp",
            fromPort: 443,
            toPort: 443,
            description: "API server",
        },
        opts,
    );

function irsaPods(name: string, cluster: eks.Cluster, opts: pulumi.CustomResourceOptions): Eks["pods"] {
    const issuer = cluster.identities.apply(([identity]) => identity?.oidcs?.[0]?.issuer ?? "");
    const provider = new OpenIdConnectProvider(name, { url: issuer, clientIdLists: ["sts.amazonaws.com"] }, opts);
    return { by: "irsa", issuer, oidcProviderArn: provider.arn };
}
