import type { Duration } from "./duration";

/**
 * What the rules know of a Thanos deployment, whether a configuration, registered resources or manifests describe it. A new rule adds the fields that
 * it needs.
 */
export interface ThanosModel {
    readonly compactors: readonly Compactor[];
    readonly receives: readonly Receive[];
    readonly prometheuses: readonly Prometheus[];
    readonly pages: readonly ExposedPage[];
}

export type PartKind = keyof ThanosModel;

/** Label of a Kubernetes workload that works on the blocks of one stream. Its value is the stream's name. */
export const STREAM_LABEL = "thanos-fleet/stream";

/** A workload of `thanos compact`. */
export interface Compactor {
    /** Where the part is described: `compact` in a configuration, `StatefulSet thanos-compact-blue` among resources. Paths of problems begin with it. */
    readonly path: string;
    /** Names the blocks that it compacts: the same name for the same bucket and prefix. */
    readonly stream: string;
    /** The relabelling that selects its shard. Absent: it works on the whole stream. */
    readonly shard?: string;
    readonly replicas: number;
    /** Whether an update starts the new pod before the old one has stopped. True of a Deployment, unless its strategy is Recreate; never of a StatefulSet. */
    readonly overlapsOnUpdate: boolean;
    /** False with `--downsampling.disable`. */
    readonly downsampling: boolean;
    readonly retention: Retention;
}

/** How long samples are kept, by resolution; 0 is for ever. */
export interface Retention {
    readonly raw: Duration;
    readonly fiveMinutes: Duration;
    readonly oneHour: Duration;
}

/** The routers of Receive, and the hashrings that they write to. */
export interface Receive {
    /** Where the routers are described. */
    readonly path: string;
    /** Copies of each sample. */
    readonly replicationFactor: number;
    /** Empty where another stack deploys the ingesters, or where their number is not known yet. */
    readonly rings: readonly Hashring[];
}

export interface Hashring {
    /** Where it is described. */
    readonly path: string;
    /** Pods that store samples. */
    readonly ingesters: number;
    /** How many of them are in each zone. Absent where the ring knows no zones. */
    readonly perZone?: readonly number[];
}

export interface Prometheus {
    /** Where it is described. */
    readonly path: string;
    /** Pods that scrape the same targets. */
    readonly replicas: number;
    /** Runs in agent mode: it forwards samples and stores no blocks. */
    readonly agent: boolean;
}

/** A page with metrics, or with what they are stored in, that an ingress exposes. */
export interface ExposedPage {
    /** Where it is described. */
    readonly path: string;
    /** DNS name. */
    readonly host: string;
    /** Whether somebody asks for a login before it. */
    readonly login: boolean;
    /** Why nobody does. */
    readonly reason?: string;
    /** CIDR blocks from which it may be opened; none for everywhere. */
    readonly sources: readonly string[];
}

/** Annotation of an Ingress without a login before its pages: why. */
export const NO_LOGIN = "thanos-fleet/no-login";

/** A deployment without any part, to be spread into others. */
export const NOTHING: ThanosModel = { compactors: [], receives: [], prometheuses: [], pages: [] };
