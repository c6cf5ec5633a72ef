import { z } from "zod";
import { CLUSTER_LABEL } from "../labels";
import { mebibytesOf } from "../size";
import { cache } from "./cache";
import { amount, autoscale, clusterName, count, countOrNone, cpu, duration, labelName, positiveDuration, size, volumeSize } from "./common";

/** One schema for each Thanos component. None has a CPU limit: what nobody else uses is free to take. */

/** Query of the observer, and the leaf Query of an observee. */
export const query = z.strictObject({
    /**
     * Pods.
     * @default 2
     */
    replicas: count.default(2),
    /**
     * Memory of each pod, a size.
     * @default "1Gi"
     */
    memory: size.default("1Gi"),
    /**
     * CPU that each pod requests.
     * @default "200m"
     */
    cpu: cpu.default("200m"),
    /**
     * How long a PromQL query may take, a duration. Thanos's default.
     * @default "2m"
     */
    timeout: duration("2m").default("2m"),
    /**
     * How long Query waits for the next data of a StoreAPI, a duration shorter than `timeout`. Then it answers without it, with a warning. Thanos waits for
     * ever by default: one slow cluster delays every query (thanos#835, #3223). A leaf Query waits two thirds of it (components/thanos/query.ts).
     * @default "15s"
     */
    storeResponseTimeout: duration("15s").default("15s"),
    /** PromQL queries that each pod works on at once; more wait for their turn. Not set: one for each 50Mi of `memory`, and no more than Thanos's 20. */
    maxConcurrent: count.optional(),
    /**
     * Selectors of one query that each pod fetches at once: `a / b` has two. Thanos's default.
     * @default 4
     */
    maxConcurrentSelect: count.default(4),
    /**
     * What evaluates PromQL. `thanos` uses more cores and less memory for a large query, and leaves to `prometheus` what it does not know; Thanos's
     * documentation calls it experimental.
     * @default "prometheus"
     */
    promqlEngine: z.enum(["prometheus", "thanos"]).default("prometheus"),
    /** More pods than `replicas` while they are busy. Not set: always `replicas`. */
    autoscale: autoscale.optional(),
});

/** Query of the observer. */
export const observerQuery = query.extend({
    /**
     * What Query gets from the leaf Queries. `local`: series. `distributed`: the results of parts of a query, which is less to send between clusters; one more
     * Query is in front, and what it cannot take apart it evaluates on series (docs/adr/0031). It always evaluates with the engine `thanos`.
     * @default "local"
     */
    mode: z.enum(["local", "distributed"]).default("local"),
    /**
     * One more Query, with a Query Frontend, for a proxy of yours that names a cluster in the header `THANOS-TENANT`, and gets series of this cluster only. A
     * NetworkPolicy lets nobody connect to it: add one for the proxy (docs/adr/0031).
     * @default false
     */
    tenancy: z.boolean().default(false),
    /**
     * Labels that tell the copies of a series apart, beside those of this project's own Prometheus, Receive and Rule: of blocks that something else has written,
     * whose copies Query would otherwise show as several series.
     * @default []
     */
    replicaLabels: z
        .array(labelName.refine((label) => label !== CLUSTER_LABEL, "would make one series of those of all clusters. Remove it."))
        .default([]),
});

export const queryFrontend = z.strictObject({
    /**
     * Pods. More than one need a cache that they share.
     * @default 1
     */
    replicas: count.default(1),
    /**
     * Where answers are cached. `in-memory` takes half of a pod's memory.
     * @default { type: "in-memory" }
     */
    cache: cache.default({ type: "in-memory" }),
    /**
     * How long a part is into which range queries are split, a duration. Parts are computed at once and cached one by one.
     * @default "24h"
     */
    splitInterval: positiveDuration("24h").default("24h"),
    /**
     * The newest part of an answer, which is not cached because its samples may still arrive, a duration. Longer than observees may lag behind with remote
     * write; Thanos's 1m caches graphs that still move.
     * @default "5m"
     */
    maxFreshness: positiveDuration("5m").default("5m"),
    /**
     * Queries that take longer are logged, a duration.
     * @default "10s"
     */
    logQueriesLongerThan: positiveDuration("10s").default("10s"),
    /**
     * How far back label names and values are looked up where a request does not say it, a duration. Thanos's default.
     * @default "24h"
     */
    labelsTimeRange: positiveDuration("24h").default("24h"),
    /** More pods than `replicas` while they are busy. They need a cache that they share. Not set: always `replicas`. */
    autoscale: autoscale.optional(),
    /**
     * Memory of each pod, a size.
     * @default "512Mi"
     */
    memory: size.default("512Mi"),
    /**
     * CPU that each pod requests.
     * @default "100m"
     */
    cpu: cpu.default("100m"),
});

