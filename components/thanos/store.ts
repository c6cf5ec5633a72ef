import * as pulumi from "@pulumi/pulumi";
import type { StoreConfig } from "../../config/schema";
import { shareOf } from "../../config/size";
import { goTime } from "../../rules/duration";
import { STREAM_LABEL } from "../../rules/model";
import type { StreamAccess } from "../blocks/blockStorage";
import { childOptions } from "../kubernetes/childOptions";
import type { Placement } from "../kubernetes/placement";
import { PART_OF, podsOf } from "../naming/labels";
import { serviceAccountOf, serviceHost, shardName, storeWorkloads } from "../naming/names";
import { bucketCacheFile, indexCacheFile, type SharedCache } from "./caches";
import type { Endpoint } from "./endpoints";
import { DATA_DIR, OBJECT_STORE_FILE, START_DIR, serviceAccount, THANOS_PORTS, type ThanosPods, type Workload, workload } from "./workload";

export interface StoreArgs extends Omit<StoreConfig, "cache">, ThanosPods {
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
    /** Nodes of the pods, which have volumes. @default any node */
    placement?: Placement | undefined;
}

const INDEX_CACHE = "index-cache.yml";
const BUCKET_CACHE = "bucket-cache.yml";

/**
 * The blocks of one shard: those whose id has this hash. Compact gives the blocks that it makes new ids, so a block and what was made of it may be in two shards,
 * and both are served until the first is deleted. Query merges the samples, as it does those of a Store and of Prometheus.
 */
const shardOf = (shard: number, shards: number): string =>
    JSON.stringify([
        { action: "hashmod", source_labels: ["__block_id"], target_label: "shard", modulus: shards },
        { action: "keep", source_labels: ["shard"], regex: String(shard) },
    ]);

/** Flags of `thanos store`. `shard`: of a Store that shares the stream with others, the first is 0. */
export function storeFlags(
    args: Omit<StoreConfig, "replicas" | "cpu" | "storage" | "cache"> & Pick<StoreArgs, "cache"> & { shard?: number },
): string[] {
    const { requestSeries, requestSamples } = args.limits;
    return [
        "store",
        "--log.format=json",
        // Index cache and chunk pool are on Go's heap, which grows to twice what is in use before it is collected: two thirds of the pod's memory would become more
        // than all of it. Index headers are mapped files, whose pages the kernel takes back. Mimir limits its store-gateway too (grafana/mimir#4971).
        "--enable-auto-gomemlimit",
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
        ...(args.shard === undefined ? [] : [`--selector.relabel-config=${shardOf(args.shard, args.shards)}`]),
        // Store loads a block as soon as its oldest sample is of this age (pkg/block/fetcher.go), and serves only those of its samples that are (pkg/store/bucket.go).
        ...(args.minAge ? [`--max-time=-${args.minAge}`] : []),
        // Headers are downloaded at once (the default) but mapped into memory only while used, so idle blocks cost none.
        "--store.enable-index-header-lazy-reader",
        // Query has one connection to all replicas: closing it regularly spreads the Queries over the replicas again after a restart.
        "--grpc-server-max-connection-age=5m",
        // Without it the web page has buttons that mark blocks for deletion.
        "--disable-admin-operations",
    ];
}

/** The Thanos Stores of one stream: they answer queries from its blocks in the bucket. Each serves one shard of them. */
export class Store extends pulumi.ComponentResource {
    /** One for each shard, whose replicas hold the same blocks, so Query asks one of them. */
    readonly endpoints: Endpoint[];
    readonly volumes: pulumi.Resource[];

    constructor(name: string, args: StoreArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:Store", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const names = storeWorkloads(args.stream, args.shards);
        // Shards share the identity that the rights on the stream belong to. A single Store makes it itself.
        const account = names.length > 1 ? accountOf(args, childOpts) : undefined;
        const stores = names.map((workloadName, shard) =>
            storeWorkload({ ...args, name: workloadName, account, ...(names.length > 1 && { shard }) }, childOpts),
        );

        this.volumes = stores.flatMap(({ volumes }) => volumes);
        this.endpoints = names.map((service) => ({
            address: `${serviceHost(service, args.namespace)}:${THANOS_PORTS.grpc}`,
            equalReplicas: true,
        }));
        this.registerOutputs({ endpoints: this.endpoints });
    }
}

function accountOf({ namespace, stream, blocks }: StoreArgs, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
    const labels = { ...podsOf("store"), [STREAM_LABEL]: stream, ...PART_OF };
    return serviceAccount({ name: serviceAccountOf("store", stream), namespace, labels }, blocks, opts);
}

const storeWorkload = (
    args: StoreArgs & { name: string; account: pulumi.Output<string> | undefined; shard?: number },
    opts: pulumi.CustomResourceOptions,
): Workload =>
    workload(
        {
            name: args.name,
            namespace: args.namespace,
            component: "store",
            stream: args.stream,
            shard: args.shard === undefined ? undefined : shardName(args.shard, args.shards),
            serviceAccount: args.account,
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
            image: args.image,
            tracing: args.tracing,
        },
        opts,
    );
