import * as pulumi from "@pulumi/pulumi";
import { CLUSTER_LABEL, REPLICA_LABELS } from "../../config/labels";
import type { QueryConfig } from "../../config/schema";
import { mebibytesOf } from "../../config/size";
import { type Duration, formatDuration, parseDuration } from "../../rules/duration";
import { childOptions } from "../kubernetes/childOptions";
import { type LoadBalancerServiceArgs, loadBalancerService } from "../kubernetes/loadBalancerService";
import type { Client } from "../kubernetes/networkPolicy";
import type { Placement } from "../kubernetes/placement";
import { podsOf } from "../naming/labels";
import { externalServiceName, serviceHost, thanosName, tlsSecretName } from "../naming/names";
import { type TlsCredentials, tlsSecret } from "../tls/tlsSecret";
import { type Endpoint, endpointsFile } from "./endpoints";
import { serverTlsFlags } from "./serverTls";
import { CONFIG_DIR, type ServingPods, THANOS_PORTS, workload } from "./workload";

export interface QueryArgs extends QueryConfig, ServingPods {
    /** Kubernetes namespace. */
    namespace: string;
    /** Every StoreAPI that this Query asks. */
    endpoints: readonly Endpoint[];
    /**
     * Makes it a leaf Query, which other clusters reach over mutual TLS: DNS name and annotations of its load balancer.
     * @default none: reachable in its cluster only
     */
    leaf?: Pick<LoadBalancerServiceArgs, "host" | "annotations">;
    /**
     * Certificate: a leaf Query's server certificate, or the client certificate that is shown to every leaf Query.
     * @default none: it asks no leaf Query
     */
    tls?: TlsCredentials | undefined;
    /** Labels of copies beside `REPLICA_LABELS`. @default [] */
    replicaLabels?: readonly string[];
    /** What it does in front of other Queries. @default none: it asks every source itself */
    tier?: QueryTier | undefined;
    /** Pods of its namespace that ask it, by port. A leaf Query is asked by other clusters. @default nobody */
    clients?: { http?: readonly Client[]; grpc?: readonly Client[] };
    /** Nodes of its pods. @default any node */
    placement?: Placement | undefined;
}

const ENDPOINTS = "endpoints.yml";

/**
 * What a Query in front of others does. `distributed`: it asks Queries for parts of a query and not for series, as far as that gives the same answer.
 * `tenants`: it answers each tenant with the tenant's series only (docs/adr/0031).
 */
export type QueryTier = "distributed" | "tenants";

const TIER_FLAGS: Record<QueryTier, readonly string[]> = {
    // By this label Thanos knows which Queries answer for the same cluster. Without it every external label would count, `region` for instance.
    distributed: ["--query.mode=distributed", `--query.partition-label=${CLUSTER_LABEL}`],
    tenants: ["--query.enforce-tenancy", `--query.tenant-label-name=${CLUSTER_LABEL}`],
};

/** Memory that one PromQL query is reckoned with, in MiB: Thanos's default of 20 queries at once fills the default memory of 1Gi. An estimate. */
const QUERY_MIB = 50;
const MOST_QUERIES = 20;

/** One after the other is better than all at once and out of memory. More than Thanos's default would wait for cores instead. */
const queriesFor = (memory: string) => Math.min(MOST_QUERIES, Math.max(1, Math.floor(mebibytesOf(memory) / QUERY_MIB)));

/**
 * A leaf Query gives up on a sidecar before the observer's Query gives up on the leaf: it sends nothing until each of its sidecars has answered or timed out
 * (pkg/store/proxy_merge.go, eagerRespSet). With equal times one slow sidecar would take its whole cluster out of the answer.
 */
const leafPatience = (timeout: string) => formatDuration(Math.ceil((parseDuration(timeout) * 2) / 3) as Duration);

/**
 * Flags of `thanos query`, for the observer's Query and for a leaf Query. A leaf is asked for series over the StoreAPI, by another cluster: so it has mutual
 * TLS, and less patience. Its limits on PromQL are for people who ask it inside its cluster.
 *
 * No `--store.limits.*`: Query 0.42 asks for series in batches, and these limits do not count batches (pkg/store/limiter.go; thanos#8967). Stores count
 * what they read themselves.
 */
export function queryFlags(
    args: Omit<QueryConfig, "replicas" | "cpu"> & Pick<QueryArgs, "replicaLabels" | "tier"> & { leaf: boolean },
): string[] {
    return [
        "query",
        "--log.format=json",
        "--enable-auto-gomemlimit",
        `--endpoint.sd-config-file=${CONFIG_DIR}/${ENDPOINTS}`,
        // By default a new observee is asked only after 5 minutes, and a retired one makes answers warn for as long.
        "--endpoint.sd-config-reload-interval=30s",
        ...[...new Set([...REPLICA_LABELS, ...(args.replicaLabels ?? [])])].map((label) => `--query.replica-label=${label}`),
        "--query.auto-downsampling",
        `--query.timeout=${args.timeout}`,
        `--store.response-timeout=${args.leaf ? leafPatience(args.storeResponseTimeout) : args.storeResponseTimeout}`,
        `--query.max-concurrent=${args.maxConcurrent ?? queriesFor(args.memory)}`,
        `--query.max-concurrent-select=${args.maxConcurrentSelect}`,
        `--query.promql-engine=${args.tier === "distributed" ? "thanos" : args.promqlEngine}`,
        ...(args.tier ? TIER_FLAGS[args.tier] : []),
        // Closes the observer's connections regularly: new leaf pods get some (thanos#1083), and each new connection has to show a valid certificate.
        ...(args.leaf ? ["--grpc-server-max-connection-age=5m", ...serverTlsFlags("grpc-server")] : []),
    ];
}

/** Thanos Query: one PromQL API over many StoreAPIs. A leaf Query stands in front of the sidecars of its cluster. */
export class Query extends pulumi.ComponentResource {
    /** URL of the PromQL API, inside the cluster. */
    readonly url: string;
    /** Its replicas, as another Query of the cluster asks them. */
    readonly endpoint: Endpoint;

    constructor(name: string, args: QueryArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:Query", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { namespace } = args;
        const workloadName = thanosName(name);
        const { tls } = args;
        const certificate = tls && tlsSecret(tlsSecretName(workloadName), { namespace, tls }, childOpts);

        workload(
            {
                name: workloadName,
                namespace,
                component: name,
                flags: queryFlags({ ...args, leaf: args.leaf !== undefined }),
                replicas: args.replicas,
                autoscale: args.autoscale,
                ports: THANOS_PORTS,
                // Other clusters show a certificate to a leaf Query.
                clients: args.leaf ? { grpc: "anywhere" } : { ...args.clients },
                placement: args.placement,
                config: { [ENDPOINTS]: endpointsFile(args.endpoints) },
                tls: certificate?.metadata.name,
                memory: args.memory,
                cpu: args.cpu,
                image: args.image,
                tracing: args.tracing,
                drainSeconds: args.drainSeconds,
                prometheus: args.prometheus,
            },
            childOpts,
        );
        if (args.leaf)
            loadBalancerService(
                externalServiceName(workloadName),
                { namespace, pods: podsOf(name), ...args.leaf, ports: { grpc: THANOS_PORTS.grpc } },
                childOpts,
            );

        this.url = `http://${serviceHost(workloadName, namespace)}:${THANOS_PORTS.http}`;
        this.endpoint = { address: `${serviceHost(workloadName, namespace)}:${THANOS_PORTS.grpc}`, equalReplicas: true };
        this.registerOutputs({ url: this.url });
    }
}