const blockDiscovery = z.enum(["concurrent", "recursive"]);

/** Stores that share the blocks of a stream. With more than 99, their names would be too long for a StatefulSet. */
export const shards = z.int().min(1).max(99);

/** The Stores, one for each stream, or one for each of its shards. */
export const store = z.strictObject({
    /**
     * Pods of each Store.
     * @default 2
     */
    replicas: count.default(2),
    /**
     * Stores of each stream that share its blocks by a hash of their ids, each with `replicas` pods and volumes of `storage`. For streams whose blocks are more
     * than a Store starts with in good time or has memory for. Another number makes new Stores and then removes the old ones, whose volume claims stay.
     * @default 1
     */
    shards: shards.default(1),
    /**
     * Age below which Stores leave samples to Receive, a duration: without it a sample of the last day is read from the bucket as well. Only for streams whose
     * writers all write to Receive and are not archived: others have no second home for recent samples, which an outage or a full volume would make a hole
     * in every answer (docs/adr/0025). Shorter than `receive.retention` and than `prometheus.retention` of every observee that writes, by two `syncInterval`.
     * Not set: Stores answer for all ages.
     */
    minAge: positiveDuration("22h").optional(),
    /**
     * Where parts of blocks are cached, for all Stores. `in-memory` is for postings and series, in a quarter of a pod's memory; a shared cache also holds
     * chunks, block lists and `meta.json` files, and costs fewer requests to the bucket.
     * @default { type: "in-memory" }
     */
    cache: cache.default({ type: "in-memory" }),
    /**
     * How often Store looks for new blocks, a duration.
     * @default "15m"
     */
    syncInterval: duration("15m").default("15m"),
    /**
     * How long Store serves a block that is marked for deletion, a duration. Must be shorter than `compact.deleteDelay` (thanos docs, components/store.md).
     * @default "24h"
     */
    ignoreDeletionMarksDelay: duration("24h").default("24h"),
    /** What one request may read from a Store. A query that needs more goes on without that Store, with a warning. */
    limits: z
        .strictObject({
            /** Series. Not set: no limit. */
            requestSeries: amount.optional(),
            /** Samples, counted as 120 for each chunk; less than that would be no limit (cmd/thanos/store.go). Not set: no limit. */
            requestSamples: z.int().min(120).optional(),
        })
        .prefault({}),
    /**
     * How Store lists blocks: `concurrent` asks for each block whether it is complete, `recursive` lists every object. With many thousands of blocks,
     * `recursive` costs a sixteenth of the requests and takes longer.
     * @default "concurrent"
     */
    blockDiscovery: blockDiscovery.default("concurrent"),
    /**
     * Persistent volume of each pod, a size in Gi or Ti. It may grow, where the StorageClass lets volumes expand. It holds index headers.
     * @default "20Gi"
     */
    storage: volumeSize.default("20Gi"),
    /**
     * Memory of each pod, a size.
     * @default "2Gi"
     */
    memory: size.default("2Gi"),
    /**
     * CPU that each pod requests.
     * @default "200m"
     */
    cpu: cpu.default("200m"),
});

/** Most samples, and so most series, that a Prometheus of the fleet sends in one request. */
export const MAX_SAMPLES_PER_SEND = 2000;

const LOSS = "Prometheus drops a request that is refused for its size";

/** The size of a remote write request. Not less than 2,000 series need with a kilobyte of labels each. */
const requestSize = size.refine((text) => mebibytesOf(text) >= 2, {
    error: `is less than the 2Mi that ${MAX_SAMPLES_PER_SEND} series may need. ${LOSS}.`,
});

