import * as pulumi from "@pulumi/pulumi";
import type { BucketWebConfig } from "../../config/schema";
import { goTime } from "../../rules/duration";
import type { StreamAccess } from "../blocks/blockStorage";
import { childOptions } from "../kubernetes/childOptions";
import type { Clients } from "../kubernetes/networkPolicy";
import type { Placement } from "../kubernetes/placement";
import { serviceAccountOf, thanosName } from "../naming/names";
import { HTTP_ONLY, OBJECT_STORE_FILE, type ServingPods, workload } from "./workload";

export interface BucketWebArgs extends Omit<BucketWebConfig, "streams">, ServingPods {
    /** Kubernetes namespace. */
    namespace: string;
    /** The stream whose blocks it shows. */
    stream: string;
    /** Access to the blocks of `stream`: that of its Store, whose service account it runs as. */
    blocks: StreamAccess;
    /** Path of the page behind an ingress. @default `/` */
    path?: string | undefined;
    /** Who opens it. */
    visitors: Clients;
    /** Nodes of its pod. @default any node */
    placement?: Placement | undefined;
}

/** Flags of `thanos tools bucket web`. */
export const bucketWebFlags = ({ refresh, path }: Pick<BucketWebConfig, "refresh"> & Pick<BucketWebArgs, "path">): string[] => [
    "tools",
    "bucket",
    "web",
    "--log.format=json",
    "--enable-auto-gomemlimit",
    `--objstore.config-file=${OBJECT_STORE_FILE}`,
    `--refresh=${goTime(refresh)}`,
    // Without it the page has buttons that mark blocks for deletion. The bucket would refuse that: the page has the rights of a Store, which only reads.
    "--disable-admin-operations",
    // Thanos also serves the page under this path, since `--web.route-prefix` is not set (cmd/thanos/tools_bucket.go).
    ...(path ? [`--web.external-prefix=${path}`] : []),
];

/** A page that shows the blocks of one stream over time. Without visitors it is opened by `kubectl port-forward`, which no NetworkPolicy concerns. */
export class BucketWeb extends pulumi.ComponentResource {
    constructor(name: string, args: BucketWebArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:BucketWeb", name, {}, opts);
        workload(
            {
                name: thanosName(name),
                namespace: args.namespace,
                component: "bucket-web",
                stream: args.stream,
                flags: bucketWebFlags(args),
                replicas: 1,
                ports: HTTP_ONLY,
                clients: { http: args.visitors },
                blocks: args.blocks,
                serviceAccount: serviceAccountOf("store", args.stream),
                placement: args.placement,
                memory: args.memory,
                cpu: args.cpu,
                image: args.image,
                tracing: args.tracing,
                drainSeconds: args.drainSeconds,
            },
            childOptions(this, opts),
        );
        this.registerOutputs({});
    }
}
