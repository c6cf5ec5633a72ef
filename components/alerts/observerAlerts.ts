import { CLUSTER_LABEL } from "../../config/labels";
import { thanosName } from "../naming/names";
import { membersOf, type RingPart } from "../thanos/hashring";
import { type Alert, targets } from "./alert";

export interface ObserverAlertsArgs {
    /** Kubernetes namespace of the stack. */
    namespace: string;
    /**
     * Name of the observer's cluster, where a distributed Query asks the leaf Queries, and a Query in front of the observer's own sources.
     * @default none: one Query asks all
     */
    distributedIn?: string | undefined;
    /** Observees that have a leaf Query. */
    observees: readonly string[];
    /** Streams to which one of these clusters, or the observer, uploads, and their Stores. */
    streams: readonly { name: string; stores: readonly string[] }[];
    /** Receive: the clusters that write to it, and its rings. @default none */
    receive?: { tenants: readonly string[]; rings: readonly ReceiveRing[]; replicationFactor: number } | undefined;
    /** Rule: whether it has an Alertmanager, and whether it uploads blocks of its own or writes to Receive. @default none */
    rule?: { notifies: boolean; uploads: boolean } | undefined;
}

/** A hashring, as Prometheus sees it. */
export interface ReceiveRing {
    /** How the names of its ingesters begin, in every zone. */
    name: string;
    /** Its StatefulSets: one for each zone, or one. */
    parts: readonly RingPart[];
    /** Whether its ingesters upload their blocks. */
    uploads: boolean;
}

const QUERY = thanosName("query");
const DISTRIBUTED = thanosName("query-distributed");
const ROUTERS = thanosName("receive-router");
const RULE = thanosName("rule");

/** Alerts about the fleet, which only the observer can see: its Prometheus evaluates them. */
export const observerAlerts = ({ namespace, distributedIn, observees, streams, receive, rule }: ObserverAlertsArgs): Alert[] => [
    compactHalted(namespace),
    compactBehind(namespace),
    sourceUnreachable(namespace, distributedIn === undefined ? [QUERY] : [QUERY, DISTRIBUTED]),
    ...observees.map((cluster) => clusterAbsent(namespace, cluster, distributedIn)),
    ...streams.map((stream) => blocksMissing(namespace, stream)),
    ...(receive
        ? [
              ...receive.tenants.map((cluster) => remoteWriteSilent(namespace, cluster)),
              ...receive.rings.map((ring) => ingestersAway(namespace, ring, receive.replicationFactor)),
              ...(receive.tenants.length > 0 ? [tenantLimited(namespace), ringDiffers(namespace)] : []),
              ...receive.rings.map((ring) => ringUnbalanced(namespace, ring)),
              ...receive.rings.filter(({ uploads }) => uploads).map((ring) => ingesterUploadFails(namespace, ring)),
          ]
        : []),
    ...(rule
        ? [
              ruleFails(namespace),
              ruleBehind(namespace),
              ruleUsesPartialData(namespace),
              rule.uploads ? ruleUploadFails(namespace) : ruleWriteFails(namespace),
              ...(rule.notifies ? [ruleAlertsLost(namespace)] : []),
          ]
        : []),
];

/** A halted Compact stays alive and healthy, and does nothing more (Thanos, cmd/thanos/compact.go). */
const compactHalted = (namespace: string): Alert => ({
    name: "FleetCompactHalted",
    expr: `thanos_compact_halted{namespace="${namespace}"} == 1`,
    for: "5m",
    severity: "critical",
    summary: "A Compact has halted.",
    description:
        "{{ $labels.job }} met a block that it cannot work with, and has stopped. Its cluster's blocks are no longer merged, downsampled or expired.",
});

/** Between two iterations nothing is left to do, so a whole day without that is too much work for this Compact. */
const compactBehind = (namespace: string): Alert => ({
    name: "FleetCompactBehind",
    expr: `min_over_time(thanos_compact_todo_compactions{namespace="${namespace}"}[1d]) > 0`,
    for: "6h",
    severity: "warning",
    summary: "A Compact does not keep up.",
    description: "{{ $labels.job }} had at least {{ $value }} compactions left to do for a day. Queries over old data become slow.",
});

