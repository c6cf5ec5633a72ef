import * as pulumi from "@pulumi/pulumi";
import type { StoreConfig } from "../../config/schema";
import type { StreamAccess } from "../blocks/blockStorage";
import { childOptions } from "../kubernetes/childOptions";
import type { Placement } from "../kubernetes/placement";
import { serviceHost, streamWorkload } from "../naming/names";
import type { Endpoint } from "./endpoints";
import { DATA_DIR, OBJECT_STORE_FILE, THANOS_PORTS, workload } from "./workload";

export interface StoreArgs extends StoreConfig {
    /** Kubernetes namespace. */
    namespace: string;
    /** The cluster whose blocks this Store serves. */
    stream: string;
    /** Access to the blocks of `stream`. */
    blocks: StreamAccess;
    /** StorageClass of the volumes that hold index headers. */
    storageClass: string;
    /** Nodes of the pods, which have volumes. @default any node */
    placement?: Placement | undefined;
}

/** Flags of `thanos store`. */
export function storeFlags(args: Pick<StoreArgs, "syncInterval" | "ignoreDeletionMarksDelay">): string[] {
    return [
        "store",
        "--log.format=json",
        `--data-dir=${DATA_DIR}`,
        `--objstore.config-file=${OBJECT_STORE_FILE}`,
        `--sync-block-duration=${args.syncInterval}`,
        `--ignore-deletion-marks-delay=${args.ignoreDeletionMarksDelay}`,
        "--index-cache-size=500MB",
        // Headers are downloaded at once (the default) but mapped into memory only while used, so idle blocks cost none.
        "--store.enable-index-header-lazy-reader",
        // The web page could delete blocks otherwise.
        "--disable-admin-operations",
    ];
}

/** Thanos Store: answers queries from the blocks of one stream in the bucket. */
export class Store extends pulumi.ComponentResource {
    /** Its replicas hold the same blocks, so Query asks one of them. */
    readonly endpoint: Endpoint;

    constructor(name: string, args: StoreArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:Store", name, {}, opts);
        const workloadName = streamWorkload("store", args.stream);

        workload(
            {
                name: workloadName,
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

        this.endpoint = { address: `dns+${serviceHost(workloadName, args.namespace)}:${THANOS_PORTS.grpc}`, group: true };
        this.registerOutputs({ endpoint: this.endpoint });
    }
}
