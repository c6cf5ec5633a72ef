import * as pulumi from "@pulumi/pulumi";
import type { StoreConfig } from "../../config/schema";
import { shareOf } from "../../config/size";
import { goTime } from "../../rules/duration";
import type { StreamAccess } from "../blocks/blockStorage";
import { childOptions } from "../kubernetes/childOptions";
import type { Placement } from "../kubernetes/placement";
import { serviceHost, streamWorkload } from "../naming/names";
import { bucketCacheFile, indexCacheFile, type SharedCache } from "./caches";
import { type Endpoint, replicaGroup } from "./endpoints";
import type { Tracing } from "./tracing";
import { DATA_DIR, OBJECT_STORE_FILE, START_DIR, THANOS_PORTS, workload } from "./workload";

export interface StoreArgs extends Omit<StoreConfig, "cache"> {
    /** The cache that all Stores share. @default undefined: in its memory */
    cache: SharedCache | undefined;
    /** Kubernetes namespace. */
    namespace: string;
    /** The stream that this Store serves. */
    stream: string;
    /** Access to the blocks of `stream`. */
    blocks: StreamAccess;
    /** StorageClass of the volumes that hold index headers. */
    storageClass: string;
    /** Where its traces go. @default nowhere */
    tracing?: Tracing | undefined;
    /** Nodes of the pods, which have volumes. @default any node */
    placement?: Placement | undefined;
}

const INDEX_CACHE = "index-cache.yml";
const BUCKET_CACHE = "bucket-cache.yml";

/** Flags of `thanos store`. */
export function storeFlags(args: Omit<StoreConfig, "replicas" | "cpu" | "storage" | "cache"> & Pick<StoreArgs, "cache">): string[] {
    const { requestSeries, requestSamples } = args.limits;
    return [
        "store",
        "--log.format=json",
        `--data-dir=${DATA_DIR}`,
        `--objstore.config-file=${OBJECT_STORE_FILE}`,
        `--sync-block-duration=${goTime(args.syncInterval)}`,
        `--block-discovery-strategy=${args.blockDiscovery}`,
        `--ignore-deletion-marks-delay=${args.ignoreDeletionMarksDelay}`,
        // Thanos's defaults, 250 MB and 2 GB, know nothing of the pod's limit: the pod would be killed before the pool refuses a query.
        ...(args.cache
            ? [`--index-cache.config-file=${START_DIR}/${INDEX_CACHE}`, `--store.caching-bucket.config-file=${START_DIR}/${BUCKET_CACHE}`]
            : [`--index-cache-size=${shareOf(args.memory, 0.25)}`]),
        `--chunk-pool-size=${shareOf(args.memory, 0.4)}`,
        ...(requestSeries ? [`--store.limits.request-series=${requestSeries}`] : []),
        ...(requestSamples ? [`--store.limits.request-samples=${requestSamples}`] : []),
        // Headers are downloaded at once (the default) but mapped into memory only while used, so idle blocks cost none.
        "--store.enable-index-header-lazy-reader",
        // Query has one connection to all replicas: closing it regularly spreads the Queries over the replicas again after a restart.
        "--grpc-server-max-connection-age=5m",
        // The web page could delete blocks otherwise.
        "--disable-admin-operations",
    ];
}

/** Thanos Store: answers queries from the blocks of one stream in the bucket. */
export class Store extends pulumi.ComponentResource {
    /** Its replicas hold the same blocks, so Query asks one of them. */
    readonly endpoint: Endpoint;
    readonly volumes: pulumi.Resource[];

    constructor(name: string, args: StoreArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:Store", name, {}, opts);
        const workloadName = streamWorkload("store", args.stream);

        const { volumes } = workload(
            {
                name: workloadName,
                namespace: args.namespace,
                component: "store",
                stream: args.stream,
                flags: storeFlags(args),
                replicas: args.replicas,
                ports: THANOS_PORTS,
                clients: { grpc: ["query"] },
                storage: { size: args.storage, class: args.storageClass, placement: args.placement },
                blocks: args.blocks,
                startFiles: args.cache && {
                    [INDEX_CACHE]: indexCacheFile(args.cache),
                    [BUCKET_CACHE]: bucketCacheFile(args.cache, args),
                },
                memory: args.memory,
                cpu: args.cpu,
                tracing: args.tracing,
            },
            childOptions(this, opts),
        );

        this.volumes = volumes;
        this.endpoint = replicaGroup(`${serviceHost(workloadName, args.namespace)}:${THANOS_PORTS.grpc}`);
        this.registerOutputs({ endpoint: this.endpoint });
    }
}