/**
 * Query asks each source for its labels every 5 seconds (Thanos, cmd/thanos/endpointset.go). No metric names the source: a strict one that does not answer
 * stays in `thanos_store_nodes_grpc_connections` with the labels it had last (pkg/query/endpointset.go).
 */
const sourceUnreachable = (namespace: string, queries: readonly string[]): Alert => ({
    name: "FleetSourceUnreachable",
    expr: `sum by (pod) (rate(grpc_client_handled_total{${targets(namespace, ...queries)}, grpc_method="Info", grpc_code!="OK"}[5m])) > 0.05`,
    for: "10m",
    severity: "critical",
    summary: "Query cannot reach one of its sources.",
    description:
        "{{ $labels.pod }} gets no answer from a leaf Query or a Store. Answers that need it lack its samples and carry a warning.",
});

const whileUp = (alerting: string, namespace: string, service: string) =>
    `${alerting}\nand on () count(up{${targets(namespace, service)}} == 1) > 0`;

/**
 * A leaf Query whose Prometheus are all away answers, and announces nothing. Answers then lack recent samples without a warning (docs/adr/0015). The Query in front
 * of the observer's own sources announces the clusters of all Stores, and is told from a leaf Query by the observer's.
 */
function clusterAbsent(namespace: string, cluster: string, distributedIn: string | undefined): Alert {
    const asking = distributedIn === undefined ? QUERY : DISTRIBUTED;
    const has = (name: string) => `\`.*\\b${CLUSTER_LABEL}="${name}".*\``;
    const leaf = `external_labels=~${has(cluster)}${distributedIn === undefined ? "" : `, external_labels!~${has(distributedIn)}`}`;
    return {
        name: "FleetClusterAbsent",
        expr: whileUp(
            `absent(thanos_store_nodes_grpc_connections{${targets(namespace, asking)}, store_type="query", ${leaf}})`,
            namespace,
            asking,
        ),
        for: "10m",
        severity: "critical",
        labels: { [CLUSTER_LABEL]: cluster },
        summary: "No Prometheus of a cluster answers the observer.",
        description: `Query knows no source with recent samples of ${cluster}: its leaf Query was never reached, or no Prometheus is behind it.`,
    };
}

/** Two Prometheus upload every block, one each 2 hours. The first block of a new cluster is cut after 3 hours, hence 3 h in the past and 4 h of patience. */
const blocksMissing = (namespace: string, { name: stream, stores }: ObserverAlertsArgs["streams"][number]): Alert => ({
    name: "FleetBlocksMissing",
    expr: `sum(increase(thanos_bucket_store_block_loads_total{${targets(namespace, ...stores)}}[3h])) == 0`,
    for: "4h",
    severity: "critical",
    labels: { stream },
    summary: "No new block of a stream is in the bucket.",
    description: `The Store of ${stream} has found no new block for 7 hours.`,
});

const remoteWriteSilent = (namespace: string, cluster: string): Alert => ({
    name: "FleetRemoteWriteSilent",
    expr: whileUp(
        `absent(rate(thanos_receive_write_samples_count{${targets(namespace, ROUTERS)}, tenant="${cluster}", code="200"}[5m]) > 0)`,
        namespace,
        ROUTERS,
    ),
    for: "15m",
    severity: "critical",
    labels: { [CLUSTER_LABEL]: cluster },
    summary: "A cluster that should write to Receive does not.",
    description: `The routers have taken no samples of ${cluster} for 15 minutes.`,
});

/** Only the limit of series answers 429 (docs/adr/0018). What it refuses is in no other metric of writes (Thanos, pkg/receive/handler.go). A tenant is a cluster. */
const tenantLimited = (namespace: string): Alert => ({
    name: "FleetTenantLimited",
    expr: `sum by (tenant) (increase(thanos_receive_head_series_limited_requests_total{${targets(namespace, ROUTERS)}}[5m])) > 0`,
    for: "5m",
    severity: "critical",
    labels: { [CLUSTER_LABEL]: "{{ $labels.tenant }}" },
    summary: "A cluster has more series than its limit, and Receive takes none of its samples.",
    description:
        "The routers have refused {{ $value | humanize }} requests of {{ $labels.tenant }} within 5 minutes, and will for 2 to 5 hours. An agent keeps what it cannot send for prometheus.retention, another Prometheus for about 2 hours.",
});

