import { z } from "zod";
import { parseDuration } from "../../rules/duration";
import { EKS } from "../../upstream/versions";
import { objectStore } from "./objectStore";

/**
 * The shape of a stack's configuration. Units and defaults are stated at each field; where a default is not Thanos's own, the reason is too.
 * Every text a user can get wrong is checked here once, so that nothing behind it has to.
 */

const duration = (example: string) =>
    z.string().refine((text) => isDuration(text), {
        error: `is not a duration. Write a number and a unit (ms, s, m, h, d, w, y), for instance ${example}.`,
    });

const isDuration = (text: string) => {
    try {
        parseDuration(text);
        return true;
    } catch {
        return false;
    }
};

const size = z.string().regex(/^[1-9]\d*(Mi|Gi|Ti)$/, "is not a size. Write a whole number and Mi, Gi or Ti, for instance 50Gi.");

/** Becomes a DNS label, an S3 prefix and the value of the external label `cluster`, so it has to be valid as all three. */
const clusterName = z
    .string()
    .regex(
        /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/,
        "is not a cluster name. Use 1 to 32 lower-case letters, digits and hyphens, beginning with a letter.",
    );

const domain = z
    .string()
    .regex(
        /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
        "is not a DNS domain. Write for instance fleet.example.internal.",
    );

const count = z.int().min(1);

/** How an observee's samples reach the observer. */
export const MODES = ["sidecar", "sidecar-remote-write"] as const;
export type Mode = (typeof MODES)[number];
/** Whether an observee also writes to Receive. */
export const WRITES_REMOTELY: Record<Mode, boolean> = { sidecar: false, "sidecar-remote-write": true };

const prometheus = z.strictObject({
    /** Prometheus pods that scrape the same targets. Two, so that a restart leaves no gap. */
    replicas: count.default(2),
    /** How long Prometheus keeps blocks on its own disk. Three blocks is Thanos's floor (docs/components/sidecar.md); a day survives a night without S3. */
    retention: duration("24h").default("24h"),
    /** Length of the blocks that Prometheus cuts and the sidecar uploads. Thanos expects 2h; only a demonstration should shorten it. */
    blockDuration: duration("2h").default("2h"),
    scrapeInterval: duration("30s").default("30s"),
    storage: size.default("50Gi"),
    memory: size.default("4Gi"),
});

const query = z.strictObject({ replicas: count.default(2), memory: size.default("1Gi") });

/** One replica by default: its cache is in memory, and two private caches give two truths (thanos#8276). */
const queryFrontend = z.strictObject({ replicas: count.default(1), memory: size.default("512Mi") });

const store = z.strictObject({
    replicas: count.default(2),
    /** How often Store looks for new blocks. */
    syncInterval: duration("15m").default("15m"),
    /** Store keeps serving a block that is marked for deletion this long; must be shorter than `compact.deleteDelay` (thanos docs, components/store.md). */
    ignoreDeletionMarksDelay: duration("24h").default("24h"),
    storage: size.default("20Gi"),
    memory: size.default("2Gi"),
});

const receive = z.strictObject({
    routers: count.default(2),
    ingesters: count.default(3),
    /** Copies of each sample. Three, so that any one ingester may be lost while writes go on (quorum 2). */
    replicationFactor: count.default(3),
    /** Receive holds recent data only: the observee's sidecar uploads the blocks. */
    retention: duration("24h").default("24h"),
    storage: size.default("50Gi"),
    /** Of an ingester. */
    memory: size.default("4Gi"),
    routerMemory: size.default("1Gi"),
});

/** Retention per resolution; `0d` keeps for ever. Equal unless you know why: zooming out needs 5m and 1h, zooming in needs raw (compact.md). */
const retention = z.strictObject({
    raw: duration("90d").default("90d"),
    fiveMinutes: duration("90d").default("90d"),
    oneHour: duration("90d").default("90d"),
});

