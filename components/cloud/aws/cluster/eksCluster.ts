import { LogGroup } from "@pulumi/aws/cloudwatch";
import { SecurityGroup } from "@pulumi/aws/ec2";
import * as eks from "@pulumi/aws/eks";
import { OpenIdConnectProvider } from "@pulumi/aws/iam";
import { Key } from "@pulumi/aws/kms";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc";
import * as pulumi from "@pulumi/pulumi";
import type { CreateCluster } from "../../../../config/schema";
import { childOptions } from "../../../kubernetes/childOptions";
import { builtInAddOn } from "../addOns/eks/builtInAddOn";
import { keyAdministration, THIS_KEY } from "../iam/keyAdministration";
import { managedPolicyRole } from "../iam/managedPolicyRole";
import { clusterAdminPolicy } from "../iam/names";
import type { PodIdentitySource } from "../iam/podRole";
import type { RoleArgs } from "../iam/role";
import { onlyRoles, policyDocument, type Statement, serviceTrust } from "../iam/statements";
import { type EksConnection, eksKubeconfig, subnetsById } from "./eksAccess";
import { Network } from "./network";

export interface EksClusterArgs extends CreateCluster {
    /** Name of the cluster in EKS. */
    eksName: string;
    /** AWS region of the cluster. */
    region: string;
    /** AWS account of the cluster. */
    account: string;
    /** VPC of `subnetIds`. @default the VPC that this component creates */
    vpcId?: string | undefined;
    /** Profile of the AWS CLI's configuration, for the kubeconfig. @default the shell's credentials */
    profile?: string | undefined;
    /** Creates the OIDC provider that IRSA needs. */
    irsa: boolean;
    /** Name, path and permissions boundary of the role that the control plane assumes. */
    role: RoleArgs;
}

/** Days. An audit log is read after something was noticed, which takes weeks. */
const LOG_RETENTION = 90;

/** An EKS cluster with a private API server, encrypted secrets, retained logs, and access for the listed roles only. */
export class EksCluster extends pulumi.ComponentResource {
    readonly connection: EksConnection;
    /** The cluster's VPC, where this component creates it. */
    readonly network: Network | undefined;

    constructor(name: string, args: EksClusterArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:EksCluster", name, {}, opts);
        const childOpts = childOptions(this, opts);

        const network = createNetwork(name, args, childOpts);
        const subnets = network?.subnets ?? subnetsById(args.subnetIds ?? []);
        const { role, attachments } = controlPlaneRole(name, args, childOpts);
        const key = createSecretsKey(name, args, childOpts);
        const logs = createLogGroup(name, args, childOpts);
        const access = createAccessGroup(name, { ...args, vpcId: network?.vpcId ?? args.vpcId ?? "" }, childOpts);
        const cluster = createCluster(
            name,
            { ...args, subnetIds: Object.values(subnets), securityGroupIds: [access.id], role, key },
            pulumi.mergeOptions(childOpts, { dependsOn: [...attachments, logs] }),
        );
        const admins = args.admins.map((admin) => grantAdmin(name, cluster, admin, args.region, childOpts));
        const privateAccess = args.privateAccessCidrs.map((cidr) => allowPrivateAccess(name, access, cidr, childOpts));
        // A node is ready only when both run on it: so they exist before the first node.
        const nodeAddOns = (["vpc-cni", "kube-proxy"] as const).map((addOn) => builtInAddOn(addOn, cluster.name, childOpts));

        this.network = network;
        this.connection = {
            eksName: cluster.name,
            kubeconfig: kubeconfigOf(cluster, args),
            version: cluster.version,
            vpcId: cluster.vpcConfig.apply(({ vpcId }) => vpcId ?? ""),
            securityGroupId: cluster.vpcConfig.apply(({ clusterSecurityGroupId }) => clusterSecurityGroupId ?? ""),
            podIdentity: podIdentitySource(name, cluster, args, childOpts),
            subnets,
            // Nodes of a new VPC cannot pull images before its routes exist.
            ready: [...(network ? [network] : []), ...admins, ...privateAccess, ...nodeAddOns],
        };
        this.registerOutputs({ cluster: cluster.name });
    }
}

/** No network where subnets are given; config/checks/aws.ts refuses a configuration with neither. */
const createNetwork = (name: string, { subnetIds, vpcCidr, region, zones }: EksClusterArgs, opts: pulumi.ComponentResourceOptions) =>
    subnetIds || vpcCidr === undefined ? undefined : new Network(name, { cidr: vpcCidr, region, zones }, opts);

const controlPlaneRole = (name: string, { role, region }: EksClusterArgs, opts: pulumi.CustomResourceOptions) =>
    managedPolicyRole(name, { role, trust: serviceTrust("eks"), policies: ["AmazonEKSClusterPolicy"], region }, opts);

