import * as pulumi from "@pulumi/pulumi";
import type { CompactConfig } from "../../config/schema";
import type { StreamAccess } from "../blocks/blockStorage";
import { childOptions } from "../kubernetes/childOptions";
import type { Placement } from "../kubernetes/placement";
import { streamWorkload } from "../naming/names";
import { DATA_DIR, HTTP_ONLY, OBJECT_STORE_FILE, workload } from "./workload";

export interface CompactArgs extends Omit<CompactConfig, "allowUnequalRetention"> {
    /** Kubernetes namespace. */
    namespace: string;
    /** The stream that this Compact works on. */
    stream: string;
    /** Access to the blocks of `stream`. */
    blocks: StreamAccess;
    /** StorageClass of its volume. */
    storageClass: string;
    /** Nodes of the pods, which have volumes. @default any node */
    placement?: Placement | undefined;
}

/** Flags of `thanos compact`. */
export function compactFlags(args: Pick<CompactArgs, "retention" | "consistencyDelay" | "deleteDelay" | "waitInterval">): string[] {
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
        `--consistency-delay=${args.consistencyDelay}`,
        `--delete-delay=${args.deleteDelay}`,
        `--wait-interval=${args.waitInterval}`,
        // Marks a bad block and leaves it out of compaction, instead of halting the stream (thanos#3442).
        "--compact.skip-block-with-out-of-order-chunks",
        // The block viewer's default of 1m costs a request per block and minute.
        "--block-viewer.global.sync-block-interval=1h",
        // The web page could delete blocks otherwise.
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
            },
            childOptions(this, opts),
        );
        this.volumes = volumes;
        this.registerOutputs({});
    }
}
