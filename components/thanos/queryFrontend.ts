import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { QueryFrontendConfig } from "../../config/schema";
import { childOptions } from "../kubernetes/childOptions";
import type { ExposePage } from "../kubernetes/page";
import { queryFrontendHost } from "../naming/names";
import { CONFIG_DIR, HTTP_ONLY, workload } from "./workload";

export interface QueryFrontendArgs extends QueryFrontendConfig {
    namespace: string;
    domain: string;
    /** URL of the Query behind it. */
    downstream: string;
    /** Puts it under its DNS name. */
    expose: ExposePage;
}

const CACHE = "cache.yml";

/**
 * Flags of `thanos query-frontend`. Pure: equal args give an equal list.
 *
 * Partial responses stay on, as is Thanos's default: one observee that is away must not fail every query of the fleet. They carry a warning, and
 * what carries one is never cached.
 */
export function queryFrontendFlags(args: { downstream: string }): string[] {
    return [
        "query-frontend",
        "--log.format=json",
        "--enable-auto-gomemlimit",
        `--query-frontend.downstream-url=${args.downstream}`,
        "--query-frontend.compress-responses",
        "--query-frontend.log-queries-longer-than=10s",
        `--query-range.response-cache-config-file=${CONFIG_DIR}/${CACHE}`,
        // The newest minutes still change while Receive and the sidecars catch up.
        "--query-range.response-cache-max-freshness=5m",
        // The default of 5 multiplies the load just when something is failing.
        "--query-range.max-retries-per-request=2",
        "--labels.max-retries-per-request=2",
    ];
}

/** In memory, and therefore private to each replica. */
export const cacheFile = stringify({ type: "IN-MEMORY", config: { max_size: "256MB", validity: "6h" } });

/** Thanos Query Frontend: splits range queries by day and caches them. The address of the fleet. */
export class QueryFrontend extends pulumi.ComponentResource {
    readonly host: string;

    constructor(name: string, args: QueryFrontendArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:QueryFrontend", name, {}, opts);
        const here = childOptions(this, opts);
        const id = `thanos-${name}`;
        this.host = queryFrontendHost(args.domain);

        workload(
            {
                name: id,
                namespace: args.namespace,
                component: name,
                flags: queryFrontendFlags(args),
                replicas: args.replicas,
                ports: HTTP_ONLY,
                config: { [CACHE]: cacheFile },
                memory: args.memory,
            },
            here,
        );
        args.expose(`${id}-external`, { namespace: args.namespace, component: name, host: this.host, port: HTTP_ONLY.http }, here);

        this.registerOutputs({ host: this.host });
    }
}