const compact = z.strictObject({
    retention: retention.prefault({}),
    /** Lets the three retentions differ. */
    allowUnequalRetention: z.boolean().default(false),
    /** Blocks younger than this are left alone, in case their upload is not complete. */
    consistencyDelay: duration("30m").default("30m"),
    /** From the mark to the deletion of a block: the time Stores have to notice. */
    deleteDelay: duration("48h").default("48h"),
    waitInterval: duration("5m").default("5m"),
    storage: size.default("100Gi"),
    memory: size.default("4Gi"),
});

const arn = (service: string, resource: string, example: string) =>
    z.string().regex(new RegExp(`^arn:aws(-cn|-us-gov)?:${service}:${resource}$`), `is not such an ARN. Write for instance ${example}.`);
const subnetIds = z.array(z.string().regex(/^subnet-[0-9a-f]+$/, "is not a subnet id (subnet-0123abcd).")).min(1);
const byte = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const cidr = (bits: string) =>
    z.string().regex(new RegExp(`^(${byte}\\.){3}${byte}/${bits}$`), "is not a CIDR block. Write for instance 10.42.0.0/16.");
const bucketName = z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is not an S3 bucket name: 3 to 63 lower-case letters, digits, dots and hyphens.");
const region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "is not an AWS region. Write for instance eu-west-1.");

/** The EKS cluster that a stack deploys to: one that exists, or one that this stack makes. */
const eksCluster = z.strictObject({
    name: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$/, "is not the name of an EKS cluster."),
    create: z
        .strictObject({
            /** Kubernetes version. */
            version: z
                .string()
                .regex(/^1\.\d\d$/, 'is not a Kubernetes version of EKS. Write for instance "1.34".')
                .default(EKS.version),
            /** Private subnets that exist, in two zones or more. Without them the stack makes a VPC. */
            subnetIds: subnetIds.optional(),
            /** Addresses of the VPC that is made, a /16 to /20: no other cluster's of the fleet, or the two can never be connected. */
            vpcCidr: cidr("(1[6-9]|20)").optional(),
            /** Zones of the VPC that is made, by their letters. Which there are differs by region and account: asked before anything is made. */
            zones: z
                .array(z.string().regex(/^[a-g]$/, "is not the letter of a zone."))
                .min(2)
                .default(["a", "b", "c"]),
            /** Networks that reach the API server's private address: the VPC, a peered one, a VPN. `pulumi up` has to run in one, or in one of `publicAccessCidrs`. */
            privateAccessCidrs: z.array(cidr("([12]?\\d|3[0-2])")).default([]),
            /** Networks that reach it from outside. Nobody by default. */
            publicAccessCidrs: z.array(cidr("([12]?\\d|3[0-2])")).default([]),
            /** Roles that administer the cluster through access entries; the one that runs `pulumi up` has to be among them. */
            admins: z.array(arn("iam", ":\\d{12}:role/.+", "arn:aws:iam::111111111111:role/Admin")).min(1),
        })
        .optional(),
});

const instanceType = z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, "is not an instance type (m7g.large).");
const nodeGroups = z.strictObject({
    /** Subnets of the nodes, one per zone. Those of the cluster, where this stack made it. */
    subnetIds: subnetIds.optional(),
    os: z.enum(["al2023", "bottlerocket"]).default("al2023"),
    /** Root volume of each node, in GiB. */
    diskGiB: z.int().min(20).default(50),
    /** For what has volumes: a group per zone, since a volume lives in one zone and its pod has to find a node there. Tainted. */
    stateful: z.strictObject({ instanceType: instanceType.default("m7g.2xlarge"), nodesPerZone: count.default(1) }).prefault({}),
    /** For the rest: one group over all zones. */
    general: z.strictObject({ instanceType: instanceType.default("m7g.large"), nodes: count.default(2) }).prefault({}),
});