/** What one remote write request may contain. */
const perRequest = z.int().min(MAX_SAMPLES_PER_SEND, {
    error: `is less than the ${MAX_SAMPLES_PER_SEND} samples that Prometheus sends in a request. ${LOSS}.`,
});

const limited = {
    /**
     * Series that the tenant may have in the ingesters' heads, those of all its Prometheus replicas together, each counted once. A tenant that reaches it
     * gets 429 for every request and sends them again, until the ingesters have written their heads to disk: 2 to 5 h, longer than the two hours that
     * Prometheus keeps for it. So it is a fuse, to be set far above what the tenant needs: without it the ingesters run out of memory, for all tenants.
     * @default as many as the ingesters' memory holds, at 4 KiB each
     */
    series: amount.optional(),
    /**
     * Most series in one request. Prometheus drops a request that has more (413).
     * @default no limit
     */
    requestSeries: perRequest.optional(),
    /**
     * Most samples in one request. Prometheus drops a request that has more (413).
     * @default no limit
     */
    requestSamples: perRequest.optional(),
};

/** What the routers take. They reread it, so a change restarts nothing. */
const limits = z.strictObject({
    /**
     * Requests that each router works on at a time. The others wait, and Prometheus sends those again that wait for more than 30 s.
     * @default as many as the router's memory holds: 25 with 1Gi
     */
    maxConcurrency: amount.optional(),
    /** Of every tenant that has none of its own. */
    default: z
        .strictObject({
            ...limited,
            /**
             * Largest request, decoded. Prometheus drops a larger one (413): a last resort, several times what any Prometheus of the fleet sends.
             * @default "8Mi"
             */
            requestSize: requestSize.default("8Mi"),
        })
        .prefault({}),
    /**
     * By tenant, which is the name of an observee: the same settings as in `default`, which count where one is left out.
     * @default {}
     */
    tenants: z.record(clusterName, z.strictObject({ ...limited, requestSize: requestSize.optional() })).default({}),
});

/** A zone: the value of the label `topology.kubernetes.io/zone` of its nodes. */
const zone = z
    .string()
    .regex(
        /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
        "is not the name of a zone. Write it as nodes have it in their label topology.kubernetes.io/zone: eu-west-1a.",
    );

/** A ring of its own for some tenants: what others write cannot slow it down or fill it. */
const ring = z.strictObject({
    /** Part of the names of its StatefulSet and volumes, so it must not change. At most 12 characters: Kubernetes allows 52 for the name of a StatefulSet. */
    name: z
        .string()
        .regex(
            /^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/,
            "is not the name of a ring. Use 1 to 12 lower-case letters, digits and hyphens, beginning with a letter.",
        ),
    /**
     * The observees that write to it, each to one ring only; all others write to the shared ring. Empty: its ingesters get no samples and still answer, so
     * that the ring can be removed when its samples are in the bucket, or older than `receive.retention`.
     */
    tenants: z.array(clusterName),
    /**
     * Pods that store samples, the members of the ring. At least `receive.replicationFactor`.
     * @default `receive.ingesters`
     */
    ingesters: count.optional(),
    /**
     * Pods beyond these that have left the ring, as `receive.leaving`.
     * @default 0
     */
    leaving: countOrNone.default(0),
    /**
     * Zones of its ingesters, as `receive.zones`. Cannot be changed.
     * @default `receive.zones`
     */
    zones: z.array(zone).optional(),
    /**
     * Persistent volume of each ingester, a size in Gi or Ti. It may grow.
     * @default `receive.storage`
     */
    storage: volumeSize.optional(),
    /**
     * Memory of each ingester, a size.
     * @default `receive.memory`
     */
    memory: size.optional(),
    /**
     * CPU that each ingester requests.
     * @default `receive.cpu`
     */
    cpu: cpu.optional(),
});

