import { z } from "zod";
import { SIZES } from "../sizes";
import { alerting } from "./alerting";
import { observeeAws, observerAws } from "./aws";
import { clusterName, domain, duration, namespace, objectName } from "./common";
import { exposure } from "./exposure";
import { grafana } from "./grafana";
import { objectStore } from "./objectStore";
import { pods } from "./pods";
import { observeePrometheus, prometheus } from "./prometheus";
import { rule } from "./rule";
import { bucketWeb, compact, observerQuery, query, queryFrontend, receive, shards, store, TOOLS } from "./thanos";

/**
 * The shape of a stack's configuration: one schema for each role and cloud. Every value is validated here, once; what no single value shows is in
 * ../checks. docs/configuration.md has the same settings as a page.
 */

/** How an observee's samples reach the observer. */
export const MODES = ["sidecar", "sidecar-remote-write", "agent"] as const;
export type Mode = (typeof MODES)[number];
/** Whether the Prometheus of an observee of that mode writes to Receive. */
export const WRITES_REMOTELY: Record<Mode, boolean> = { sidecar: false, "sidecar-remote-write": true, agent: true };
/** Whether it stores blocks, which its sidecars upload, and answers queries. */
export const STORES_BLOCKS: Record<Mode, boolean> = { sidecar: true, "sidecar-remote-write": true, agent: false };

/** Mutual TLS between clusters: the observer's stack is the certificate authority. */
const certificates = z.strictObject({
    /**
     * How long a certificate is valid, a duration of whole hours.
     * @default "365d"
     */
    validity: duration("365d").default("365d"),
    /**
     * How long before a certificate's end `pulumi up` renews it, a duration of whole hours. Nothing else renews certificates, so make it longer than
     * the longest pause between two updates of any stack.
     * @default "120d"
     */
    renewBefore: duration("120d").default("120d"),
});

/** Traces of every Thanos component of the stack, sent to an OpenTelemetry collector by OTLP over gRPC. */
const tracing = z.strictObject({
    /** Host and port of the collector. */
    endpoint: z.string().regex(/^[\w.-]+:\d+$/, "is not an address. Write host:port, for instance collector.tracing.svc:4317."),
    /**
     * Share of the requests that are traced, from 0 to 1. A header `X-Thanos-Force-Tracing` has a single request traced.
     * @default 0.01
     */
    samplingRatio: z.number().min(0).max(1, "is more than all of them: write at most 1.").default(0.01),
    /**
     * Plain gRPC. Without it, TLS with the authorities that the Thanos image knows.
     * @default false
     */
    insecure: z.boolean().default(false),
});

/** An observee, as the observer lists it. */
const observee = z.strictObject({
    /** The `cluster` of that observee's stack. */
    name: clusterName,
    /**
     * How its samples reach the observer. `sidecar`: in blocks, and by queries to its Prometheus. `sidecar-remote-write`: besides, by remote write to Receive,
     * which answers while the cluster cannot. `agent`: by remote write only; Receive uploads, and nothing of this cluster is evaluated or asked there.
     */
    mode: z.enum(MODES),
    /** Its AWS account, 12 digits, where that is not the observer's. */
    account: z
        .string()
        .regex(/^\d{12}$/, 'is not an AWS account id: 12 digits, in quotes ("111111111111").')
        .optional(),
    /**
     * How the pods of another account reach the bucket: the bucket policy names their roles (`bucket-policy`, what happens when `via` is not set), or
     * they assume a role of the observer's account (`role`).
     */
    via: z.enum(["bucket-policy", "role"]).optional(),
    /**
     * The cluster is gone, its blocks stay: they can be queried, and Compact expires them, but nothing asks the cluster and it may no longer write.
     * Samples that only Receive has can be queried for `receive.retention`, unless this was the last cluster that wrote: Receive goes with it, but for a
     * ring that uploads.
     * @default false
     */
    archived: z.boolean().default(false),
});