/** How many of the ingesters that hold copies of a series have to take a write (Thanos, pkg/receive/handler.go `writeQuorum`). */
const quorumOf = (replicationFactor: number) => (replicationFactor === 2 ? 1 : Math.floor(replicationFactor / 2) + 1);

/** The label matchers of all ingesters of a ring, those that leave it included. */
const ingestersOf = (namespace: string, { parts }: ReceiveRing) => targets(namespace, ...parts.map(({ name }) => name));
/** The pods that get samples. Those that leave the ring are up, too, and no write needs them. */
const membersIn = ({ parts }: ReceiveRing) => parts.flatMap(membersOf).map(({ pod }) => pod);
const matchingMembers = (namespace: string, ring: ReceiveRing) => `${ingestersOf(namespace, ring)}, pod=~"${membersIn(ring).join("|")}"`;
const ringLabel = ({ name }: ReceiveRing) => ({ ring: name });

/**
 * There are as many zones as copies, or more (config/checks/receive.ts), and Receive puts the copies of a sample into different ones (pkg/receive/hashring.go): all
 * ingesters of a zone cost a write one copy, as one of them does.
 */
function ingestersAway(namespace: string, ring: ReceiveRing, replicationFactor: number): Alert {
    const up = `up{${matchingMembers(namespace, ring)}, endpoint="http"} == 1`;
    const zones = ring.parts.length;
    const ingesters = membersIn(ring).length;
    const { counted, all, what } =
        zones > 1
            ? { counted: `count by (job) (${up}) == ${ingesters / zones}`, all: zones, what: "zones have all their ingesters" }
            : { counted: up, all: ingesters, what: "ingesters could be scraped" };
    const enough = all - (replicationFactor - quorumOf(replicationFactor));
    return {
        name: "FleetIngestersAway",
        expr: `(count(${counted}) or vector(0)) < ${enough}`,
        for: "5m",
        severity: "critical",
        labels: ringLabel(ring),
        summary: "Too few ingesters are up for every series to be written.",
        description: `{{ $value }} of ${all} ${what}; with fewer than ${enough} some writes fail, and answers may lack recent samples.`,
    };
}

const ringDiffers = (namespace: string): Alert => ({
    name: "FleetRingDiffers",
    expr: `max(thanos_receive_config_hash{${targets(namespace, ROUTERS)}}) != min(thanos_receive_config_hash{${targets(namespace, ROUTERS)}})`,
    for: "15m",
    severity: "warning",
    summary: "Routers disagree about the ring.",
    description: "Routers have different hashring files, so they send samples of one series to different ingesters.",
});

/** Ketama gives each ingester about the same number of series. Below 10,000 a few tenants more or less make the difference. */
function ringUnbalanced(namespace: string, ring: ReceiveRing): Alert {
    const series = `sum by (pod) (prometheus_tsdb_head_series{${matchingMembers(namespace, ring)}})`;
    return {
        name: "FleetRingUnbalanced",
        expr: `max(${series}) / avg(${series}) > 1.5 and avg(${series}) > 10000`,
        for: "1h",
        severity: "warning",
        labels: ringLabel(ring),
        summary: "One ingester holds far more series than the others.",
        description: "The fullest ingester holds {{ $value | humanize }} times the series of the average one.",
    };
}

/**
 * Of the shipper's counters only that of whole rounds counts every failure: thanos_shipper_upload_failures_total stays at 0 unless uploads may be out of order
 * (Thanos, pkg/shipper/shipper.go `Sync`).
 *
 * Each ingester has its own copy of the blocks. A Store with `store.minAge` would notice missing ones only when they have come of age.
 */
