import { CLUSTER_LABEL } from "../../config/labels";
import { SIDECAR_SERVICE, thanosName } from "../naming/names";
import { type DashboardSpec, graph, type Panel, type Row } from "./dashboard";
import { CHOSEN, CLUSTERS, EVERY_SIDECAR, type FleetFacts, ofObserver } from "./facts";

/** Rate, errors and duration of what a component is asked over HTTP. */
const overHttp = (pods: string): Panel[] => [
    graph("Requests per second", "reqps", `sum by (handler) (rate(http_requests_total{${pods}}[$__rate_interval]))`, "{{handler}}"),
    graph(
        "Share of requests that fail",
        "percentunit",
        `(sum(rate(http_requests_total{${pods}, code=~"5.."}[$__rate_interval])) or vector(0)) / sum(rate(http_requests_total{${pods}}[$__rate_interval]))`,
        "failed",
    ),
    graph(
        "Duration of requests",
        "s",
        `histogram_quantile(0.99, sum by (le, handler) (rate(http_request_duration_seconds_bucket{${pods}}[$__rate_interval])))`,
        "{{handler}}",
        { note: "99 of 100 are faster." },
    ),
];

/** The same over gRPC, of which only the StoreAPI carries samples: Query asks for labels and states every few seconds, too. */
const overGrpc = (pods: string): Panel[] => {
    const series = `${pods}, grpc_method="Series"`;
    return [
        graph(
            "Requests for series per second",
            "reqps",
            `sum by (job) (rate(grpc_server_handled_total{${series}}[$__rate_interval]))`,
            "{{job}}",
        ),
        graph(
            "Share of requests for series that fail",
            "percentunit",
            `(sum(rate(grpc_server_handled_total{${series}, grpc_code!="OK"}[$__rate_interval])) or vector(0)) / sum(rate(grpc_server_handled_total{${series}}[$__rate_interval]))`,
            "failed",
            { note: "Cancelled ones included: Query cancels what nobody waits for any more." },
        ),
        graph(
            "Duration of requests for series",
            "s",
            `histogram_quantile(0.99, sum by (le, job) (rate(grpc_server_handling_seconds_bucket{${series}}[$__rate_interval])))`,
            "{{job}}",
            { note: "99 of 100 are faster." },
        ),
    ];
};

const bucketOf = (pods: string): Panel[] => [
    graph(
        "Requests to the bucket per second",
        "reqps",
        `sum by (operation) (rate(thanos_objstore_bucket_operations_total{${pods}}[$__rate_interval]))`,
        "{{operation}}",
    ),
    graph(
        "Requests to the bucket that fail",
        "reqps",
        `sum by (job, operation) (rate(thanos_objstore_bucket_operation_failures_total{${pods}}[$__rate_interval]))`,
        "{{job}} {{operation}}",
    ),
];

/** Every component of Thanos: what it is asked, what fails, how long it takes, and what it has left to do. */
export function thanosComponents(facts: FleetFacts): DashboardSpec {
    const of = (...services: string[]) => ofObserver(facts, ...services);
    const query = of(...facts.queries);
    const stores = of(...facts.stores);
    return {
        title: "Fleet / Thanos",
        variables: [CLUSTERS],
        rows: [
            { title: "Query Frontend", panels: overHttp(of(thanosName("query-frontend"))) },
            {
                title: "Query",
                panels: [
                    ...overHttp(query),
                    graph(
                        "Sources",
                        "none",
                        `max by (store_type) (sum by (pod, store_type) (thanos_store_nodes_grpc_connections{${query}}))`,
                        "{{store_type}}",
                        { note: "Those that Query is connected to. A cluster is one leaf Query." },
                    ),
                ],
            },
            {
                title: "Stores",
                panels: [
                    ...overGrpc(stores),
                    graph("Blocks", "none", `max by (job) (thanos_bucket_store_blocks_loaded{${stores}})`, "{{job}}", {
                        note: "Those that a Store serves. It grows by the day, and falls as Compact merges and expires.",
                    }),
                    graph(
                        "Postings and series that the cache had",
                        "percentunit",
                        `sum by (item_type) (rate(thanos_store_index_cache_hits_total{${stores}}[$__rate_interval])) / sum by (item_type) (rate(thanos_store_index_cache_requests_total{${stores}}[$__rate_interval]))`,
                        "{{item_type}}",
                    ),
                    ...bucketOf(stores),
                ],
            },
            ...receiveRows(facts),
            compactRow(facts),
            ...ruleRows(facts),
            sidecarRow(),
            {
                title: "Pods",
                panels: [
                    graph(
                        "Memory",
                        "bytes",
                        `max by (${CLUSTER_LABEL}, job) (process_resident_memory_bytes{${THANOS}})`,
                        "{{cluster}} {{job}}",
                        { note: "Of the largest pod." },
                    ),
                    graph(
                        "CPU",
                        "none",
                        `sum by (${CLUSTER_LABEL}, job) (rate(process_cpu_seconds_total{${THANOS}}[$__rate_interval]))`,
                        "{{cluster}} {{job}}",
                        { note: "Cores in use." },
                    ),
                ],
            },
        ],
    };
}

