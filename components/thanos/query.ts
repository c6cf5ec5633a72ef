import * as pulumi from "@pulumi/pulumi";
import type { QueryConfig } from "../../config/schema";
import { childOptions } from "../kubernetes/childOptions";
import { type LoadBalancerServiceArgs, loadBalancerService } from "../kubernetes/loadBalancerService";
import type { Placement } from "../kubernetes/placement";
import { externalServiceName, REPLICA_LABELS, serviceHost, thanosName, tlsSecretName } from "../naming/names";
import { type TlsCredentials, tlsSecret } from "../tls/tlsSecret";
import { type Endpoint, endpointsFile } from "./endpoints";
import { serverTlsFlags } from "./serverTls";
import { CONFIG_DIR, THANOS_PORTS, workload } from "./workload";

export interface QueryArgs extends QueryConfig {
    /** Kubernetes namespace. */
    namespace: string;
    /** Every StoreAPI that this Query asks. */
    endpoints: readonly Endpoint[];
    /**
     * Makes it a leaf Query, which other clusters reach over mutual TLS: DNS name and annotations of its load balancer.
     * @default none: reachable in its cluster only
     */
    leaf?: Pick<LoadBalancerServiceArgs, "host" | "annotations">;
    /** Certificate: a leaf Query's server certificate, or the client certificate that the observer's Query shows to every leaf Query. */
    tls: TlsCredentials;
    /** Nodes of its pods. @default any node */
    placement?: Placement | undefined;
}

const ENDPOINTS = "endpoints.yml";

/** Flags of `thanos query`. */
export function queryFlags(args: { leaf: boolean }): string[] {
    return [
        "query",
        "--log.format=json",
        "--enable-auto-gomemlimit",
        `--endpoint.sd-config-file=${CONFIG_DIR}/${ENDPOINTS}`,
        // By default a new observee is asked only after 5 minutes, and a retired one makes answers warn for as long.
        "--endpoint.sd-config-reload-interval=30s",
        ...REPLICA_LABELS.map((label) => `--query.replica-label=${label}`),
        "--query.auto-downsampling",
        // Without a deadline one slow StoreAPI delays every query (thanos#835, #3223).
        "--store.response-timeout=15s",
        // Closes the observer's connections regularly: new leaf pods get some (thanos#1083), and each new connection has to show a valid certificate.
        ...(args.leaf ? ["--grpc-server-max-connection-age=5m", ...serverTlsFlags("grpc-server")] : []),
    ];
}

/** Thanos Query: one PromQL API over many StoreAPIs. A leaf Query stands in front of the sidecars of its cluster. */
export class Query extends pulumi.ComponentResource {
    /** URL of the PromQL API, inside the cluster. */
    readonly url: string;

    constructor(name: string, args: QueryArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:Query", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { namespace } = args;
        const workloadName = thanosName(name);
        const certificate = tlsSecret(tlsSecretName(workloadName), args, childOpts);

        workload(
            {
                name: workloadName,
                namespace,
                component: name,
                flags: queryFlags({ leaf: args.leaf !== undefined }),
                replicas: args.replicas,
                ports: THANOS_PORTS,
                // Other clusters show a certificate to a leaf Query.
                clients: args.leaf ? { grpc: "anywhere" } : { http: ["query-frontend"] },
                placement: args.placement,
                config: { [ENDPOINTS]: endpointsFile(args.endpoints) },
                tls: certificate.metadata.name,
                memory: args.memory,
                cpu: args.cpu,
            },
            childOpts,
        );
        if (args.leaf)
            loadBalancerService(
                externalServiceName(workloadName),
                { namespace, component: name, ...args.leaf, ports: { grpc: THANOS_PORTS.grpc } },
                childOpts,
            );

        this.url = `http://${serviceHost(workloadName, namespace)}:${THANOS_PORTS.http}`;
        this.registerOutputs({ url: this.url });
    }
}
