import * as pulumi from "@pulumi/pulumi";
import type { QueryConfig } from "../../config/schema";
import { childOptions } from "../kubernetes/childOptions";
import { type ExposedArgs, exposed } from "../kubernetes/loadBalancerService";
import { REPLICA_LABELS } from "../naming/names";
import { type Tls, tlsSecret } from "../tls/tlsSecret";
import { type Endpoint, endpointsFile } from "./endpoints";
import { serverTlsFlags } from "./serverTls";
import { CONFIG_DIR, THANOS_PORTS, workload } from "./workload";

export interface QueryArgs extends QueryConfig {
    namespace: string;
    /** Everything this Query asks. */
    endpoints: readonly Endpoint[];
    /** Answers other clusters: reachable from outside under this DNS name. Left out for the observer's own Query. */
    leaf?: Pick<ExposedArgs, "host" | "annotations">;
    /** A leaf shows it to the observer's Query, and that shows its own to every leaf. */
    tls: Tls;
}

const ENDPOINTS = "endpoints.yml";

/** Flags of `thanos query`. Pure: equal args give an equal list. */
export function queryFlags(args: { leaf: boolean }): string[] {
    return [
        "query",
        "--log.format=json",
        "--enable-auto-gomemlimit",
        `--endpoint.sd-config-file=${CONFIG_DIR}/${ENDPOINTS}`,
        ...REPLICA_LABELS.map((label) => `--query.replica-label=${label}`),
        "--query.auto-downsampling",
        // Without a deadline one slow StoreAPI holds up every query (thanos#835, #3223).
        "--store.response-timeout=15s",
        // The observer's connections have to move on, or a new leaf pod never gets any (thanos#1083). Each has to show a valid certificate again.
        ...(args.leaf ? ["--grpc-server-max-connection-age=5m", ...serverTlsFlags("grpc-server")] : []),
    ];
}

/** Thanos Query: one PromQL API over many StoreAPIs. As a leaf it stands in front of a cluster's sidecars. */
export class Query extends pulumi.ComponentResource {
    readonly url: string;

    constructor(name: string, args: QueryArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:Query", name, {}, opts);
        const here = childOptions(this, opts);
        const id = `thanos-${name}`;
        const certificate = tlsSecret(`${id}-tls`, args, here);

        workload(
            {
                name: id,
                namespace: args.namespace,
                component: name,
                flags: queryFlags({ leaf: args.leaf !== undefined }),
                replicas: args.replicas,
                ports: THANOS_PORTS,
                config: { [ENDPOINTS]: endpointsFile(args.endpoints) },
                tls: certificate.metadata.name,
                memory: args.memory,
            },
            here,
        );
        if (args.leaf)
            exposed(
                `${id}-external`,
                { namespace: args.namespace, component: name, ...args.leaf, ports: { grpc: THANOS_PORTS.grpc } },
                here,
            );

        this.url = `http://${id}.${args.namespace}.svc.cluster.local:${THANOS_PORTS.http}`;
        this.registerOutputs({ url: this.url });
    }
}