/** Every Thanos of the chosen clusters: the observer's, leaf Queries and sidecars. `EXISTING_SIDECARS` begins like the others. */
const THANOS = `${CHOSEN}, job=~"${thanosName("")}.*|${SIDECAR_SERVICE}"`;

function receiveRows(facts: FleetFacts): Row[] {
    const { receive } = facts;
    if (receive === undefined) return [];
    const routers = ofObserver(facts, ...receive.routers);
    const ingesters = ofObserver(facts, ...receive.ingesters);
    return [
        {
            title: "Receive",
            panels: [
                ...overHttp(routers),
                graph(
                    "Samples per second",
                    "cps",
                    `sum by (tenant) (rate(thanos_receive_write_samples_sum{${routers}, code="200"}[$__rate_interval]))`,
                    "{{tenant}}",
                ),
                graph(
                    "Copies that could not be written",
                    "reqps",
                    `sum by (pod) (rate(thanos_receive_replications_total{${routers}, result="error"}[$__rate_interval]))`,
                    "{{pod}}",
                    { note: "A write is taken when most of its copies are." },
                ),
                graph("Series in memory", "none", `sum by (pod) (prometheus_tsdb_head_series{${ingesters}})`, "{{pod}}"),
                ...overGrpc(ingesters),
            ],
        },
    ];
}

function compactRow(facts: FleetFacts): Row {
    const compacts = ofObserver(facts, ...facts.compacts);
    const backlog = (what: string) => `max by (job) (thanos_compact_todo_${what}{${compacts}})`;
    return {
        title: "Compact",
        panels: [
            graph("Halted", "none", `max by (job) (thanos_compact_halted{${compacts}})`, "{{job}}", {
                note: "1 is halted: it neither merges, downsamples nor expires any more.",
            }),
            graph("Compactions left to do", "none", backlog("compactions"), "{{job}}"),
            graph("Blocks left to downsample", "none", backlog("downsample_blocks"), "{{job}}"),
            graph("Rounds within an hour", "none", `sum by (job) (increase(thanos_compact_iterations_total{${compacts}}[1h]))`, "{{job}}"),
            graph(
                "Compactions that failed within an hour",
                "none",
                `sum by (job) (increase(thanos_compact_group_compactions_failures_total{${compacts}}[1h]))`,
                "{{job}}",
            ),
            ...bucketOf(compacts),
        ],
    };
}

function ruleRows(facts: FleetFacts): Row[] {
    if (!facts.rule) return [];
    const rule = ofObserver(facts, thanosName("rule"));
    return [
        {
            title: "Rule",
            panels: [
                graph(
                    "Evaluations per second",
                    "ops",
                    `sum by (pod) (rate(prometheus_rule_evaluations_total{${rule}}[$__rate_interval]))`,
                    "{{pod}}",
                ),
                graph(
                    "Evaluations that fail",
                    "ops",
                    `sum by (pod) (rate(prometheus_rule_evaluation_failures_total{${rule}}[$__rate_interval]))`,
                    "{{pod}}",
                ),
                graph(
                    "Duration of the last evaluation",
                    "s",
                    `max by (rule_group) (prometheus_rule_group_last_duration_seconds{${rule}})`,
                    "{{rule_group}}",
                ),
            ],
        },
    ];
}

function sidecarRow(): Row {
    const sidecars = `${CHOSEN}, ${EVERY_SIDECAR}`;
    return {
        title: "Sidecars",
        panels: [
            graph(
                "Prometheus that their sidecars reach",
                "none",
                `sum by (${CLUSTER_LABEL}) (thanos_sidecar_prometheus_up{${sidecars}})`,
                "{{cluster}}",
            ),
            graph(
                "Blocks uploaded within a day",
                "none",
                `sum by (${CLUSTER_LABEL}) (increase(thanos_shipper_uploads_total{${sidecars}}[1d]))`,
                "{{cluster}}",
            ),
            graph(
                "Uploads that failed within an hour",
                "none",
                `sum by (${CLUSTER_LABEL}) (increase(thanos_shipper_dir_sync_failures_total{${sidecars}}[1h]))`,
                "{{cluster}}",
            ),
        ],
    };
}
