import * as pulumi from "@pulumi/pulumi";
import type { CompactConfig } from "../../config/schema";
import type { StreamAccess } from "../blocks/blocks";
import { childOptions } from "../kubernetes/childOptions";
import type { Placement } from "../kubernetes/placement";
import { streamWorkload } from "../naming/names";
import { DATA_DIR, HTTP_ONLY, OBJECT_STORE_FILE, workload } from "./workload";

export interface CompactArgs extends Omit<CompactConfig, "allowUnequalRetention"> {
    namespace: string;
    /** The cluster whose blocks it owns. */
    stream: string;
    blocks: StreamAccess;
    storageClass: string;
    placement?: Placement | undefined;
}

/** Flags of `thanos compact`. Pure: equal args give an equal list. */
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
        // One bad block is set aside instead of halting the stream (thanos#3442).
        "--compact.skip-block-with-out-of-order-chunks",
        // The viewer's default of 1m costs a request per block and minute.
        "--block-viewer.global.sync-block-interval=1h",
        // Its web page can delete blocks.
        "--disable-admin-operations",
    ];
}

/**
 * Thanos Compact: merges, downsamples and expires the blocks of one stream.
 *
 * Exactly one may work on a stream: two corrupt it (thanos docs, components/compact.md). A StatefulSet of one pod never runs two.
 */
export class Compact extends pulumi.ComponentResource {
    constructor(name: string, args: CompactArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:Compact", name, {}, opts);

        workload(
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
                // A compaction that is cut short is work lost, and starts again from the download.
                gracePeriod: 1200,
                memory: args.memory,
            },
            childOptions(this, opts),
        );
        this.registerOutputs({});
    }
}