/** Blocks that one Compact and one set of Stores work on. */
const stream = z.strictObject({
    /** The stream's prefix in the bucket, and part of the names of its Store and Compact. Never change it once data is written. */
    name: clusterName,
    /**
     * The clusters whose samples are in it, each in one stream only. Those with sidecars can read and overwrite each other's blocks there, since rights are per
     * prefix. An empty list keeps what was written, and expires it.
     */
    writers: z.array(clusterName),
    /**
     * The folder of its blocks in the bucket, where that is not its name: for blocks that something else than this project has written. Empty: the root of the
     * bucket. Only in an existing object store (`objectStore`). Cannot be changed: the blocks are there.
     * @default the stream's name
     */
    prefix: z
        .string()
        .regex(
            /^([\w!.*'()-]+(\/[\w!.*'()-]+)*)?$/,
            "is not a folder of a bucket. Write names with slashes between them, none before or after: metrics/thanos.",
        )
        .optional(),
    /**
     * Whether Receive uploads what its writers write remotely, from a ring of the stream's own. An agent's samples have no other way. Set it to move a cluster
     * from `sidecar-remote-write` to `agent`, or to keep the ring when the last agent has left (docs/modes.md).
     * @default whether one of the writers is an agent
     */
    receiveUploads: z.boolean().optional(),
    /**
     * How long its samples are kept, in every resolution; a duration. `0d` keeps them for ever. At least 10d, the age at which Thanos downsamples to 1h.
     * @default `compact.retention`
     */
    retention: duration("90d").optional(),
    /**
     * Stores that share its blocks, as `store.shards`.
     * @default `store.shards`
     */
    shards: shards.optional(),
});

/** A rule that this stack may break (docs/adr/0035). */
const easedRule = z.strictObject({
    /** Its number in docs/rules, for instance L7. None that is critical: what it keeps from deletes or corrupts what is stored. */
    rule: z.string(),
    /** Why this stack may break it. The plan and the policy pack print it. */
    reason: z.string(),
    /** The last day on which it may, for instance "2027-01-01"; not set: for as long as it is written here. */
    until: z.string().optional(),
});

const stack = {
    /** This cluster's name in the fleet: its external label `cluster`, part of its DNS names, its prefix in the bucket unless it shares a stream. Never change it once data is written. */
    cluster: clusterName,
    /** DNS domain of the fleet. Addresses are derived from it, so that no stack has to wait for another's. */
    domain,
    /**
     * Kubernetes namespace that the stack fills. Its volumes are in it, so it must not change.
     * @default "thanos-fleet"
     */
    namespace: namespace.default("thanos-fleet"),
    /**
     * Creates the namespace. `false` where it exists: the stack then leaves its labels and quotas alone, and never deletes it. On AWS, give it the label
     * `elbv2.k8s.aws/pod-readiness-gate-inject: enabled`, or a rollout may interrupt remote write and leaf queries. Where it enforces a Pod Security Standard,
     * node-exporter needs `privileged`, everything else fits `restricted`.
     * @default true
     */
    createNamespace: z.boolean().default(true),
    /** StorageClass of every persistent volume. Without it, the stack creates one on AWS (gp3, encrypted, volumes retained) and uses `standard` elsewhere. */
    storageClass: objectName("a StorageClass").optional(),
    /**
     * The kube-prometheus-stack chart: a reference that `helm` understands, installed in the version of `npm run versions`, or a directory (`/...`, `./...`, `../...`).
     * @default "oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack"
     */
    chart: z.string().default("oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack"),
    /** Path or content of a kubeconfig. `cloud: aws` ignores it and builds one from the EKS cluster. */
    kubeconfig: z.string().optional(),
    /** Context in that kubeconfig. Without it, its current context. */
    context: z.string().optional(),
    /**
     * How large what the stack serves is, from which other defaults follow (docs/configuration.md, Sizes). An observer: its fleet. An observee: its own cluster.
     * @default "S"
     */
    size: z.enum(SIZES).default("S"),
    /** Where this stack's pods run. */
    pods: pods.prefault({}),
    /** This cluster's Prometheus. */
    prometheus: prometheus.prefault({}),
    /** This cluster's alerts. */
    alerting: alerting.prefault({}),
    /** The observer's Query, or the observee's leaf Query. */
    query: query.prefault({}),
    /** Traces of this cluster's Thanos. */
    tracing: tracing.optional(),
    /**
     * Rules that this stack may break, each with a reason.
     * @default []
     */
    easedRules: z.array(easedRule).default([]),
};

