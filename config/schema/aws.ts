import { z } from "zod";
import { arn, cidr, count } from "./common";

const subnetIds = z.array(z.string().regex(/^subnet-[0-9a-f]+$/, "is not a subnet id (subnet-0123abcd).")).min(1);
const bucketName = z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is not an S3 bucket name: 3 to 63 lower-case letters, digits, dots and hyphens.");
const region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "is not an AWS region. Write for instance eu-west-1.");
const instanceType = z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, "is not an instance type (m7g.large).");

/** How the stack creates its EKS cluster. */
const createCluster = z.strictObject({
    /**
     * Kubernetes version, `1.NN` in quotes. No default: each version leaves EKS's standard support 14 months after its release, and a new default would
     * upgrade every cluster. A higher one, by one minor version at a time, upgrades the control plane and then the nodes.
     */
    version: z.string().regex(/^1\.\d\d$/, 'is not a Kubernetes version of EKS. Write for instance "1.35".'),
    /** Ids of existing private subnets, in two zones or more. Without them the stack creates a VPC. */
    subnetIds: subnetIds.optional(),
    /** CIDR block of the VPC that the stack creates, a /16 to /20. It overlaps with no other VPC of the fleet: overlapping VPCs can never be connected. */
    vpcCidr: cidr("(1[6-9]|20)").optional(),
    /**
     * Letters of the zones of the VPC that the stack creates. Which zones exist differs by region and account: AWS is asked before anything is created.
     * @default ["a", "b", "c"]
     */
    zones: z
        .array(z.string().regex(/^[a-g]$/, "is not the letter of a zone (a to g)."))
        .min(2)
        .default(["a", "b", "c"]),
    /**
     * CIDR blocks from which the API server's private address is reachable: the VPC, a peered one, a VPN. `pulumi up` has to run in one of them,
     * or in one of `publicAccessCidrs`.
     * @default []
     */
    privateAccessCidrs: z.array(cidr()).default([]),
    /**
     * CIDR blocks from which the API server's public address is reachable. None by default: the public address is off.
     * @default []
     */
    publicAccessCidrs: z.array(cidr()).default([]),
    /**
     * Refuses to delete the cluster, in EKS and in Pulumi. To take the stack down set it to false and update first (docs/take-down.md).
     * @default true
     */
    deletionProtection: z.boolean().default(true),
    /** ARNs of the roles that administer the cluster through access entries; the role that runs `pulumi up` has to be among them. */
    admins: z.array(arn("iam", ":\\d{12}:role/.+", "arn:aws:iam::111111111111:role/Admin")).min(1),
});

/** The EKS cluster that a stack deploys to: an existing one, or one that this stack creates. */
const eksCluster = z.strictObject({
    /** The EKS cluster's name. */
    name: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$/, "is not the name of an EKS cluster."),
    /** Creates the cluster. Without it the cluster has to exist. */
    create: createCluster.optional(),
});

const statefulNodes = z.strictObject({
    /**
     * EC2 instance type.
     * @default "m7g.2xlarge"
     */
    instanceType: instanceType.default("m7g.2xlarge"),
    /**
     * Nodes in each zone's group.
     * @default 1
     */
    nodesPerZone: count.default(1),
});

const generalNodes = z.strictObject({
    /**
     * EC2 instance type.
     * @default "m7g.large"
     */
    instanceType: instanceType.default("m7g.large"),
    /**
     * Nodes in the group.
     * @default 2
     */
    nodes: count.default(2),
});

const nodeGroups = z.strictObject({
    /** Ids of the nodes' subnets, one per zone. Omit it where this stack creates the cluster: nodes go into the cluster's own subnets. */
    subnetIds: subnetIds.optional(),
    /**
     * Ids of security groups of the nodes, beside the cluster's own: those of an existing cluster's other nodes, without which pods may not reach each
     * other. `[]`: the cluster's own is enough. Omit it where this stack creates the cluster.
     */
    securityGroupIds: z.array(z.string().regex(/^sg-[0-9a-f]+$/, "is not the id of a security group (sg-0123abcd).")).optional(),
    /**
     * Operating system of the nodes.
     * @default "al2023"
     */
    os: z.enum(["al2023", "bottlerocket"]).default("al2023"),
    /**
     * Root volume of each node, in GiB. At least 20; EBS has none above 65536.
     * @default 50
     */
    diskGiB: z.int().min(20).max(65_536).default(50),
    /** Tainted nodes for pods with persistent volumes. A group per zone, since a volume lives in one zone and its pod has to find a node there. */
    stateful: statefulNodes.prefault({}),
    /** Nodes for all other pods: one group over all zones. */
    general: generalNodes.prefault({}),
});

