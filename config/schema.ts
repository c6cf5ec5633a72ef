import { z } from "zod";
import { parseDuration } from "../rules/duration";

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

const replicas = (least: number) => z.int().min(least, `must be at least ${least}.`);

/** How an observee's samples reach the observer. */
export const MODES = ["sidecar", "sidecar-remote-write"] as const;
export type Mode = (typeof MODES)[number];

const prometheus = z.strictObject({
    /** Prometheus pods that scrape the same targets. Two, so that a restart leaves no gap. */
    replicas: replicas(1).default(2),
    /** How long Prometheus keeps blocks on its own disk. Three blocks is Thanos's floor (docs/components/sidecar.md); a day survives a night without S3. */
    retention: duration("24h").default("24h"),
    /** Length of the blocks that Prometheus cuts and the sidecar uploads. Thanos expects 2h; only a demonstration should shorten it. */
    blockDuration: duration("2h").default("2h"),
    scrapeInterval: duration("30s").default("30s"),
    storage: size.default("50Gi"),
    memory: size.default("4Gi"),
});

const query = z.strictObject({ replicas: replicas(1).default(2), memory: size.default("1Gi") });

/** One replica by default: its cache is in memory, and two private caches give two truths (thanos#8276). */
const queryFrontend = z.strictObject({ replicas: replicas(1).default(1), memory: size.default("512Mi") });

const store = z.strictObject({
    replicas: replicas(1).default(2),
    /** How often Store looks for new blocks. */
    syncInterval: duration("15m").default("15m"),
    /** Store keeps serving a block that is marked for deletion this long; must be shorter than `compact.deleteDelay` (thanos docs, components/store.md). */
    ignoreDeletionMarksDelay: duration("24h").default("24h"),
    storage: size.default("20Gi"),
    memory: size.default("2Gi"),
});

const receive = z.strictObject({
    routers: replicas(1).default(2),
    ingesters: replicas(1).default(3),
    /** Copies of each sample. Three, so that any one ingester may be lost while writes go on (quorum 2). */
    replicationFactor: replicas(1).default(3),
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

/** What an AWS stack needs to know of the account. */
const awsAccount = {
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "is not an AWS region. Write for instance eu-west-1."),
    /** Name of the EKS cluster that this stack deploys to. It must exist. */
    eksCluster: z.string().min(1),
    /** Subnets for this project's own node group, one per zone. Without them pods go to the nodes the cluster has. */
    nodeGroup: z
        .strictObject({
            subnetIds: z.array(z.string().regex(/^subnet-[0-9a-f]+$/, "is not a subnet id (subnet-0123abcd).")).min(1),
            instanceType: z.string().default("m7g.large"),
            /** Nodes per subnet. */
            nodes: z.int().min(1).default(1),
        })
        .optional(),
};

const bucketName = z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is not an S3 bucket name: 3 to 63 lower-case letters, digits, dots and hyphens.");

const observerAws = z.strictObject({
    ...awsAccount,
    /** Name of the fleet's bucket, which this stack makes. Globally unique, and for good: renaming it means moving the data. */
    bucket: bucketName,
});

const observeeAws = z.strictObject(awsAccount);

const common = {
    /** This cluster's name: external label `cluster`, prefix in the bucket, part of its DNS names. Never change it once data is written. */
    cluster: clusterName,
    /** DNS domain of the fleet: addresses are derived from it, so that no stack has to wait for another's. */
    domain,
    namespace: z.string().default("monitoring"),
    storageClass: z.string().default("gp3"),
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
    observees: z.array(z.strictObject({ name: clusterName, mode: z.enum(MODES) })).default([]),
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
export type NodeGroupConfig = NonNullable<z.infer<typeof observeeAws>["nodeGroup"]>;