/** `install`: by this stack. `present`: an EKS add-on that is there, whose version is checked. `unmanaged`: there by other means, not checked. */
const addOn = z.enum(["install", "present", "unmanaged"]).optional();

/** What the platform stands on. Each is `install` by default in a cluster that this stack makes, `present` in one that exists. */
const addOns = z.strictObject({
    podIdentityAgent: addOn,
    ebsCsi: addOn,
    loadBalancerController: addOn,
    externalDns: addOn,
    certManager: addOn,
    metricsServer: addOn,
});
export const ADD_ONS = addOns.keyof().options;
export type AddOnName = (typeof ADD_ONS)[number];

/** What an AWS stack needs to know of the account. */
const awsAccount = {
    region,
    /** Profile of the AWS CLI's configuration to use, where the shell's own credentials are another account's: those of Pulumi's state, say. */
    profile: z.string().regex(/^\S+$/, "is not the name of a profile.").optional(),
    /** On everything that can carry tags, volumes and load balancers that controllers make included. */
    tags: z
        .record(
            // Controllers take `key=value,key=value`.
            z
                .string()
                .regex(
                    /^(?!aws:|kubernetes\.io|ebs\.csi\.aws\.com)[\w .:/+@-]{1,128}$/,
                    "is not a tag: letters, digits, spaces and . : / + @ _ -, not beginning with aws:, kubernetes.io or ebs.csi.aws.com.",
                ),
            z.string().regex(/^[\w .:/+@-]{0,256}$/, "is not the value of a tag: letters, digits, spaces and . : / + @ _ -."),
        )
        .default({}),
    cluster: eksCluster,
    /** This project's own nodes. Without them pods go to the nodes the cluster has. */
    nodeGroups: nodeGroups.optional(),
    addOns: addOns.prefault({}),
    identity: z
        .strictObject({
            /** How pods come by their role: EKS Pod Identity, or an OIDC provider of the cluster (IRSA). */
            by: z.enum(["pod-identity", "irsa"]).default("pod-identity"),
            /** Policy that bounds every role made here. */
            permissionsBoundary: arn("iam", ":(\\d{12}|aws):policy/.+", "arn:aws:iam::111111111111:policy/boundary").optional(),
        })
        .prefault({}),
    /** Route 53 zone of the fleet's domain, where ExternalDNS writes. Needed to install it. */
    zoneId: z
        .string()
        .regex(/^Z[0-9A-Z]+$/, "is not the id of a hosted zone (Z0123456789ABC).")
        .optional(),
};

const observerAws = z.strictObject({
    ...awsAccount,
    /** Name of the fleet's bucket, which this stack makes. Globally unique, and for good: renaming it means moving the data. */
    bucket: bucketName.optional(),
    /** A bucket and a key for each cluster, named `<bucket>-<cluster>`, instead of a prefix for each in one. */
    bucketPerCluster: z.boolean().default(false),
    /** Copies every bucket to another region; the copy's name is `<bucket>-<region>`. */
    replicationRegion: region.optional(),
    /** Path of every role of the fleet, in every account. */
    rolePath: z
        .string()
        .regex(/^\/([\w+=,.@-]+\/)*$/, "is not an IAM path. Write for instance /thanos-fleet/.")
        .default("/thanos-fleet/"),
    /** Certificate of ACM for the Query Frontend's page. Without it the page is plain HTTP inside the VPC. */
    pageCertificate: arn("acm", "[a-z0-9-]+:\\d{12}:certificate/.+", "arn:aws:acm:eu-west-1:111111111111:certificate/0a1b").optional(),
});

const observeeAws = z.strictObject(awsAccount);

/** Mutual TLS between clusters: the observer's stack is the certificate authority. */
const certificates = z.strictObject({
    /** How long a certificate is valid. */
    validity: duration("365d").default("365d"),
    /** How long before its end the next `pulumi up` renews it: longer than the longest pause between two of any stack, since nothing else does. */
    renewBefore: duration("120d").default("120d"),
});