/** `install`: by this stack. `present`: an existing EKS add-on, whose version is checked. `unmanaged`: installed by other means, not checked. */
const addOn = z.enum(["install", "present", "unmanaged"]).optional();

/** What the fleet needs in a cluster. The defaults depend on whether the stack creates the cluster: addOnChoices.ts. */
const addOns = z.strictObject({
    /** EKS Pod Identity agent, which hands credentials of roles to pods. */
    podIdentityAgent: addOn,
    /** EBS CSI driver, for persistent volumes. */
    ebsCsi: addOn,
    /** AWS Load Balancer Controller. */
    loadBalancerController: addOn,
    /** ExternalDNS, which publishes the fleet's names in Route 53. `install` needs `zoneId`. */
    externalDns: addOn,
    /** cert-manager. */
    certManager: addOn,
    /** Kubernetes metrics-server. */
    metricsServer: addOn,
});
export const ADD_ONS = addOns.keyof().options;
export type AddOnName = (typeof ADD_ONS)[number];

const identity = z.strictObject({
    /**
     * How pods assume their role: EKS Pod Identity, or an OIDC provider of the cluster (IRSA).
     * @default "pod-identity"
     */
    by: z.enum(["pod-identity", "irsa"]).default("pod-identity"),
    /** ARN of the permissions boundary of every role that the stack creates. */
    permissionsBoundary: arn("iam", ":(\\d{12}|aws):policy/.+", "arn:aws:iam::111111111111:policy/boundary").optional(),
});

/** Keys of tags. Controllers take tags as `key=value,key=value`, so neither part may contain `=` or a comma. */
const tagKey = z
    .string()
    .regex(
        /^(?!aws:|kubernetes\.io|ebs\.csi\.aws\.com)[\w .:/+@-]{1,128}$/,
        "is not a tag: letters, digits, spaces and . : / + @ _ -, not beginning with aws:, kubernetes.io or ebs.csi.aws.com.",
    );
const tagValue = z.string().regex(/^[\w .:/+@-]{0,256}$/, "is not the value of a tag: letters, digits, spaces and . : / + @ _ -.");

const account = {
    /** Region of the EKS cluster, and of the bucket. */
    region,
    /** Profile of the AWS CLI's configuration. For where the shell's own credentials belong to another account, such as that of Pulumi's state. */
    profile: z.string().regex(/^\S+$/, "is not the name of a profile.").optional(),
    /**
     * Tags on everything that can carry them, the volumes and load balancers that controllers create included. A changed tag replaces the nodes of
     * `nodeGroups`, one after the other.
     * @default {}
     */
    tags: z.record(tagKey, tagValue).default({}),
    /** The EKS cluster to deploy to. */
    cluster: eksCluster,
    /** The fleet's own nodes. Without them pods run on the cluster's existing nodes. */
    nodeGroups: nodeGroups.optional(),
    /** Who installs what the fleet needs in the cluster. */
    addOns: addOns.prefault({}),
    /** Identity of pods on AWS. */
    identity: identity.prefault({}),
    /** Id of the Route 53 hosted zone of the fleet's domain, the only zone that ExternalDNS may write to. Required to install ExternalDNS. */
    zoneId: z
        .string()
        .regex(/^Z[0-9A-Z]+$/, "is not the id of a hosted zone (Z0123456789ABC).")
        .optional(),
};

/** What an observee's stack needs to know of its AWS account. */
export const observeeAws = z.strictObject(account);

/** What the observer's stack needs to know of its AWS account: beside the rest, where the fleet's blocks are. */
export const observerAws = z.strictObject({
    ...account,
    /** Name of the fleet's bucket, which this stack creates. Globally unique, and final: renaming it means moving the data. */
    bucket: bucketName.optional(),
    /**
     * A bucket and a KMS key for each cluster, named `<bucket>-<cluster>`, instead of a prefix for each in one bucket.
     * @default false
     */
    bucketPerCluster: z.boolean().default(false),
    /** Region to which every bucket is replicated; the copy's name is `<bucket>-<region>`. */
    replicationRegion: region.optional(),
    /**
     * IAM path of every role of the fleet, in every account.
     * @default "/thanos-fleet/"
     */
    rolePath: z
        .string()
        .regex(/^\/([\w+=,.@-]+\/)*$/, "is not an IAM path. Write for instance /thanos-fleet/.")
        .default("/thanos-fleet/"),
});

export type AwsAccount = z.infer<typeof observeeAws>;
export type ObserverAws = z.infer<typeof observerAws>;
export type CreateCluster = z.infer<typeof createCluster>;
export type NodeGroupsConfig = z.infer<typeof nodeGroups>;