const observer = {
    ...stack,
    /** The cluster that runs Thanos for the whole fleet. */
    role: z.literal("observer"),
    /**
     * The other clusters of the fleet.
     * @default []
     */
    observees: z.array(observee).default([]),
    /**
     * Streams that several clusters share, or with a retention of their own. A cluster that is in none of them is a stream of its own, under its own name;
     * agents in none of them share the stream `agents`.
     * @default []
     */
    streams: z.array(stream).default([]),
    /** An existing object store, by the `type` and `config` of Thanos's own file. On AWS instead of `aws.bucket`. */
    objectStore: objectStore.optional(),
    /** Certificates between the clusters. */
    certificates: certificates.prefault({}),
    /** The observer's Query. */
    query: observerQuery.prefault({}),
    /** Query Frontend, the address for people and dashboards. */
    queryFrontend: queryFrontend.prefault({}),
    /** Every cluster's Store. */
    store: store.prefault({}),
    /** Receive. It runs if an observee writes remotely. */
    receive: receive.prefault({}),
    /** Every cluster's Compact. */
    compact: compact.prefault({}),
    /** Rule. It runs if this section is there. */
    rule: rule.optional(),
    /** Dashboards and Grafana. They are there if this section is. */
    grafana: grafana.optional(),
    /** A page for each stream that shows its blocks. They run if this section is there. */
    bucketWeb: bucketWeb.optional(),
    /**
     * How people reach the pages (docs/adr/0029): Query Frontend, Grafana and bucket web. Without it nobody does but by `kubectl port-forward`; with `cloud: local`, Query Frontend
     * has a load balancer.
     */
    exposure: exposure.optional(),
    /**
     * Tools that are ready to be run on a stream's blocks, each as a suspended CronJob of every stream (docs/tools.md).
     * @default []
     */
    tools: z.array(z.enum(TOOLS)).default([]),
};

const observeeStack = {
    ...stack,
    /** This cluster's Prometheus. */
    prometheus: observeePrometheus.prefault({}),
    /** A cluster that the observer sees. */
    role: z.literal("observee"),
    /** The observer's stack, as `organization/project/stack`. */
    observer: z
        .string()
        .regex(
            /^[^/]+\/[^/]+\/[^/]+$/,
            "is not a stack name. Write organization/project/stack; `pulumi stack ls` in the observer's project shows it.",
        ),
};

/** `cloud: aws` is EKS with S3 and IAM; `cloud: local` is any Kubernetes, with an S3 server inside it. */
export const schemas = {
    "observer on aws": z.strictObject({ ...observer, cloud: z.literal("aws"), aws: observerAws }),
    "observer on local": z.strictObject({ ...observer, cloud: z.literal("local") }),
    "observee on aws": z.strictObject({ ...observeeStack, cloud: z.literal("aws"), aws: observeeAws }),
    "observee on local": z.strictObject({ ...observeeStack, cloud: z.literal("local") }),
};

export type ObserverConfig = z.infer<(typeof schemas)["observer on aws"]> | z.infer<(typeof schemas)["observer on local"]>;
export type ObserveeConfig = z.infer<(typeof schemas)["observee on aws"]> | z.infer<(typeof schemas)["observee on local"]>;
export type StackConfig = ObserverConfig | ObserveeConfig;
export type CertificatesConfig = z.infer<typeof certificates>;
export type TracingConfig = z.infer<typeof tracing>;
export type ObserveeEntry = z.infer<typeof observee>;
export type StreamEntry = z.infer<typeof stream>;

/** The Prometheus that a stack keeps instead of installing one. */
export const existingOf = (config: StackConfig) => (config.role === "observee" ? config.prometheus.existing : undefined);

/** The observees that are still there. */
export const activeOf = (observees: readonly ObserveeEntry[]) => observees.filter(({ archived }) => !archived);

/** The observees that write to Receive: an archived one no longer does. Not the `writers` of a stream, of which some only upload. */
export const remoteWritersOf = (observees: readonly ObserveeEntry[]) => activeOf(observees).filter(({ mode }) => WRITES_REMOTELY[mode]);
export type { AlertingConfig } from "./alerting";
export { ADD_ONS, type AddOnName, type AwsAccount, type CreateCluster, type NodeGroupsConfig, type ObserverAws } from "./aws";
export type { CacheConfig, MemcachedConfig } from "./cache";
export type { ExposureConfig, Oauth2ProxyConfig } from "./exposure";
export type { GrafanaConfig } from "./grafana";
export type { PodsConfig } from "./pods";
export type { ExistingConfig, PrometheusConfig } from "./prometheus";
export type { RuleConfig } from "./rule";
export type { ScrapeConfig } from "./scrape";
export type {
    AutoscaleConfig,
    BucketWebConfig,
    CompactConfig,
    QueryConfig,
    QueryFrontendConfig,
    ReceiveConfig,
    StoreConfig,
    Tool,
} from "./thanos";
export { MAX_SAMPLES_PER_SEND } from "./thanos";
