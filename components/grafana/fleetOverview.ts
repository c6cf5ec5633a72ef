import { CLUSTER_LABEL } from "../../config/labels";
import { remoteWrite } from "../alerts/clusterAlerts";
import { thanosName } from "../naming/names";
import { type DashboardSpec, graph, stat } from "./dashboard";
import { CHOSEN, CLUSTERS, EVERY_PROMETHEUS, EVERY_SIDECAR, type FleetFacts, ofObserver } from "./facts";

/** Series that count the samples which a Prometheus has appended: an agent's have another name. */
const APPENDED = `{__name__=~"prometheus_tsdb_head_samples_appended_total|prometheus_agent_samples_appended_total", ${EVERY_PROMETHEUS}`;

/** Whether every cluster answers, writes and uploads. */
export function fleetOverview(facts: FleetFacts): DashboardSpec {
    const queries = ofObserver(facts, ...facts.queries);
    const frontend = ofObserver(facts, thanosName("query-frontend"));
    return {
        title: "Fleet / Overview",
        variables: [CLUSTERS],
        rows: [
            {
                title: "Now",
                panels: [
                    stat("Clusters that answer", "none", `count(count by (${CLUSTER_LABEL}) (up))`, {
                        bad: { below: facts.clusters },
                        note: `${facts.clusters} should: the observer, and every observee that is not archived.`,
                    }),
                    stat("Alerts that fire", "none", 'count(ALERTS{alertstate="firing", severity=~"critical|warning"}) or vector(0)', {
                        bad: { from: 1 },
                    }),
                    stat("Targets that do not answer", "none", "count(up == 0) or vector(0)", { bad: { from: 1 } }),
                    stat("Samples per second", "cps", `sum(rate(${APPENDED}}[$__rate_interval]))`, {
                        note: "Of every Prometheus: replicas count twice.",
                    }),
                    stat("First certificate ends in", "s", `vector(${facts.certificatesEnd}) - time()`, {
                        note: "The first of all certificates between the clusters. `pulumi up` renews them.",
                    }),
                    stat("Sources of Query", "none", `max(sum by (pod) (thanos_store_nodes_grpc_connections{${queries}}))`, {
                        note: "Stores, ingesters, sidecars and leaf Queries that Query is connected to.",
                    }),
                ],
            },
            {
                title: "Clusters",
                panels: [
                    graph("Age of the newest sample", "s", `time() - max by (${CLUSTER_LABEL}) (timestamp(up{${CHOSEN}}))`, "{{cluster}}", {
                        note: "How fresh an answer is. Query looks back 5 minutes: a cluster whose samples are older has no line.",
                    }),
                    graph("Targets that do not answer", "none", `sum by (${CLUSTER_LABEL}) (1 - up{${CHOSEN}})`, "{{cluster}}"),
                    graph(
                        "Samples per second",
                        "cps",
                        `sum by (${CLUSTER_LABEL}) (rate(${APPENDED}, ${CHOSEN}}[$__rate_interval]))`,
                        "{{cluster}}",
                        {
                            note: "Replicas count twice.",
                        },
                    ),
                    graph(
                        "Since the last upload",
                        "s",
                        `time() - max by (${CLUSTER_LABEL}) (thanos_objstore_bucket_last_successful_upload_time{${CHOSEN}, ${EVERY_SIDECAR}} > 0)`,
                        "{{cluster}}",
                        { note: "Of the sidecar that was the last. A block is cut every 2 hours. Agents upload nothing themselves." },
                    ),
                    ...(facts.receive
                        ? [
                              graph(
                                  "Remote write is behind by",
                                  "s",
                                  `time() - min by (${CLUSTER_LABEL}) (prometheus_remote_storage_queue_highest_sent_timestamp_seconds{${remoteWrite(`${CHOSEN}, ${EVERY_PROMETHEUS}`)}} > 0)`,
                                  "{{cluster}}",
                                  { note: "Of the replica that is further behind." },
                              ),
                          ]
                        : []),
                    graph(
                        "Alerts that fire",
                        "none",
                        `count by (${CLUSTER_LABEL}, alertname) (ALERTS{${CHOSEN}, alertstate="firing", severity=~"critical|warning"}) or on () vector(0)`,
                        "{{cluster}} {{alertname}}",
                    ),
                ],
            },
            {
                title: "Queries",
                panels: [
                    graph(
                        "Queries per second",
                        "reqps",
                        `sum by (handler) (rate(http_requests_total{${frontend}}[$__rate_interval]))`,
                        "{{handler}}",
                    ),
                    graph(
                        "Slowest queries",
                        "s",
                        `histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{${frontend}}[$__rate_interval])))`,
                        "99 of 100 are faster",
                    ),
                ],
            },
        ],
    };
}