/** One of the other clusters. */
const observee = z.strictObject({
    name: clusterName,
    mode: z.enum(MODES),
    /** Its AWS account, where that is not the observer's. */
    account: z
        .string()
        .regex(/^\d{12}$/, 'is not an AWS account id: 12 digits, in quotes ("111111111111").')
        .optional(),
    /** How another account's pods get at the bucket: named in its policy, or through a role of the observer's account that they assume. */
    via: z.enum(["bucket-policy", "role"]).optional(),
});

const common = {
    /** This cluster's name: external label `cluster`, prefix in the bucket, part of its DNS names. Never change it once data is written. */
    cluster: clusterName,
    /** DNS domain of the fleet: addresses are derived from it, so that no stack has to wait for another's. */
    domain,
    namespace: z.string().default("monitoring"),
    /** StorageClass of every volume. Without it, on AWS the stack makes one (gp3, encrypted, kept); elsewhere it is `standard`. */
    storageClass: z.string().optional(),
    /** The chart to install: a reference `helm` understands, or a directory. */
    chart: z.string().default("oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack"),
    /** Path or content of a kubeconfig. `cloud: aws` makes one from the EKS cluster instead. */
    kubeconfig: z.string().optional(),
    context: z.string().optional(),
    prometheus: prometheus.prefault({}),
    query: query.prefault({}),
};

const observerCommon = {
    ...common,
    role: z.literal("observer"),
    /** The other clusters of the fleet. */
    observees: z.array(observee).default([]),
    /** An object store that exists and is not this stack's: what Thanos calls its type and its config. On AWS instead of `aws.bucket`. */
    objectStore: objectStore.optional(),
    certificates: certificates.prefault({}),
    queryFrontend: queryFrontend.prefault({}),
    store: store.prefault({}),
    receive: receive.prefault({}),
    compact: compact.prefault({}),
};

const observeeCommon = {
    ...common,
    role: z.literal("observee"),
    /** The observer's stack, as `organization/project/stack`. */
    observer: z
        .string()
        .regex(
            /^[^/]+\/[^/]+\/[^/]+$/,
            "is not a stack name. Write organization/project/stack; `pulumi stack ls` in the observer's project shows it.",
        ),
};

export const schemas = {
    "observer on aws": z.strictObject({ ...observerCommon, cloud: z.literal("aws"), aws: observerAws }),
    "observer on local": z.strictObject({ ...observerCommon, cloud: z.literal("local") }),
    "observee on aws": z.strictObject({ ...observeeCommon, cloud: z.literal("aws"), aws: observeeAws }),
    "observee on local": z.strictObject({ ...observeeCommon, cloud: z.literal("local") }),
};

export type ObserverConfig = z.infer<(typeof schemas)["observer on aws"]> | z.infer<(typeof schemas)["observer on local"]>;
export type ObserveeConfig = z.infer<(typeof schemas)["observee on aws"]> | z.infer<(typeof schemas)["observee on local"]>;
export type StackConfig = ObserverConfig | ObserveeConfig;
export type PrometheusConfig = z.infer<typeof prometheus>;
export type QueryConfig = z.infer<typeof query>;
export type QueryFrontendConfig = z.infer<typeof queryFrontend>;
export type StoreConfig = z.infer<typeof store>;
export type ReceiveConfig = z.infer<typeof receive>;
export type CompactConfig = z.infer<typeof compact>;
export type CertificatesConfig = z.infer<typeof certificates>;
export type ObserveeEntry = z.infer<typeof observee>;
export type ObserverAws = z.infer<typeof observerAws>;
export type AwsAccount = z.infer<typeof observeeAws>;
export type NodeGroupsConfig = z.infer<typeof nodeGroups>;
export type CreateCluster = NonNullable<z.infer<typeof eksCluster>["create"]>;
