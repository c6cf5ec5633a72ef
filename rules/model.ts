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
    readonly stores: readonly Store[];
    readonly sources: readonly Source[];
    readonly frontends: readonly QueryFrontend[];
    readonly caches: readonly MemcachedCache[];
    readonly sidecars: readonly Sidecar[];
    readonly endpointLists: readonly EndpointList[];
    readonly commands: readonly Command[];
    readonly objectStores: readonly ObjectStoreFile[];
    readonly lifecycles: readonly LifecycleRule[];
    readonly roles: readonly PodRole[];
}

/** Stands for a fact that is not known, and says why: `Secret a/b is not among the manifests`. A rule never reports a problem because of it. */
export interface NotKnown {
    readonly notKnown: string;
}
export type Known<T> = T | NotKnown;

export const isKnown = <T>(fact: Known<T>): fact is T => typeof fact !== "object" || fact === null || !("notKnown" in fact);

export type PartKind = keyof ThanosModel;

/** Label of a Kubernetes workload that works on the blocks of one stream. Its value is the stream's name. */
export const STREAM_LABEL = "thanos-fleet/stream";

/** Label that prometheus-operator adds to every series of a Prometheus replica, and to its blocks, unless it is told another name. */
export const PROMETHEUS_REPLICA_LABEL = "prometheus_replica";

/** A workload of `thanos compact`. */
export interface Compactor {
    /** Where the part is described: `compact` in a configuration, `StatefulSet thanos-compact-blue` among resources. Paths of problems begin with it. */
    readonly path: string;
    /** Names the blocks that it compacts: the same name for the same bucket and prefix. */
    readonly stream: string;
    /** Why nobody knows where they are, so that no others have this name. Absent: it is known. */
    readonly streamLack?: NotKnown;
    /** The relabelling that selects its shard. Absent: it works on the whole stream. */
    readonly shard?: string;
    readonly replicas: number;
    /** Replicas that an autoscaler may make of them. */
    readonly mostReplicas?: number;
    /** Whether an update starts the new pod before the old one has stopped. True of a Deployment, unless its strategy is Recreate; never of a StatefulSet. */
    readonly overlapsOnUpdate: boolean;
    /** Whether a run of a CronJob starts while the last one still works. */
    readonly overlapsOnSchedule?: boolean;
    /** False with `--downsampling.disable`. */
    readonly downsampling: boolean;
    readonly retention: Retention;
    /** Time from the mark to the deletion of a block. Absent: not known. */
    readonly deleteDelay?: Duration;
    /** How it merges overlapping blocks. Absent where the program decides, and no setting. */
    readonly merging?: Merging;
}

/** How Compact merges blocks that overlap. */
export interface Merging {
    /** Whether it merges them at all. Without, it halts at the first overlap. */
    readonly vertical: boolean;
    /** Labels that it drops to find replicas: `prometheus_replica`. */
    readonly replicaLabels: readonly string[];
    /** Merges as Query does at query time, for replicas whose samples differ in time. Without, samples of equal time count as one and all others are kept. */
    readonly penalty: boolean;
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
    /** Those of its hashrings file. Empty where that is not known, and of ingesters that no router knows. */
    readonly rings: readonly Hashring[];
    /** Why its hashrings file is not known. Absent: it is known, or there is none. */
    readonly ringsLack?: NotKnown;
    /** Of routers: how they send samples to ingesters. Absent where nothing is sent, or where the program decides. */
    readonly sending?: Sending;
    /** Release of Thanos. Absent: not known. */
    readonly version?: string;
}

export interface Sending {
    /** How series are spread over the ingesters: `hashmod`, `ketama`. */
    readonly algorithm: string;
    /** `protobuf` or `capnproto`. */
    readonly protocol: string;
    /** Whether the routers are ingesters, too. */
    readonly stores: boolean;
}

export interface Hashring {
    /** Where it is described. */
    readonly path: string;
    /** Pods that store samples. */
    readonly ingesters: number;
    /** How many of them are in each zone. Absent where the ring knows no zones. */
    readonly perZone?: readonly number[];
    /** Tenants whose samples it takes. Absent: of all that no earlier ring takes. */
    readonly tenants?: readonly string[];
    /** Absent: as the router's flag says. */
    readonly algorithm?: string;
}

export interface Prometheus {
    /** Where it is described. */
    readonly path: string;
    /** Pods that scrape the same targets, also those of other workloads. */
    readonly replicas: number;
    /** Runs in agent mode: it forwards samples and stores no blocks. */
    readonly agent: boolean;
}