/** Receive: routers that take remote write, and the hashrings of ingesters behind them. */
export const receive = z.strictObject({
    /**
     * Pods that take remote write and forward it to the ingesters. As many more take what a stateless Rule records (`rule.stream`).
     * @default 2
     */
    routers: count.default(2),
    /**
     * Pods that store samples, the members of the shared ring. At least `replicationFactor`; 0 where every observee that writes has another ring.
     * @default 3
     */
    ingesters: countOrNone.default(3),
    /**
     * Pods beyond `ingesters` that have left the ring: they get no samples and answer queries for those that they have. To make a ring smaller, lower
     * `ingesters` and add as many here; set it to 0 when the samples are in the bucket, or older than `retention`.
     * @default 0
     */
    leaving: countOrNone.default(0),
    /**
     * Copies of each sample. Three, so that any one ingester may be lost while writes go on (quorum 2).
     * @default 3
     */
    replicationFactor: count.default(3),
    /**
     * How long ingesters keep samples, a duration. Where an observee's sidecars upload its blocks, this is also how long the last, not yet uploaded samples of
     * a lost cluster can be queried: ingesters remove a tenant that has been silent for that long (docs/components/receive.md of Thanos). Where Receive uploads,
     * it is how long the object store may be away; at least three blocks.
     * @default "7d"
     */
    retention: duration("7d").default("7d"),
    /**
     * Length of the blocks that Receive uploads for agents, a duration. Thanos expects 2h; shorten it for a demonstration only.
     * @default "2h"
     */
    blockDuration: duration("2h").default("2h"),
    /**
     * How much older than the newest sample of its cluster a sample of an agent may be, a duration. As long as the agents keep what they could not send
     * (their `prometheus.retention`), or what they send after a long cut may be refused.
     * @default "24h"
     */
    lateSamples: duration("24h").default("24h"),
    /**
     * Persistent volume of each ingester, a size in Gi or Ti. It may grow, where the StorageClass lets volumes expand.
     * @default "50Gi"
     */
    storage: volumeSize.default("50Gi"),
    /**
     * Memory of each ingester, a size.
     * @default "4Gi"
     */
    memory: size.default("4Gi"),
    /**
     * CPU that each ingester requests.
     * @default "500m"
     */
    cpu: cpu.default("500m"),
    /**
     * Memory of each router, a size.
     * @default "1Gi"
     */
    routerMemory: size.default("1Gi"),
    /**
     * CPU that each router requests.
     * @default "200m"
     */
    routerCpu: cpu.default("200m"),
    /** More routers than `routers` while they are busy. Not set: always `routers`. */
    routerAutoscale: autoscale.optional(),
    /**
     * Zones of the ingesters, `["eu-west-1a", "eu-west-1b", "eu-west-1c"]`: equally many in each, and the copies of a sample in different ones, so that a lost
     * zone costs one copy. At least `replicationFactor` of them. Without zones, ingesters are spread as the scheduler likes. Cannot be changed: volumes do
     * not move; tenants move to a ring with other zones.
     * @default []
     */
    zones: z.array(zone).default([]),
    /**
     * Rings beside the shared one.
     * @default []
     */
    rings: z.array(ring).default([]),
    /** What the routers take from each tenant, and at a time. */
    limits: limits.prefault({}),
});

/**
 * How long samples are kept, by resolution. The three must be equal unless `easedRules` names L34: zooming out needs 5m and 1h samples, zooming in
 * needs raw ones (thanos.io, components/compact.md). Thanos keeps all for ever; 90 days bound the cost.
 */
const retention = z.strictObject({
    /**
     * Raw samples, a duration; `0d` keeps them for ever. At least 40h, the age at which Thanos downsamples them to 5m.
     * @default "90d"
     */
    raw: duration("90d").default("90d"),
    /**
     * Samples of a resolution of 5 minutes, a duration; `0d` keeps them for ever. At least 10d, the age at which Thanos downsamples them to 1h.
     * @default "90d"
     */
    fiveMinutes: duration("90d").default("90d"),
    /**
     * Samples of a resolution of 1 hour, a duration; `0d` keeps them for ever.
     * @default "90d"
     */
    oneHour: duration("90d").default("90d"),
});

