import * as pulumi from "@pulumi/pulumi";
import type { StoreConfig } from "../../config/schema";
import type { StreamAccess } from "../blocks/blocks";
import { childOptions } from "../kubernetes/childOptions";
import type { Placement } from "../kubernetes/placement";
import { streamWorkload } from "../naming/names";
import type { Endpoint } from "./endpoints";
import { DATA_DIR, OBJECT_STORE_FILE, THANOS_PORTS, workload } from "./workload";

export interface StoreArgs extends StoreConfig {
    namespace: string;
    /** The cluster whose blocks it serves. */
    stream: string;
    blocks: StreamAccess;
    storageClass: string;
    placement?: Placement | undefined;
}

/** Flags of `thanos store`. Pure: equal args give an equal list. */
export function storeFlags(args: Pick<StoreArgs, "syncInterval" | "ignoreDeletionMarksDelay">): string[] {
    return [
        "store",
        "--log.format=json",
        `--data-dir=${DATA_DIR}`,
        `--objstore.config-file=${OBJECT_STORE_FILE}`,
        `--sync-block-duration=${args.syncInterval}`,
        `--ignore-deletion-marks-delay=${args.ignoreDeletionMarksDelay}`,
        "--index-cache-size=500MB",
        // Headers are downloaded at once (the default) but mapped only while used: idle blocks cost no memory.
        "--store.enable-index-header-lazy-reader",
        // Its web page can delete blocks.
        "--disable-admin-operations",
    ];
}

/** Thanos Store: answers from the blocks of one stream in the bucket. */
export class Store extends pulumi.ComponentResource {
    readonly endpoint: Endpoint;

    constructor(name: string, args: StoreArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:Store", name, {}, opts);
        const id = streamWorkload("store", args.stream);

        workload(
            {
                name: id,
                namespace: args.namespace,
                component: "store",
                stream: args.stream,
                flags: storeFlags(args),
                replicas: args.replicas,
                ports: THANOS_PORTS,
                storage: { size: args.storage, class: args.storageClass, placement: args.placement },
                blocks: args.blocks,
                memory: args.memory,
            },
            childOptions(this, opts),
        );

        // Its replicas hold the same blocks: asking one is enough.
        this.endpoint = { anyOneOf: `dns+${id}.${args.namespace}.svc.cluster.local:${THANOS_PORTS.grpc}` };
        this.registerOutputs({ endpoint: this.endpoint });
    }
}