/** A workload of `thanos store`. */
export interface Store {
    /** Where it is described. */
    readonly path: string;
    /** Names the blocks that it serves, as a compactor's does. */
    readonly stream: string;
    /** Why nobody knows where they are. Absent: it is known. */
    readonly streamLack?: NotKnown;
    /** How long it serves a block that is marked for deletion. */
    readonly ignoreDeletionMarksDelay: Duration;
    /** Age below which it leaves samples to others (`--max-time=-22h`); 0: it answers for all ages. */
    readonly minAge: Duration;
    /** How often it looks for new blocks. */
    readonly syncInterval: Duration;
}

/** Who has the recent samples of a stream, and cuts blocks of them: ingesters of Receive, a Rule, or a Prometheus with a sidecar. */
export interface Source {
    /** Where it is described. */
    readonly path: string;
    readonly program: "Receive" | "Rule" | "Prometheus";
    /** Names the blocks that it uploads, as a compactor's does. */
    readonly stream: string;
    /** Whether it uploads them. */
    readonly uploads: boolean;
    readonly replicas: number;
    /** Whether prometheus-operator makes its pods. */
    readonly operated?: boolean;
    /** External labels whose value differs from replica to replica. */
    readonly replicaLabels: Known<readonly string[]>;
    /** All external labels as one text, to compare it with others. Absent: one differs from replica to replica, or they are not known. */
    readonly externalLabels?: string;
    /** How late a sample may be; 0: none is late. */
    readonly outOfOrder: Duration;
    /** How long it keeps samples. Absent: not known. */
    readonly retention?: Duration;
}

/** A workload of `thanos query-frontend`. */
export interface QueryFrontend {
    /** Where it is described. */
    readonly path: string;
    readonly replicas: number;
    /** Replicas that an autoscaler may make of them. */
    readonly mostReplicas?: number;
    /** Where answers are cached: `IN-MEMORY`, `MEMCACHED`, `REDIS`. Absent: nowhere. */
    readonly cache?: Known<string>;
}

/** What a component keeps in memcached. */
export interface MemcachedCache {
    /** Where the component is described. */
    readonly path: string;
    /** The flag that says so: `index-cache.config-file`. */
    readonly flag: string;
    /** Why its file is not known, so that nobody knows where the cache is. Absent: it is known. */
    readonly lack?: NotKnown;
    readonly addresses: readonly MemcachedAddress[];
    /** The largest item that is sent, in bytes; 0: of any size. Absent: not known. */
    readonly maxItemBytes?: number;
}

export interface MemcachedAddress {
    /** As it is written: `dnssrvnoa+_memcached._tcp.memcached`. */
    readonly address: string;
    /** Absent: not known. */
    readonly servers?: MemcachedServers;
}

/** The servers behind a Service. */
export interface MemcachedServers {
    readonly pods: number;
    /** Whether a lookup of the Service finds each of them. */
    readonly headless: boolean;
    /** The largest item that all of them take, in bytes. Absent: not known. */
    readonly itemBytes?: number;
}

/** A Prometheus with a Thanos sidecar. */
export interface Sidecar {
    /** Where it is described. */
    readonly path: string;
    /** Whether blocks are uploaded. */
    readonly uploads: boolean;
    readonly prometheus: Release;
    readonly thanos: Release;
    /** Release of the operator that makes its pods. Absent: not known, or there is none. */
    readonly operator?: string;
    /** Whether it is described for prometheus-operator, which chooses flags by the declared release. */
    readonly operated: boolean;
    /** Whether the operator is told to switch compaction in Prometheus off. */
    readonly compactionOff: boolean;
    /** Names of `--enable-feature`. */
    readonly features: readonly string[];
    /** `storage.tsdb.chunk_encoding.floats` of Prometheus's configuration. Absent: not set. */
    readonly floats?: Known<string>;
}

/** What runs, and what the operator is told to run. */
export interface Release {
    /** By the tag of the image. Absent: no image is given, or its tag tells no release. */
    readonly image?: string;
    /** By `version`. */
    readonly declared?: string;
}

/** The endpoints of a Query or a Rule: its flags and its `--endpoint.sd-config-file`. */
export interface EndpointList {
    /** Where they are described. */
    readonly path: string;
    /** Release of Thanos. Absent: not known. */
    readonly version?: string;
    /** Whether endpoints without settings of their own are asked over TLS. */
    readonly tlsByDefault: boolean;
    readonly endpoints: readonly Endpoint[];
    /** Why further endpoints are not known. Absent: they are all here. */
    readonly others?: NotKnown;
}

