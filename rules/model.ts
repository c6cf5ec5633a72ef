import type { Duration } from "./duration";

/**
 * What the rules know of a Thanos deployment: as much as they decide on, whoever describes it (stack config, registered resources, a rendered argv).
 *
 * `path` says where a part is written down; a finding about it begins with that path. A new rule adds the fields it needs.
 */
export interface ThanosModel {
    readonly compactors: readonly Compactor[];
    readonly receives: readonly Receive[];
    readonly prometheuses: readonly Prometheus[];
}

export type PartKind = keyof ThanosModel;

/** Label of a Kubernetes workload that works on the blocks of one stream. Its value is the stream's name. */
export const STREAM_LABEL = "thanos-fleet/stream";

export interface Compactor {
    readonly path: string;
    /** The blocks it owns: one name per bucket and prefix. */
    readonly stream: string;
    /** Relabelling that leaves it a share of the stream. Absent: the whole stream. */
    readonly shard?: string;
    readonly replicas: number;
    /** Whether an update starts the new pod before the old one has gone. A StatefulSet never does; a Deployment does unless its strategy is Recreate. */
    readonly overlapsOnUpdate: boolean;
    readonly downsampling: boolean;
    readonly retention: Retention;
}

/** How long samples are kept, by resolution. 0 keeps them for ever. */
export interface Retention {
    readonly raw: Duration;
    readonly fiveMinutes: Duration;
    readonly oneHour: Duration;
}

/** One hashring: whoever forwards (`path`), and the ingesters behind it. */
export interface Receive {
    readonly path: string;
    readonly replicationFactor: number;
    /** Pods that store samples. Absent where they are deployed elsewhere or their number is not known yet. */
    readonly ingesters?: number;
}

export interface Prometheus {
    readonly path: string;
    /** Pods that scrape the same targets. */
    readonly replicas: number;
    /** An agent only forwards: it keeps no history that a second replica could fill. */
    readonly agent: boolean;
}

/** A deployment without any part: examples and mappings spread it. */
export const NOTHING: ThanosModel = { compactors: [], receives: [], prometheuses: [] };
