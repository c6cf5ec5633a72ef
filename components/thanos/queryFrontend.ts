import * as pulumi from "@pulumi/pulumi";
import type { QueryFrontendConfig } from "../../config/schema";
import { goTime } from "../../rules/duration";
import { childOptions } from "../kubernetes/childOptions";
import type { Clients } from "../kubernetes/networkPolicy";
import type { ExposePage } from "../kubernetes/page";
import type { Placement } from "../kubernetes/placement";
import { externalServiceName, serviceHost, thanosName } from "../naming/names";
import { answersCacheFile, type SharedCache } from "./caches";
import { HTTP_ONLY, type ServingPods, START_DIR, workload } from "./workload";

export interface QueryFrontendArgs extends Omit<QueryFrontendConfig, "cache">, ServingPods {
    /** The cache that its pods share. @default undefined: in its memory */
    cache: SharedCache | undefined;
    /** Kubernetes namespace. */
    namespace: string;
    /** URL of the Query behind the frontend. */
    downstream: string;
    /** Makes the frontend's page reachable under a DNS name, without an ingress. @default nothing does */
    expose?: { host: string; by: ExposePage } | undefined;
    /** URL of its page behind an ingress. @default none */
    page?: string | undefined;
    /** Who opens it. */
    visitors: Clients;
    /** Nodes of its pods. @default any node */
    placement?: Placement | undefined;
}

const CACHE = "cache.yml";

/**
 * Flags of `thanos query-frontend`.
 *
 * Partial responses stay on (docs/adr/0015), Thanos's default: an observee that cannot be reached must not fail every query of the fleet. They carry a warning, and
 * responses with a warning are never cached.
 */
export function queryFrontendFlags(
    args: Omit<QueryFrontendConfig, "replicas" | "cache" | "memory" | "cpu"> & { downstream: string },
): string[] {
    return [
        "query-frontend",
        "--log.format=json",
        "--enable-auto-gomemlimit",
        `--query-frontend.downstream-url=${args.downstream}`,
        // Parts of a split query go to one address, and Go keeps only two idle connections to it: the others would be made anew each time.
        "--query-frontend.downstream-tripper-config=max_idle_conns_per_host: 100",
        "--query-frontend.compress-responses",
        `--query-frontend.log-queries-longer-than=${goTime(args.logQueriesLongerThan)}`,
        `--query-range.split-interval=${goTime(args.splitInterval)}`,
        `--query-range.response-cache-config-file=${START_DIR}/${CACHE}`,
        "--cache-compression-type=snappy",
        `--query-range.response-cache-max-freshness=${goTime(args.maxFreshness)}`,
        // They count tries (internal/cortex/querier/queryrange/retry.go). The default of 5 multiplies the load just when something is failing.
        "--query-range.max-retries-per-request=2",
        "--query.max-retries-per-request=2",
        "--labels.max-retries-per-request=2",
        `--labels.default-time-range=${goTime(args.labelsTimeRange)}`,
    ];
}

/** Thanos Query Frontend: splits range queries by day and caches their results. The fleet's one address for people and dashboards. */
export class QueryFrontend extends pulumi.ComponentResource {
    /** URL of its page. Only pods open it where nothing makes it reachable. */
    readonly url: string;

    constructor(name: string, args: QueryFrontendArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:QueryFrontend", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { namespace } = args;
        const workloadName = thanosName(name);

        workload(
            {
                name: workloadName,
                namespace,
                component: name,
                flags: queryFrontendFlags(args),
                replicas: args.replicas,
                autoscale: args.autoscale,
                ports: HTTP_ONLY,
                clients: { http: args.visitors },
                placement: args.placement,
                startFiles: { [CACHE]: answersCacheFile(args.cache, args.memory) },
                memory: args.memory,
                cpu: args.cpu,
                image: args.image,
                tracing: args.tracing,
                drainSeconds: args.drainSeconds,
            },
            childOpts,
        );
        this.url =
            args.page ??
            args.expose?.by(
                externalServiceName(workloadName),
                { namespace, component: name, host: args.expose.host, port: HTTP_ONLY.http },
                childOpts,
            ) ??
            `http://${serviceHost(workloadName, namespace)}:${HTTP_ONLY.http}`;

        this.registerOutputs({ url: this.url });
    }
}