const ingesterUploadFails = (namespace: string, ring: ReceiveRing): Alert => ({
    name: "FleetReceiveUploadFails",
    expr: `sum by (pod) (increase(thanos_shipper_dir_sync_failures_total{${ingestersOf(namespace, ring)}}[15m])) > 0`,
    for: "1h",
    severity: "critical",
    labels: ringLabel(ring),
    summary: "An ingester cannot upload the blocks of agents.",
    description: "{{ $labels.pod }} has failed to upload blocks for an hour. It deletes them after `receive.retention`, uploaded or not.",
});

/** What is not evaluated alerts nobody. The label of a group is its file and its name (`GroupKey` of Prometheus). */
const ruleFails = (namespace: string): Alert => ({
    name: "FleetRuleFails",
    expr: `max by (rule_group) (increase(prometheus_rule_evaluation_failures_total{${targets(namespace, RULE)}}[5m])) > 0`,
    for: "5m",
    severity: "critical",
    summary: "Rules over the fleet cannot be evaluated.",
    description:
        "Evaluations of {{ $labels.rule_group }} have failed for 10 minutes: its alerts neither fire nor resolve, and what it records has a gap.",
});

const ruleBehind = (namespace: string): Alert => ({
    name: "FleetRuleBehind",
    expr: `max by (rule_group) (increase(prometheus_rule_group_iterations_missed_total{${targets(namespace, RULE)}}[15m])) > 0`,
    for: "15m",
    severity: "warning",
    summary: "Rules over the fleet take longer than their interval.",
    description:
        "{{ $labels.rule_group }} was not evaluated {{ $value | humanize }} times within 15 minutes, because the evaluation before was still going on.",
});

/** Only groups with `partial_response_strategy: warn` are evaluated then. */
const ruleUsesPartialData = (namespace: string): Alert => ({
    name: "FleetRuleUsesPartialData",
    expr: `sum(increase(thanos_rule_evaluation_with_warnings_total{${targets(namespace, RULE)}}[15m])) > 0`,
    for: "15m",
    severity: "warning",
    summary: "Rules over the fleet are evaluated on a part of the data.",
    description:
        "{{ $value | humanize }} evaluations within 15 minutes lacked a source: their alerts may be missing, and what they record may be too low.",
});

/** It tries again every 30 seconds, for as long as it keeps a block (Thanos, cmd/thanos/rule.go). */
const ruleUploadFails = (namespace: string): Alert => ({
    name: "FleetRuleUploadFails",
    expr: `sum by (pod) (increase(thanos_shipper_dir_sync_failures_total{${targets(namespace, RULE)}}[15m])) > 0`,
    for: "1h",
    severity: "critical",
    summary: "Rule cannot upload what it has recorded.",
    description: "{{ $labels.pod }} has failed to upload blocks for an hour. It deletes them after `rule.retention`, uploaded or not.",
});

/**
 * Retried is what Receive has refused for now, failed and dropped what it never gets. Not the age of the last sample: where no alert fires and nothing is recorded,
 * there is none to send.
 */
const ruleWriteFails = (namespace: string): Alert => ({
    name: "FleetRuleWriteFails",
    expr: `sum by (pod) (
  increase({__name__=~"prometheus_remote_storage_samples_(retried|failed|dropped)_total", reason!="dropped_series", ${targets(namespace, RULE)}}[5m])
) > 0`,
    for: "15m",
    severity: "critical",
    summary: "Rule cannot write what it records to Receive.",
    description: "Receive has refused samples of {{ $labels.pod }} for 15 minutes. What is not written within about 2 hours is lost.",
});

/** The first counter is of a full queue, the second of alerts that no Alertmanager took (Thanos, pkg/alert/alert.go). */
const ruleAlertsLost = (namespace: string): Alert => ({
    name: "FleetRuleAlertsLost",
    expr: `sum by (pod) (increase(thanos_alert_queue_alerts_dropped_total{${targets(namespace, RULE)}}[5m]))
+
sum by (pod) (increase(thanos_alert_sender_alerts_dropped_total{${targets(namespace, RULE)}}[5m])) > 0`,
    for: "5m",
    severity: "critical",
    summary: "Alerts of Rule reach no Alertmanager.",
    description: "{{ $labels.pod }} has dropped {{ $value | humanize }} alerts within 5 minutes.",
});