export interface Endpoint {
    /** Where it is described. */
    readonly path: string;
    readonly address: string;
    readonly group: boolean;
    readonly strict: boolean;
    /** `client_config`, where it has one. */
    readonly client?: EndpointClient;
    /** gRPC's service config, JSON. */
    readonly serviceConfig?: string;
    /** The pods behind it, where each has samples of its own. Absent: they have not, or nobody knows. */
    readonly backends?: Backends;
}

export interface Backends {
    readonly program: "Receive" | "Prometheus";
    readonly pods: number;
    /** Whether a lookup of the name finds each of them. */
    readonly headless: boolean;
}

/** Whether Thanos looks an address up, and asks each of the addresses that it finds: `dns+store:10901`, `dnssrv+_grpc._tcp.store`. */
export const isDynamic = (address: string): boolean => address.includes("+");

export interface EndpointClient {
    readonly serverName?: string;
    /** Least version of TLS. */
    readonly minVersion?: string;
    /** `tls_config.enabled`. Absent: not said. */
    readonly tls?: boolean;
    /** Whether a file or `insecure_skip_verify` switches TLS on. */
    readonly impliesTls: boolean;
    /** Its text, to compare it with others. */
    readonly text: string;
}

/** The command line of a Thanos component. */
export interface Command {
    /** Where it is described. */
    readonly path: string;
    /** `query-frontend`. */
    readonly component: string;
    /** Release of Thanos. Absent: not known. */
    readonly version?: string;
    /** Names of its flags. */
    readonly flags: readonly string[];
}

/** A file, or a flag's text, that says where blocks are. */
export interface ObjectStoreFile {
    /** Where the component that reads it is described. */
    readonly path: string;
    /** How many YAML documents it has. */
    readonly documents: Known<number>;
    /** The component that reads it: `store`. Absent where it is no matter. */
    readonly component?: string;
    /** Where in S3 the blocks are. Absent: in another kind of store. */
    readonly place?: Known<S3Place>;
    /** Who its pods are for AWS. Absent where it is no matter. */
    readonly identity?: Known<PodIdentity>;
}

export interface S3Place {
    readonly bucket: string;
    /** Without a slash at its end; empty for the whole bucket. */
    readonly prefix: string;
    /** Whether the file has an access key, so that no IAM role is needed. */
    readonly hasKey: boolean;
}

export interface PodIdentity {
    /** `namespace/name` of the service account that the pods run as. */
    readonly serviceAccount: string;
    /** ARN of the IAM role that the service account is annotated with (IRSA). Absent: with none. */
    readonly roleArn?: Known<string>;
}

/** A rule of a bucket's lifecycle that deletes or archives current objects. */
export interface LifecycleRule {
    /** Where it is described. */
    readonly path: string;
    readonly bucket: Known<string>;
    /** It applies to objects whose name begins so; empty for all. */
    readonly prefix: string;
    /** Age at which it deletes objects; 0: on a date. Absent: it deletes none. */
    readonly expires?: Duration;
    /** The storage class into which it moves objects, where nobody reads them before they are restored: `GLACIER`. Absent: it moves none there. */
    readonly archives?: string;
}

/** An IAM role for pods. */
export interface PodRole {
    /** Where it is described. */
    readonly path: string;
    readonly name: Known<string>;
    /** Service accounts that get it. */
    readonly accounts: Known<readonly TrustedAccount[]>;
    /** What it may do to objects in S3. */
    readonly rights: Known<ObjectRights>;
}

export interface TrustedAccount {
    /** `namespace/name`; with `like`, `*` and `?` stand for others. */
    readonly serviceAccount: string;
    /** By the trust policy, letter by letter (`StringEquals`) or as a pattern (`StringLike`, or no condition at all); or by an association of EKS Pod Identity. */
    readonly by: "equals" | "like" | "association";
}

/** ARNs of objects, in which `*` and `?` stand for others: `arn:aws:s3:::blocks/*`. */
export interface ObjectRights {
    readonly reads: readonly string[];
    readonly deletes: readonly string[];
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
    readonly sources: Known<readonly string[]>;
}

/** Whether no network is listed, or every address. */
export const admitsEverybody = (sources: readonly string[]): boolean =>
    sources.length === 0 || sources.some((source) => source.endsWith("/0"));

/** Annotation of an Ingress without a login before its pages: why. */
export const NO_LOGIN = "thanos-fleet/no-login";

/** A deployment without any part, to be spread into others. */
export const NOTHING: ThanosModel = {
    compactors: [],
    receives: [],
    prometheuses: [],
    pages: [],
    stores: [],
    sources: [],
    frontends: [],
    caches: [],
    sidecars: [],
    endpointLists: [],
    commands: [],
    objectStores: [],
    lifecycles: [],
    roles: [],
};
