import { HTTP_PORT, serviceHost, thanosName } from "../naming/names";

/** The data source, as a panel names it. Its `uid` is part of every dashboard, so it never changes. */
export const DATA_SOURCE = { type: "prometheus", uid: "thanos-fleet" };

export interface DataSourceArgs {
    /** Kubernetes namespace of Query Frontend. */
    namespace: string;
    /** The longest time between two scrapes of a target in the fleet, a duration. */
    scrapeInterval: string;
    /** Whether it is what a new panel asks. Grafana does not start with two of them, so only a Grafana of ours has it. */
    isDefault: boolean;
}

/**
 * Query Frontend as a data source, in the format of Grafana's provisioning (its packages/grafana-prometheus/src/types.ts has `jsonData`).
 * No custom headers: it answers for the whole fleet and reads no tenant. The one for tenants (`query.tenancy`) reads the tenant from a header, which the user's
 * proxy sets (docs/adr/0031). No exemplars: Receive is sent none.
 */
export const dataSources = ({ namespace, scrapeInterval, isDefault }: DataSourceArgs) => ({
    apiVersion: 1,
    datasources: [
        {
            ...DATA_SOURCE,
            name: "Thanos",
            access: "proxy",
            url: `http://${serviceHost(thanosName("query-frontend"), namespace)}:${HTTP_PORT}`,
            isDefault,
            editable: false,
            jsonData: {
                prometheusType: "Thanos",
                // A query with many chosen clusters is longer than a URL may be.
                httpMethod: "POST",
                // `$__rate_interval` is at least four of them. A rate over less than two samples is empty.
                timeInterval: scrapeInterval,
                // How long the browser keeps names and labels: a minute, so that a new cluster soon appears. Query Frontend caches them too.
                cacheLevel: "Low",
                // The browser would keep what it has drawn and ask for the newest ten minutes only, while samples of a cluster that was cut off arrive later.
                incrementalQuerying: false,
            },
        },
    ],
});
