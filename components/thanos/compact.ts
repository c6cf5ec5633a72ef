import * as pulumi from "@pulumi/pulumi";
import { RECEIVE_REPLICA_LABEL } from "../../config/labels";
import type { CompactConfig } from "../../config/schema";
import { goTime } from "../../rules/duration";
import { PROMETHEUS_REPLICA_LABEL } from "../../rules/model";
import type { StreamAccess } from "../blocks/blockStorage";
import { childOptions } from "../kubernetes/childOptions";
import type { Placement } from "../kubernetes/placement";
import { streamWorkload } from "../naming/names";
import { DATA_DIR, HTTP_ONLY, OBJECT_STORE_FILE, type ThanosPods, workload } from "./workload";

export interface CompactArgs extends CompactConfig, ThanosPods {
    /** Kubernetes namespace. */
    namespace: string;
    /** The stream that this Compact works on. */
    stream: string;
    /** Whether Receive uploads to it: each sample in as many copies as ingesters hold. @default false */
    receiveUploads?: boolean;
    /** Access to the blocks of `stream`. */
    blocks: StreamAccess;
    /** StorageClass of its volume. */
    storageClass: string;
    /** Nodes of the pods, which have volumes. @default any node */
    placement?: Placement | undefined;
}

/**
 * Merging across replicas ("vertical compaction"). `penalty` chooses one of two scrapes at a time, as Query does. Thanos's own choice is for copies of the
 * same samples: of two scrapes it would keep all samples (thanos.io, components/compact.md, which also warns that `penalty` may disturb rates, thanos#2890).
 */
const MERGE_PROMETHEUS_REPLICAS = [`--deduplication.replica-label=${PROMETHEUS_REPLICA_LABEL}`, "--deduplication.func=penalty"];

/** The ingesters' copies of a sample are equal, so Thanos's own choice, one of each, loses nothing. With it, Compact also merges blocks that overlap. */
const MERGE_INGESTERS = `--deduplication.replica-label=${RECEIVE_REPLICA_LABEL}`;

/**
 * A Compact has one function for all replica labels (cmd/thanos/compact.go). Of ingesters' copies `penalty` would drop for good a sample that one of them missed:
 * it skips the other copies until two scrapes later (pkg/dedup/iter.go). So the replicas of Prometheus stay apart where Receive uploads.
 */
function mergingFlags({ mergeReplicas, receiveUploads }: Pick<CompactArgs, "mergeReplicas" | "receiveUploads">): string[] {
    if (receiveUploads) return [MERGE_INGESTERS];
    return mergeReplicas ? MERGE_PROMETHEUS_REPLICAS : [];
}

/** Flags of `thanos compact`. */
export function compactFlags(args: Omit<CompactConfig, "storage" | "memory" | "cpu"> & Pick<CompactArgs, "receiveUploads">): string[] {
    const { concurrency } = args;
    return [
        "compact",
        "--wait",
        "--log.format=json",
        "--enable-auto-gomemlimit",
        `--data-dir=${DATA_DIR}`,
        `--objstore.config-file=${OBJECT_STORE_FILE}`,
        `--retention.resolution-raw=${args.retention.raw}`,
        `--retention.resolution-5m=${args.retention.fiveMinutes}`,
        `--retention.resolution-1h=${args.retention.oneHour}`,
        `--consistency-delay=${goTime(args.consistencyDelay)}`,
        `--delete-delay=${args.deleteDelay}`,
        `--wait-interval=${goTime(args.waitInterval)}`,
        `--block-discovery-strategy=${args.blockDiscovery}`,
        `--compact.concurrency=${concurrency.compactions}`,
        `--downsample.concurrency=${concurrency.downsamplings}`,
        `--compact.blocks-fetch-concurrency=${concurrency.blockFetches}`,
        `--block-files-concurrency=${concurrency.blockFiles}`,
        ...mergingFlags(args),
        // Marks a bad block and leaves it out of compaction, instead of halting the stream (thanos#3442).
        "--compact.skip-block-with-out-of-order-chunks",
        // The block viewer's default of 1m costs a request per block and minute.
        "--block-viewer.global.sync-block-interval=1h",
        // Without it the web page has buttons that mark blocks for deletion.
        "--disable-admin-operations",
    ];
}

/**
 * Thanos Compact: merges, downsamples and expires the blocks of one stream.
 *
 * Only one Compact may work on a stream: two corrupt it (thanos docs, components/compact.md). A StatefulSet with one replica never runs two pods.
 */
export class Compact extends pulumi.ComponentResource {
    readonly volumes: pulumi.Resource[];

    constructor(name: string, args: CompactArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:Compact", name, {}, opts);

        const { volumes } = workload(
            {
                name: streamWorkload("compact", args.stream),
                namespace: args.namespace,
                component: "compact",
                stream: args.stream,
                flags: compactFlags(args),
                replicas: 1,
                ports: HTTP_ONLY,
                storage: { size: args.storage, class: args.storageClass, placement: args.placement },
                blocks: args.blocks,
                // Time to end an upload. A compaction is not worth waiting for: SIGTERM cancels it, and it starts again from the download.
                // Well under the 900 s after which EKS gives up on a node that is not drained.
                gracePeriod: 300,
                memory: args.memory,
                cpu: args.cpu,
                image: args.image,
                tracing: args.tracing,
            },
            childOptions(this, opts),
        );
        this.volumes = volumes;
        this.registerOutputs({});
    }
}