const createSecretsKey = (name: string, args: EksClusterArgs, opts: pulumi.CustomResourceOptions) =>
    new Key(
        name,
        {
            description: `Secrets of the EKS cluster ${args.eksName}`,
            enableKeyRotation: true,
            deletionWindowInDays: 30,
            policy: policyDocument(secretsKeyStatements(args)),
        },
        // A cluster whose key is deleted cannot be recovered (EKS user guide, "Encrypt Kubernetes secrets with KMS").
        { ...opts, protect: true, retainOnDelete: true },
    );

/**
 * The caller lets EKS use the key through a grant. The key policy cannot restrict the grant to EKS, which does not support
 * `kms:GrantIsForAWSResource` (EKS user guide, "Encrypt Kubernetes secrets with KMS").
 */
export const secretsKeyStatements = (args: { region: string; account: string; admins: string[] }): Statement[] => [
    keyAdministration(args),
    { Sid: "GrantToEks", Effect: "Allow", ...onlyRoles(args.admins), Action: ["kms:CreateGrant"], Resource: THIS_KEY },
];

/**
 * Exists before the cluster: EKS would create the log group itself, and keep its logs for ever. Stays when the stack is destroyed, because that is when
 * somebody reads an audit log.
 */
const createLogGroup = (name: string, { eksName }: EksClusterArgs, opts: pulumi.CustomResourceOptions) =>
    new LogGroup(name, { name: `/aws/eks/${eksName}/cluster`, retentionInDays: LOG_RETENTION }, { ...opts, retainOnDelete: true });

interface ClusterParts extends Omit<EksClusterArgs, "subnetIds" | "role"> {
    subnetIds: pulumi.Input<string>[];
    securityGroupIds: pulumi.Input<string>[];
    role: { arn: pulumi.Input<string> };
    key: Key;
}

function createCluster(name: string, args: ClusterParts, opts: pulumi.CustomResourceOptions): eks.Cluster {
    const { publicAccessCidrs } = args;
    return new eks.Cluster(
        name,
        {
            name: args.eksName,
            version: args.version,
            roleArn: args.role.arn,
            // The creator gets no implicit admin access; only `admins` do.
            accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
            vpcConfig: {
                subnetIds: args.subnetIds,
                securityGroupIds: args.securityGroupIds,
                endpointPrivateAccess: true,
                endpointPublicAccess: publicAccessCidrs.length > 0,
                ...(publicAccessCidrs.length > 0 && { publicAccessCidrs }),
            },
            encryptionConfig: { provider: { keyArn: args.key.arn }, resources: ["secrets"] },
            enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
            // At the end of standard support EKS upgrades the cluster; extended support costs six times as much.
            upgradePolicy: { supportType: "STANDARD" },
            deletionProtection: args.deletionProtection,
        },
        // Protected: its volumes hold what is not in the bucket yet. Not retained: a cluster that no stack knows goes on costing money, and
        // is harder to notice than a refused deletion.
        pulumi.mergeOptions(opts, { protect: args.deletionProtection }),
    );
}

/** Lets a role administer the cluster, through an access entry. */
function grantAdmin(name: string, cluster: eks.Cluster, admin: string, region: string, opts: pulumi.CustomResourceOptions) {
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

/**
 * A security group that EKS attaches to the API server's private addresses and to nothing else. The cluster's own security group is attached to nodes
 * and pods too: a rule there would open port 443 of every pod.
 */
const createAccessGroup = (
    name: string,
    { eksName, vpcId }: { eksName: string; vpcId: pulumi.Input<string> },
    opts: pulumi.CustomResourceOptions,
) =>
    new SecurityGroup(
        `${name}-api`,
        { vpcId, description: `Who reaches the API server of ${eksName}`, tags: { Name: `${eksName}-api` } },
        opts,
    );

const allowPrivateAccess = (name: string, group: SecurityGroup, cidr: string, opts: pulumi.CustomResourceOptions) =>
    new SecurityGroupIngressRule(
        `${name}-${cidr}`,
        {
            securityGroupId: group.id,
            cidrIpv4: cidr,
            ipProtocol: "tcp",
            fromPort: 443,
            toPort: 443,
            description: "API server",
        },
        opts,
    );

const kubeconfigOf = (cluster: eks.Cluster, { eksName, region, profile }: EksClusterArgs) =>
    pulumi
        .all([cluster.endpoint, cluster.certificateAuthority])
        .apply(([endpoint, { data }]) => eksKubeconfig({ eksName, region, endpoint, certificateAuthority: data ?? "", profile }));

function podIdentitySource(
    name: string,
    cluster: eks.Cluster,
    { irsa }: EksClusterArgs,
    opts: pulumi.CustomResourceOptions,
): PodIdentitySource {
    if (!irsa) return { by: "pod-identity", eksName: cluster.name, clusterArn: cluster.arn };
    const issuer = cluster.identities.apply(([identity]) => identity?.oidcs?.[0]?.issuer ?? "");
    const provider = new OpenIdConnectProvider(name, { url: issuer, clientIdLists: ["sts.amazonaws.com"] }, opts);
    return { by: "irsa", issuer, oidcProviderArn: provider.arn };
}
