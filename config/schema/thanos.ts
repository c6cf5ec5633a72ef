import { z } from "zod";
import { count, cpu, duration, size, volumeSize } from "./common";

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
});

export const queryFrontend = z.strictObject({
    /**
     * Pods. One, because the cache is in memory: two pods would answer the same query from two caches, and differ for a while (thanos#8276).
     * @default 1
     */
    replicas: count.default(1),
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

/** The Stores, one for each stream. */
export const store = z.strictObject({
    /**
     * Pods of each Store.
     * @default 2
     */
    replicas: count.default(2),
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

/** Receive: routers that take remote write, and the hashring of ingesters behind them. */
export const receive = z.strictObject({
    /**
     * Pods that take remote write and forward it to the ingesters.
     * @default 2
     */
    routers: count.default(2),
    /**
     * Pods that store samples. At least `replicationFactor`.
     * @default 3
     */
    ingesters: count.default(3),
    /**
     * Copies of each sample. Three, so that any one ingester may be lost while writes go on (quorum 2).
     * @default 3
     */
    replicationFactor: count.default(3),
    /**
     * How long ingesters keep samples, a duration. Receive has no object store: the observee's sidecars upload the blocks. So this is also how long the last,
     * not yet uploaded samples of a lost cluster can be queried: ingesters remove a tenant that has been silent for that long (docs/components/receive.md of Thanos).
     * @default "7d"
     */
    retention: duration("7d").default("7d"),
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
});

/**
 * How long samples are kept, by resolution. The three must be equal unless `allowUnequalRetention` is set: zooming out needs 5m and 1h samples, zooming in
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

/** The compactors, one for each stream. */
export const compact = z.strictObject({
    /** How long samples are kept, by resolution. */
    retention: retention.prefault({}),
    /**
     * Lets the three retentions differ.
     * @default false
     */
    allowUnequalRetention: z.boolean().default(false),
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
    /**
     * CPU that each compactor requests. It merges one group of blocks at a time, on one core (`--compact.concurrency`).
     * @default "1"
     */
    cpu: cpu.default("1"),
});

export type QueryConfig = z.infer<typeof query>;
export type QueryFrontendConfig = z.infer<typeof queryFrontend>;
export type StoreConfig = z.infer<typeof store>;
export type ReceiveConfig = z.infer<typeof receive>;
export type CompactConfig = z.infer<typeof compact>;
