import { CLUSTER_LABEL } from "../../config/labels";
import { remoteWrite } from "../alerts/clusterAlerts";
import { type DashboardSpec, graph, type Row, top } from "./dashboard";
import { CHOSEN, CLUSTERS, EVERY_PROMETHEUS, type FleetFacts, ofObserver } from "./facts";

/** The series that a Prometheus has in memory: an agent's have another name. */
const IN_MEMORY = `{__name__=~"prometheus_tsdb_head_series|prometheus_agent_active_series", ${CHOSEN}, ${EVERY_PROMETHEUS}}`;
const PER_TARGET = `{${CHOSEN}, job=~"$job"}`;

/**
 * What series cost, and who has them: cluster, job, target and tenant. Not which metric: a query over all series would use up the memory of Query. The page of
 * a cluster's own Prometheus says it (Status, TSDB Status).
 */
export const cardinality = (facts: FleetFacts): DashboardSpec => ({
    title: "Fleet / Cardinality",
    variables: [CLUSTERS, { name: "job", of: `up{${CHOSEN}}` }],
    rows: [
        {
            title: "Clusters",
            panels: [
                graph("Series in memory", "none", `max by (${CLUSTER_LABEL}) (${IN_MEMORY})`, "{{cluster}}", {
                    note: "Of the Prometheus that has the most. They decide its memory.",
                }),
                graph(
                    "Series for each scrape",
                    "none",
                    `sum by (${CLUSTER_LABEL}) (scrape_samples_post_metric_relabeling${PER_TARGET})`,
                    "{{cluster}}",
                    {
                        note: "What targets expose now, after relabelling. Far fewer than are in memory means that series come and go.",
                    },
                ),
                graph(
                    "New series within an hour",
                    "none",
                    `sum by (${CLUSTER_LABEL}) (sum_over_time(scrape_series_added${PER_TARGET}[1h]))`,
                    "{{cluster}}",
                ),
            ],
        },
        {
            title: "Jobs and targets",
            panels: [
                top(
                    "Jobs with the most series",
                    "none",
                    `topk(15, sum by (${CLUSTER_LABEL}, job) (scrape_samples_post_metric_relabeling${PER_TARGET}))`,
                    "{{cluster}} {{job}}",
                ),
                top(
                    "Jobs with the most new series within an hour",
                    "none",
                    `topk(15, sum by (${CLUSTER_LABEL}, job) (sum_over_time(scrape_series_added${PER_TARGET}[1h])))`,
                    "{{cluster}} {{job}}",
                ),
                top(
                    "Largest targets",
                    "none",
                    `topk(15, max by (${CLUSTER_LABEL}, job, instance) (scrape_samples_post_metric_relabeling${PER_TARGET}))`,
                    "{{cluster}} {{job}} {{instance}}",
                ),
                top(
                    "Dropped by relabelling",
                    "none",
                    `topk(15, sum by (${CLUSTER_LABEL}, job) (scrape_samples_scraped${PER_TARGET} - scrape_samples_post_metric_relabeling${PER_TARGET}))`,
                    "{{cluster}} {{job}}",
                    { note: "They cost a scrape, and no memory." },
                ),
            ],
        },
        ...receiveRows(facts),
    ],
});

function receiveRows(facts: FleetFacts): Row[] {
    const { receive } = facts;
    if (receive === undefined) return [];
    const ingesters = ofObserver(facts, ...receive.ingesters);
    return [
        {
            title: "Remote write",
            panels: [
                graph(
                    "Samples sent per second",
                    "cps",
                    `sum by (${CLUSTER_LABEL}) (rate(prometheus_remote_storage_samples_total{${remoteWrite(`${CHOSEN}, ${EVERY_PROMETHEUS}`)}}[$__rate_interval]))`,
                    "{{cluster}}",
                    { note: "Of both replicas: each sends what it scrapes." },
                ),
                graph(
                    "Bytes sent per second",
                    "Bps",
                    `sum by (${CLUSTER_LABEL}) (rate(prometheus_remote_storage_bytes_total{${remoteWrite(`${CHOSEN}, ${EVERY_PROMETHEUS}`)}}[$__rate_interval]))`,
                    "{{cluster}}",
                    { note: "Compressed: what the network between zones and clusters is billed for, before Receive copies it." },
                ),
                graph(
                    "Series in Receive, by tenant",
                    "none",
                    `sum by (tenant) (prometheus_tsdb_head_series{${ingesters}}) / ${receive.replicationFactor}`,
                    "{{tenant}}",
                    { note: "Each counted once, as receive.limits counts them." },
                ),
            ],
        },
    ];
}