/**
 * What a compactor does at once. More makes it faster where there are cores, and where it has fallen behind; memory and volume have to hold as many blocks,
 * and their results, at the same time (thanos.io, components/compact.md).
 */
const concurrency = z.strictObject({
    /**
     * Groups of blocks that are merged at once. A group has the same labels and resolution, so a cluster with two Prometheus has two of raw blocks.
     * @default 1
     */
    compactions: count.default(1),
    /**
     * Blocks that are downsampled at once, after the compactions of a round.
     * @default 1
     */
    downsamplings: count.default(1),
    /**
     * Blocks of one group that are downloaded at once.
     * @default 1
     */
    blockFetches: count.default(1),
    /**
     * Files of one block that are downloaded or uploaded at once.
     * @default 1
     */
    blockFiles: count.default(1),
});

const compactSettings = z.strictObject({
    /** How long samples are kept, by resolution. */
    retention: retention.prefault({}),
    /**
     * Age up to which Compact leaves a block alone, in case its upload is not complete; a duration.
     * @default "30m"
     */
    consistencyDelay: duration("30m").default("30m"),
    /**
     * Time from the mark to the deletion of a block, in which Stores notice the mark; a duration.
     * @default "48h"
     */
    deleteDelay: duration("48h").default("48h"),
    /**
     * Pause between two rounds, a duration.
     * @default "5m"
     */
    waitInterval: duration("5m").default("5m"),
    /**
     * Persistent volume of each compactor, a size in Gi or Ti. It may grow, where the StorageClass lets volumes expand.
     * @default "100Gi"
     */
    storage: volumeSize.default("100Gi"),
    /**
     * Memory of each compactor, a size.
     * @default "4Gi"
     */
    memory: size.default("4Gi"),
    /** How much it does at once. */
    concurrency: concurrency.prefault({}),
    /**
     * Merges the blocks of a cluster's two Prometheus into one block, which halves what is stored. It cannot be undone, and Thanos warns that it may disturb
     * rates (thanos#2890). Query merges the two series anyway. Not in streams that Receive uploads to, whose compactors merge the copies of ingesters: one
     * compactor cannot do both without losing samples (docs/adr/0022).
     * @default false
     */
    mergeReplicas: z.boolean().default(false),
    /**
     * How a compactor lists blocks, like `store.blockDiscovery`.
     * @default "concurrent"
     */
    blockDiscovery: blockDiscovery.default("concurrent"),
    /** CPU that each compactor requests. Not set: a core for each compaction or downsampling at once, whichever are more. */
    cpu: cpu.optional(),
});

/** The compactors, one for each stream. */
export const compact = compactSettings.transform((settings) => {
    const { compactions, downsamplings } = settings.concurrency;
    return { ...settings, cpu: settings.cpu ?? String(Math.max(compactions, downsamplings)) };
});

/** Pages that show the blocks of a stream over time. */
export const bucketWeb = z.strictObject({
    /**
     * The streams that get one, by name: a page shows one prefix.
     * @default every stream
     */
    streams: z.array(clusterName).optional(),
    /**
     * How often it looks for changes in the bucket, a duration. Each look asks for every block.
     * @default "30m"
     */
    refresh: positiveDuration("30m").default("30m"),
    /**
     * Memory of its pod, a size.
     * @default "256Mi"
     */
    memory: size.default("256Mi"),
    /**
     * CPU that its pod requests.
     * @default "50m"
     */
    cpu: cpu.default("50m"),
});

/** Commands of `thanos tools bucket` (docs/tools.md). No `replicate`: it needs a second object store. */
export const TOOLS = ["ls", "inspect", "verify", "mark", "unmark", "cleanup", "retention", "rewrite"] as const;
export type Tool = (typeof TOOLS)[number];

export type BucketWebConfig = z.infer<typeof bucketWeb>;
export type AutoscaleConfig = z.infer<typeof autoscale>;
export type QueryConfig = z.infer<typeof query>;
export type QueryFrontendConfig = z.infer<typeof queryFrontend>;
export type StoreConfig = z.infer<typeof store>;
export type ReceiveConfig = z.infer<typeof receive>;
export type CompactConfig = z.infer<typeof compact>;
