import type * as pulumi from "@pulumi/pulumi";
import type { ObserverConfig } from "../../config/schema";
import type { Client } from "../kubernetes/networkPolicy";
import type { Endpoint } from "../thanos/endpoints";
import { Query, type QueryArgs } from "../thanos/query";
import { QueryFrontend, type QueryFrontendArgs } from "../thanos/queryFrontend";

export interface QueryTiersArgs extends Pick<QueryArgs, "namespace" | "placement" | "image" | "tracing" | "drainSeconds" | "tls"> {
    /** The settings of the observer. */
    config: Pick<ObserverConfig, "query" | "queryFrontend" | "rule">;
    /** Sources in the observer's cluster: its own sidecars, Receive, Rule and the Stores. */
    sources: readonly Endpoint[];
    /** The leaf Queries of the observees. */
    leafQueries: readonly Endpoint[];
}

/** The components of the observer's Queries. */
export const queryComponents = ({ mode, tenancy }: Pick<ObserverConfig["query"], "mode" | "tenancy">): string[] => [
    "query",
    ...(mode === "distributed" ? ["query-distributed"] : []),
    ...(tenancy ? ["query-tenants"] : []),
];

/** The component of the Query that answers people and Rule. */
export const topQuery = ({ mode }: Pick<ObserverConfig["query"], "mode">) => (mode === "distributed" ? "query-distributed" : "query");

/**
 * The Queries of the observer; answers the one for people and Rule. A distributed Query asks Queries only (thanos.io, components/query.md), so the observer's
 * own sources are behind one more (docs/adr/0031).
 */
export function queryTiers({ config, sources, leafQueries, tls, ...rest }: QueryTiersArgs, opts: pulumi.ComponentResourceOptions): Query {
    const { mode, tenancy, ...settings } = config.query;
    const common = { ...settings, ...rest };
    const people: Client[] = ["query-frontend", ...(config.rule ? (["rule"] as const) : [])];
    const tenants: Client[] = tenancy ? ["query-tenants"] : [];
    const top =
        mode === "local"
            ? new Query(
                  "query",
                  { ...common, tls, endpoints: [...sources, ...leafQueries], clients: { http: people, grpc: tenants } },
                  opts,
              )
            : distributedOver(new Query("query", { ...common, endpoints: sources, clients: { grpc: ["query-distributed"] } }, opts));
    if (tenancy) forTenants();
    return top;

    function distributedOver({ endpoint }: Query): Query {
        const clients = { http: people, grpc: tenants };
        return new Query(
            "query-distributed",
            { ...common, tls, tier: "distributed", endpoints: [endpoint, ...leafQueries], clients },
            opts,
        );
    }

    /** A Query and a Query Frontend for requests that name a tenant. People, dashboards and Rule ask about all clusters and do not use them. */
    function forTenants(): void {
        const query = new Query(
            "query-tenants",
            { ...common, tier: "tenants", endpoints: [top.endpoint], clients: { http: ["query-frontend-tenants"] } },
            opts,
        );
        // One pod with a cache in its memory. It must not share the cache of the other Query Frontend, which stores answers about all clusters under whatever tenant
        // the header of a request names: this one would hand them to that tenant.
        const frontend: QueryFrontendArgs = {
            ...config.queryFrontend,
            ...rest,
            replicas: 1,
            autoscale: undefined,
            cache: undefined,
            downstream: query.url,
            // Nobody may connect until the user adds a NetworkPolicy for the proxy that sets the header.
            visitors: [],
        };
        new QueryFrontend("query-frontend-tenants", frontend, opts);
    }
}
