import type { ObserverConfig } from "./schema";

/** The pages of an observer that people open. */
export type PageName = "query" | "grafana" | "blocks";

/** The DNS name of each page that an observer has. Query Frontend has one even where nobody sets `exposure`: that of its load balancer on a local machine. */
export function pageHosts({
    domain,
    exposure,
    grafana,
    bucketWeb,
}: Pick<ObserverConfig, "domain" | "exposure" | "grafana" | "bucketWeb">): { query: string } & Partial<Record<PageName, string>> {
    const hosts = exposure?.hosts;
    return {
        query: hosts?.query ?? `query.${domain}`,
        ...(grafana?.server === "install" && { grafana: hosts?.grafana ?? `grafana.${domain}` }),
        ...(bucketWeb && bucketWeb.streams?.length !== 0 && { blocks: hosts?.blocks ?? `blocks.${domain}` }),
    };
}
