import { agentAlerts } from "../../components/alerts/agentAlerts";
import { ruleGroup } from "../../components/alerts/alert";
import { clusterAlerts, OWN_JOBS } from "../../components/alerts/clusterAlerts";
import { observerAlerts } from "../../components/alerts/observerAlerts";
import { partsOf } from "../../components/thanos/hashring";

/** Cases of every alert for promtool: at least one in which it fires and one in which it stays silent. Time begins at 0. */

/** An alert that fires: its labels without `alertname` and `severity`, and its description. */
interface Firing {
    labels?: Record<string, string>;
    description: string;
}

export interface AlertCase {
    alert: string;
    /** What is the case. */
    when: string;
    /** Samples by series, in promtool's notation. */
    series: Record<string, string>;
    /** Time between two samples, and between two evaluations. @default "1m" */
    step?: string;
    at: string;
    fires: Firing[];
}

const NAMESPACE = "monitoring";
export const CLUSTER_ALERTS = clusterAlerts({
    namespace: NAMESPACE,
    jobs: OWN_JOBS,
    replicas: 2,
    blockDuration: "2h",
    others: [
        { service: "thanos-query", port: "http", replicas: 2 },
        { service: "thanos-compact-blue", port: "http", replicas: 1 },
    ],
    writesRemotely: true,
    certificatesEnd: 31 * 86_400,
    certificateValidity: 360 * 86_400,
});
/** Two rings of six members, and three more pods that leave. */
const SIZE = { ingesters: 6, leaving: 3 };
const RINGS = [
    { name: "thanos-receive-ingester", parts: partsOf({ ...SIZE, zones: [] }), uploads: true },
    { name: "thanos-receive-ingester-big", parts: partsOf({ ...SIZE, name: "big", zones: ["a", "b", "c"] }), uploads: false },
];
export const OBSERVER_ALERTS = observerAlerts({
    namespace: NAMESPACE,
    observees: ["blue", "red"],
    streams: [
        { name: "blue", stores: ["thanos-store-blue"] },
        { name: "red", stores: ["thanos-store-1of2-red", "thanos-store-2of2-red"] },
    ],
    receive: {
        tenants: ["red"],
        rings: RINGS,
        replicationFactor: 3,
    },
    rule: { notifies: true, uploads: true },
});
/** A Rule uploads blocks or writes to Receive, never both. */
const STATELESS_RULE = observerAlerts({ namespace: NAMESPACE, observees: [], streams: [], rule: { notifies: false, uploads: false } });
export const ALERTS = [
    ...CLUSTER_ALERTS,
    ...OBSERVER_ALERTS,
    ...STATELESS_RULE.filter(({ name }) => name === "FleetRuleWriteFails"),
    ...agentAlerts("green"),
];
export const RUNBOOKS = "docs/runbooks";

const of = (service: string, more = "") => `namespace="monitoring",job="${service}"${more}`;
const pod = (service: string, ordinal: number) => of(service, `,pod="${service}-${ordinal}"`);
const SIDECAR = "kps-thanos-discovery";
const sidecar = (ordinal: number) => of(SIDECAR, `,pod="prometheus-kps-prometheus-${ordinal}"`);
const remoteWrite = () => `${prometheus(0)},remote_name="observer"`;
const prometheus = (ordinal: number) => of("kps-prometheus", `,pod="prometheus-kps-prometheus-${ordinal}"`);

/** `up` of pods of a Service, the first `down` of them 0. */
const up = (service: string, replicas: number, down = 0, port = "http") =>
    Object.fromEntries(
        Array.from({ length: replicas }, (_, i) => [`up{${pod(service, i)},endpoint="${port}"}`, i < down ? "0x600" : "1x600"]),
    );
/** Every ingester of both rings is up, but some pods, of which a case gives the end of the name. */
const ingesters = (...away: string[]) =>
    Object.fromEntries(
        RINGS.flatMap(({ parts }) => parts).flatMap(({ name, pods }) =>
            Array.from({ length: pods }, (_, i) => [
                `up{${pod(name, i)},endpoint="http"}`,
                away.some((end) => `${name}-${i}`.endsWith(`-ingester-${end}`)) ? "0x600" : "1x600",
            ]),
        ),
    );
/** Every pod of the cluster is up, but those that a case gives. */
const othersUp = {
    ...up("kps-prometheus", 2, 0, "http-web"),
    ...up(SIDECAR, 2),
    ...up("kps-operator", 1),
    ...up("thanos-query", 2),
    ...up("thanos-compact-blue", 1),
};

const uploads = (ordinal: number, lastUpload: string, start = "0x600") => ({
    [`up{${sidecar(ordinal)}}`]: "1x600",
    [`thanos_objstore_bucket_last_successful_upload_time{${sidecar(ordinal)},bucket="b"}`]: lastUpload,
    [`process_start_time_seconds{${sidecar(ordinal)}}`]: start,
});

const volume = (claim: string, available: number) => {
    const labels = `job="kubelet",metrics_path="/metrics",namespace="monitoring",node="n",persistentvolumeclaim="${claim}"`;
    return {
        [`kubelet_volume_stats_available_bytes{${labels}}`]: `${available}x30`,
        [`kubelet_volume_stats_capacity_bytes{${labels}}`]: "100x30",
    };
};

const infoCalls = (code: string, samples: string) => ({
    [`grpc_client_handled_total{${pod("thanos-query", 0)},grpc_method="Info",grpc_code="${code}"}`]: samples,
});
/** What Query says about a leaf Query with two Prometheus behind it. */
const leafOf = (cluster: string, samples: string) => ({
    [`thanos_store_nodes_grpc_connections{${pod("thanos-query", 0)},store_type="query",external_labels="{cluster=\\"${cluster}\\", prometheus_replica=\\"prometheus-kps-prometheus-0\\"},{cluster=\\"${cluster}\\", prometheus_replica=\\"prometheus-kps-prometheus-1\\"}"}`]:
        samples,
});
/** A Store knows the cluster's old blocks, whether the cluster is there or not. */
const storeOf = (cluster: string) => ({
    [`thanos_store_nodes_grpc_connections{${pod("thanos-query", 0)},store_type="store",external_labels="{cluster=\\"${cluster}\\"}"}`]:
        "1x60",
});
const blockLoads = (store: "blue" | "1of2-red" | "2of2-red", samples: string) => ({
    [`thanos_bucket_store_block_loads_total{${pod(`thanos-store-${store}`, 0)}}`]: samples,
});
const written = (tenant: string, samples: string, code = "200") => ({
    [`thanos_receive_write_samples_count{${pod("thanos-receive-router", 0)},tenant="${tenant}",code="${code}"}`]: samples,
});
const limited = (tenant: string, samples: string, router = 0) => ({
    [`thanos_receive_head_series_limited_requests_total{${pod("thanos-receive-router", router)},tenant="${tenant}"}`]: samples,
});
const hash = (ordinal: number, samples: string) => ({ [`thanos_receive_config_hash{${pod("thanos-receive-router", ordinal)}}`]: samples });
/** Series of each ingester, by ordinal. */
const headSeries = (...counts: number[]) =>
    Object.fromEntries(
        counts.map((count, i) => [`prometheus_tsdb_head_series{${pod("thanos-receive-ingester", i)},tenant="red"}`, `${count}x120`]),
    );
const GROUP = "/etc/thanos/config/orders.yml;orders";
const ofRule = (metric: string, samples: string, more = "", ordinal = 0) => ({
    [`${metric}{${pod("thanos-rule", ordinal)}${more}}`]: samples,
});
const ofGroup = (metric: string, samples: string, ordinal = 0) =>
    ofRule(metric, samples, `,rule_group="${GROUP}",strategy="abort"`, ordinal);
const reconciled = (failed: string) => ({
    [`prometheus_operator_reconcile_operations_total{${of("kps-operator")},controller="prometheus"}`]: "0+10x60",
    [`prometheus_operator_reconcile_errors_total{${of("kps-operator")},controller="prometheus"}`]: failed,
});

export const CASES: readonly AlertCase[] = [
    {
        alert: "FleetUploadMissing",
        when: "one of two sidecars has uploaded nothing for more than 3 h",
        series: { ...uploads(0, "3600x600"), ...uploads(1, "14000x600") },
        at: "260m",
        fires: [
            {
                labels: { pod: "prometheus-kps-prometheus-0" },
                description:
                    "The sidecar of prometheus-kps-prometheus-0 has uploaded nothing for 3h 20m 0s. Prometheus deletes blocks after its retention, uploaded or not.",
            },
        ],
    },
    {
        alert: "FleetUploadMissing",
        when: "a sidecar that restarts every hour has never uploaded",
        series: uploads(0, "0x600", "0x59 3600x59 7200x59 10800x300"),
        at: "4h",
        fires: [
            {
                labels: { pod: "prometheus-kps-prometheus-0" },
                description:
                    "The sidecar of prometheus-kps-prometheus-0 has uploaded nothing for 4h 0m 0s. Prometheus deletes blocks after its retention, uploaded or not.",
            },
        ],
    },
    {
        alert: "FleetUploadMissing",
        when: "a new Prometheus cuts its first block after 3 h",
        series: uploads(0, "0x185 11100x600"),
        at: "200m",
        fires: [],
    },
    {
        alert: "FleetUploadMissing",
        when: "the pod that uploaded nothing is gone",
        series: {
            [`up{${sidecar(2)}}`]: "1x30 stale",
            [`thanos_objstore_bucket_last_successful_upload_time{${sidecar(2)},bucket="b"}`]: "0x30 stale",
            [`process_start_time_seconds{${sidecar(2)}}`]: "0x30 stale",
        },
        at: "5h",
        fires: [],
    },
    {
        alert: "FleetComponentDown",
        when: "no pod of the leaf Query is up",
        series: { ...othersUp, ...up("thanos-query", 2, 2) },
        at: "16m",
        fires: [
            {
                labels: { workload: "thanos-query" },
                description: "None of 2 expected pods of thanos-query could be scraped for 15 minutes.",
            },
        ],
    },
    {
        alert: "FleetComponentDown",
        when: "one pod of each is up",
        series: { ...othersUp, ...up("thanos-query", 2, 1) },
        at: "16m",
        fires: [],
    },
    {
        alert: "FleetPodsMissing",
        when: "one of two Prometheus is away, and its config reloader is not",
        series: { ...othersUp, ...up("kps-prometheus", 2, 1, "http-web"), ...up("kps-prometheus", 2, 0, "reloader-web") },
        at: "16m",
        fires: [
            {
                labels: { workload: "kps-prometheus" },
                description: "1 of 2 expected pods of kps-prometheus could be scraped for 15 minutes.",
            },
        ],
    },
    { alert: "FleetPodsMissing", when: "every pod is up", series: othersUp, at: "16m", fires: [] },
    {
        alert: "FleetVolumeNearlyFull",
        when: "5 of 100 bytes are left",
        series: { ...volume("data-thanos-compact-blue-0", 5), ...volume("data-thanos-store-blue-0", 40) },
        at: "16m",
        fires: [
            {
                labels: { persistentvolumeclaim: "data-thanos-compact-blue-0" },
                description: "data-thanos-compact-blue-0 has 5% of its space left. A full volume stops its pod.",
            },
        ],
    },
    {
        alert: "FleetVolumeNearlyFull",
        when: "20 of 100 bytes are left",
        series: volume("data-thanos-compact-blue-0", 20),
        at: "16m",
        fires: [],
    },
    {
        alert: "FleetVolumeNearlyFull",
        when: "an agent's volume is full of what it cannot send",
        series: {
            'kubelet_volume_stats_available_bytes{cluster="green",job="kubelet",metrics_path="/metrics",namespace="x",persistentvolumeclaim="prom-agent-kps-prometheus-db-prom-agent-kps-prometheus-0"}':
                "2x30",
            'kubelet_volume_stats_capacity_bytes{cluster="green",job="kubelet",metrics_path="/metrics",namespace="x",persistentvolumeclaim="prom-agent-kps-prometheus-db-prom-agent-kps-prometheus-0"}':
                "100x30",
        },
        at: "16m",
        fires: [
            {
                labels: { cluster: "green", persistentvolumeclaim: "prom-agent-kps-prometheus-db-prom-agent-kps-prometheus-0" },
                description:
                    "prom-agent-kps-prometheus-db-prom-agent-kps-prometheus-0 has 2% of its space left. A full volume stops its pod.",
            },
        ],
    },
    {
        alert: "FleetAgentBehind",
        when: "the last sample of green is from minute 20",
        series: { 'up{cluster="green",job="kps-prometheus"}': "1x20", 'up{cluster="blue",job="kps-prometheus"}': "1x60" },
        at: "36m",
        fires: [
            {
                labels: { cluster: "green" },
                description:
                    "Receive has no sample of green from the last 5 minutes. Its agents keep what they cannot send for prometheus.retention, and lose it then.",
            },
        ],
    },
    {
        alert: "FleetAgentBehind",
        when: "green's samples are recent, whatever they say",
        series: { 'up{cluster="green",job="kps-prometheus"}': "0x60" },
        at: "36m",
        fires: [],
    },
    {
        alert: "FleetConfigNotReloaded",
        when: "a Prometheus and a router refuse their files",
        series: {
            [`prometheus_config_last_reload_successful{${prometheus(0)},container="prometheus"}`]: "0x30",
            [`thanos_receive_config_last_reload_successful{${pod("thanos-receive-router", 1)},container="receive-router"}`]: "0x30",
            [`reloader_last_reload_successful{${prometheus(0)},container="config-reloader"}`]: "1x30",
        },
        at: "16m",
        fires: [
            {
                labels: { pod: "prometheus-kps-prometheus-0", container: "prometheus" },
                description: "prometheus in prometheus-kps-prometheus-0 could not load its configuration, and runs with the one before.",
            },
            {
                labels: { pod: "thanos-receive-router-1", container: "receive-router" },
                description: "receive-router in thanos-receive-router-1 could not load its configuration, and runs with the one before.",
            },
        ],
    },
    {
        alert: "FleetConfigNotReloaded",
        when: "the last attempt was successful",
        series: { [`prometheus_config_last_reload_successful{${prometheus(0)},container="prometheus"}`]: "0x5 1x30" },
        at: "30m",
        fires: [],
    },
    {
        alert: "FleetOperatorFails",
        when: "half of the attempts fail",
        series: reconciled("0+5x60"),
        at: "30m",
        fires: [{ labels: { controller: "prometheus" }, description: "50% of the operator's attempts on prometheus objects fail." }],
    },
    { alert: "FleetOperatorFails", when: "one attempt of hundred failed", series: reconciled("0x20 1x40"), at: "30m", fires: [] },
    {
        alert: "FleetCertificateEnds",
        when: "less than 30 days are left of 360",
        series: {},
        step: "10m",
        at: "25h",
        fires: [{ description: "The first certificate ends in 29d 23h 0m 0s. Clusters then refuse each other, and samples are lost." }],
    },
    { alert: "FleetCertificateEnds", when: "more than 30 days are left of 360", series: {}, step: "10m", at: "23h", fires: [] },
    {
        alert: "FleetRemoteWriteBehind",
        when: "nothing has been sent since the Prometheus started, although samples wait",
        series: {
            [`prometheus_remote_storage_queue_highest_sent_timestamp_seconds{${remoteWrite()}}`]: "0x60",
            [`prometheus_remote_storage_queue_highest_timestamp_seconds{${remoteWrite()}}`]: "60x60",
        },
        at: "25m",
        fires: [
            {
                labels: { pod: "prometheus-kps-prometheus-0" },
                description:
                    "The newest sample that prometheus-kps-prometheus-0 has sent to Receive is more than 10 minutes old. What is not sent within about 2 hours is lost to Receive.",
            },
        ],
    },
    {
        alert: "FleetRemoteWriteBehind",
        when: "what was sent is a minute old",
        series: { [`prometheus_remote_storage_queue_highest_sent_timestamp_seconds{${remoteWrite()}}`]: "-60+60x60" },
        at: "40m",
        fires: [],
    },
    {
        alert: "FleetRemoteWriteLosesSamples",
        when: "Receive refuses samples, and some become too old",
        series: {
            [`prometheus_remote_storage_samples_failed_total{${remoteWrite()}}`]: "0+10x60",
            [`prometheus_remote_storage_samples_dropped_total{${remoteWrite()},reason="too_old"}`]: "0+5x60",
        },
        at: "30m",
        fires: [
            {
                labels: { pod: "prometheus-kps-prometheus-0" },
                description: "prometheus-kps-prometheus-0 lost 225 samples on their way to Receive within 15 minutes.",
            },
        ],
    },
    {
        alert: "FleetRemoteWriteLosesSamples",
        when: "relabelling drops series on purpose",
        series: {
            [`prometheus_remote_storage_samples_failed_total{${remoteWrite()}}`]: "0x60",
            [`prometheus_remote_storage_samples_dropped_total{${remoteWrite()},reason="dropped_series"}`]: "0+500x60",
        },
        at: "30m",
        fires: [],
    },
    {
        alert: "FleetCompactHalted",
        when: "one of two Compacts has halted",
        series: {
            [`thanos_compact_halted{${pod("thanos-compact-blue", 0)}}`]: "0x10 1x60",
            [`thanos_compact_halted{${pod("thanos-compact-red", 0)}}`]: "0x60",
        },
        at: "20m",
        fires: [
            {
                labels: { namespace: NAMESPACE, job: "thanos-compact-blue", pod: "thanos-compact-blue-0" },
                description:
                    "thanos-compact-blue met a block that it cannot work with, and has stopped. Its cluster's blocks are no longer merged, downsampled or expired.",
            },
        ],
    },
    {
        alert: "FleetCompactHalted",
        when: "no Compact has halted",
        series: { [`thanos_compact_halted{${pod("thanos-compact-blue", 0)}}`]: "0x60" },
        at: "20m",
        fires: [],
    },
    {
        alert: "FleetCompactBehind",
        when: "compactions were left for more than a day",
        series: { [`thanos_compact_todo_compactions{${pod("thanos-compact-blue", 0)}}`]: "4x100 3x100" },
        step: "10m",
        at: "31h",
        fires: [
            {
                labels: { namespace: NAMESPACE, job: "thanos-compact-blue", pod: "thanos-compact-blue-0" },
                description: "thanos-compact-blue had at least 3 compactions left to do for a day. Queries over old data become slow.",
            },
        ],
    },
    {
        alert: "FleetCompactBehind",
        when: "nothing was left once in the day",
        series: { [`thanos_compact_todo_compactions{${pod("thanos-compact-blue", 0)}}`]: "4x100 0x5 4x100" },
        step: "10m",
        at: "31h",
        fires: [],
    },
    {
        alert: "FleetSourceUnreachable",
        when: "one source of several answers no call",
        series: { ...infoCalls("OK", "0+60x60"), ...infoCalls("DeadlineExceeded", "0+12x60") },
        at: "20m",
        fires: [
            {
                labels: { pod: "thanos-query-0" },
                description:
                    "thanos-query-0 gets no answer from a leaf Query or a Store. Answers that need it lack its samples and carry a warning.",
            },
        ],
    },
    {
        alert: "FleetSourceUnreachable",
        when: "a few calls fail while pods roll",
        series: { ...infoCalls("OK", "0+60x60"), ...infoCalls("DeadlineExceeded", "0x10 6x60") },
        at: "20m",
        fires: [],
    },
    {
        alert: "FleetClusterAbsent",
        when: "no Prometheus is behind red's leaf Query any more",
        series: {
            ...up("thanos-query", 2),
            ...leafOf("blue", "1x60"),
            ...leafOf("red", "1x10 stale"),
            ...storeOf("red"),
        },
        at: "25m",
        fires: [
            {
                labels: { namespace: NAMESPACE, job: "thanos-query", store_type: "query", cluster: "red" },
                description:
                    "Query knows no source with recent samples of red: its leaf Query was never reached, or no Prometheus is behind it.",
            },
        ],
    },
    {
        alert: "FleetClusterAbsent",
        when: "both clusters are known",
        series: { ...up("thanos-query", 2), ...leafOf("blue", "1x60"), ...leafOf("red", "1x60") },
        at: "25m",
        fires: [],
    },
    { alert: "FleetClusterAbsent", when: "Query itself is away", series: up("thanos-query", 2, 2), at: "25m", fires: [] },
    {
        alert: "FleetBlocksMissing",
        when: "neither of red's two Stores finds anything new for 7 h",
        series: {
            ...blockLoads("blue", "0x119 2x119 4x119 6x119 8x119"),
            ...blockLoads("1of2-red", "4x600"),
            ...blockLoads("2of2-red", "6x600"),
        },
        at: "430m",
        fires: [{ labels: { stream: "red" }, description: "The Store of red has found no new block for 7 hours." }],
    },
    {
        alert: "FleetBlocksMissing",
        when: "the first block of a new cluster comes after 3 h, and then one every 2 h, to either of two Stores",
        series: {
            ...blockLoads("blue", "0x199 2x119 4x119 6x119"),
            ...blockLoads("1of2-red", "0x199 2x119 2x119 6x119"),
            ...blockLoads("2of2-red", "0x199 0x119 4x119 4x119"),
        },
        at: "430m",
        fires: [],
    },
    {
        alert: "FleetRemoteWriteSilent",
        when: "only refused writes of red arrive",
        series: { ...up("thanos-receive-router", 2), ...written("red", "0x60"), ...written("red", "0+10x60", "409") },
        at: "25m",
        fires: [
            {
                labels: { cluster: "red" },
                description: "The routers have taken no samples of red for 15 minutes.",
            },
        ],
    },
    {
        alert: "FleetRemoteWriteSilent",
        when: "red writes",
        series: { ...up("thanos-receive-router", 2), ...written("red", "0+10x60") },
        at: "25m",
        fires: [],
    },
    {
        alert: "FleetTenantLimited",
        when: "both routers refuse every request of red, and none of green",
        series: { ...limited("red", "0x5 0+12x30"), ...limited("red", "0x5 0+12x30", 1), ...limited("green", "3x40") },
        at: "20m",
        fires: [
            {
                labels: { cluster: "red", tenant: "red" },
                description:
                    "The routers have refused 120 requests of red within 5 minutes, and will for 2 to 5 hours. An agent keeps what it cannot send for prometheus.retention, another Prometheus for about 2 hours.",
            },
        ],
    },
    {
        alert: "FleetTenantLimited",
        when: "red was over its limit for two minutes, until that was raised",
        series: limited("red", "0x5 12 24x30"),
        at: "10m",
        fires: [],
    },
    {
        alert: "FleetIngestersAway",
        when: "two of six ingesters are away, with three copies of each series, and three more that leave the ring are up",
        series: ingesters("0", "1"),
        at: "10m",
        fires: [
            {
                labels: { ring: "thanos-receive-ingester" },
                description: "4 of 6 ingesters could be scraped; with fewer than 5 some writes fail, and answers may lack recent samples.",
            },
        ],
    },
    {
        alert: "FleetIngestersAway",
        when: "an ingester is away in each of two of three zones",
        series: ingesters("big-a-0", "big-c-1"),
        at: "10m",
        fires: [
            {
                labels: { ring: "thanos-receive-ingester-big" },
                description:
                    "1 of 3 zones have all their ingesters; with fewer than 2 some writes fail, and answers may lack recent samples.",
            },
        ],
    },
    {
        alert: "FleetIngestersAway",
        when: "no ingester has ever been scraped",
        series: {},
        at: "10m",
        fires: [
            {
                labels: { ring: "thanos-receive-ingester" },
                description: "0 of 6 ingesters could be scraped; with fewer than 5 some writes fail, and answers may lack recent samples.",
            },
            {
                labels: { ring: "thanos-receive-ingester-big" },
                description:
                    "0 of 3 zones have all their ingesters; with fewer than 2 some writes fail, and answers may lack recent samples.",
            },
        ],
    },
    {
        alert: "FleetIngestersAway",
        when: "one of six ingesters is away, another ring has lost a zone, and all pods that leave the two are away",
        series: ingesters("0", "6", "7", "8", "big-b-0", "big-b-1", "big-a-2", "big-b-2", "big-c-2"),
        at: "10m",
        fires: [],
    },
    {
        alert: "FleetRingDiffers",
        when: "one router has another file",
        series: { ...hash(0, "1234x60"), ...hash(1, "5678x60") },
        at: "20m",
        fires: [{ description: "Routers have different hashring files, so they send samples of one series to different ingesters." }],
    },
    {
        alert: "FleetRingDiffers",
        when: "a changed file has reached one router five minutes before the other",
        series: { ...hash(0, "1234x10 5678x60"), ...hash(1, "1234x15 5678x60") },
        at: "20m",
        fires: [],
    },
    {
        alert: "FleetRingUnbalanced",
        when: "one ingester holds three times the series of the others",
        series: headSeries(90_000, 30_000, 30_000),
        at: "70m",
        fires: [
            {
                labels: { ring: "thanos-receive-ingester" },
                description: "The fullest ingester holds 1.8 times the series of the average one.",
            },
        ],
    },
    {
        alert: "FleetRingUnbalanced",
        when: "the ingesters that leave the ring have no series any more",
        series: headSeries(30_000, 30_000, 30_000, 30_000, 30_000, 30_000, 0, 0, 0),
        at: "70m",
        fires: [],
    },
    {
        alert: "FleetRingUnbalanced",
        when: "there are few series",
        series: headSeries(900, 300, 300),
        at: "70m",
        fires: [],
    },
    {
        alert: "FleetReceiveUploadFails",
        when: "one ingester may not write to the bucket",
        series: {
            [`thanos_shipper_dir_sync_failures_total{${pod("thanos-receive-ingester", 0)},tenant="green"}`]: "0+2x90",
            [`thanos_shipper_dir_sync_failures_total{${pod("thanos-receive-ingester", 1)},tenant="green"}`]: "0x90",
        },
        at: "90m",
        fires: [
            {
                labels: { ring: "thanos-receive-ingester", pod: "thanos-receive-ingester-0" },
                description:
                    "thanos-receive-ingester-0 has failed to upload blocks for an hour. It deletes them after `receive.retention`, uploaded or not.",
            },
        ],
    },
    {
        alert: "FleetReceiveUploadFails",
        when: "the bucket was away for ten minutes",
        series: { [`thanos_shipper_dir_sync_failures_total{${pod("thanos-receive-ingester", 0)},tenant="green"}`]: "0x20 0+2x10 20x60" },
        at: "90m",
        fires: [],
    },
    {
        alert: "FleetRuleFails",
        when: "both pods of Rule fail to evaluate a group",
        series: {
            ...ofGroup("prometheus_rule_evaluation_failures_total", "0x9 0+1x20"),
            ...ofGroup("prometheus_rule_evaluation_failures_total", "0x9 0+1x20", 1),
        },
        at: "20m",
        fires: [
            {
                labels: { rule_group: GROUP },
                description: `Evaluations of ${GROUP} have failed for 10 minutes: its alerts neither fire nor resolve, and what it records has a gap.`,
            },
        ],
    },
    {
        alert: "FleetRuleFails",
        when: "one evaluation failed a while ago",
        series: ofGroup("prometheus_rule_evaluation_failures_total", "0x9 1x20"),
        at: "20m",
        fires: [],
    },
    {
        alert: "FleetRuleBehind",
        when: "a group misses one evaluation each 5 minutes",
        series: ofGroup("prometheus_rule_group_iterations_missed_total", "0 0x4 1x5 2x5 3x5 4x5 5x5 6x5"),
        at: "34m",
        fires: [
            {
                labels: { rule_group: GROUP },
                description: `${GROUP} was not evaluated 2.143 times within 15 minutes, because the evaluation before was still going on.`,
            },
        ],
    },
    {
        alert: "FleetRuleBehind",
        when: "a group misses no evaluation",
        series: ofGroup("prometheus_rule_group_iterations_missed_total", "3x40"),
        at: "34m",
        fires: [],
    },
    {
        alert: "FleetRuleUsesPartialData",
        when: "a group that may warn lacks a source",
        series: ofRule("thanos_rule_evaluation_with_warnings_total", "0+1x40", ',strategy="warn"'),
        at: "35m",
        fires: [
            {
                description:
                    "15 evaluations within 15 minutes lacked a source: their alerts may be missing, and what they record may be too low.",
            },
        ],
    },
    {
        alert: "FleetRuleUsesPartialData",
        when: "all sources answer",
        series: ofRule("thanos_rule_evaluation_with_warnings_total", "7x40", ',strategy="warn"'),
        at: "35m",
        fires: [],
    },
    {
        alert: "FleetRuleUploadFails",
        when: "one pod of Rule may not write to the bucket",
        series: {
            ...ofRule("thanos_shipper_dir_sync_failures_total", "0+2x90"),
            ...ofRule("thanos_shipper_dir_sync_failures_total", "0x90", "", 1),
        },
        at: "90m",
        fires: [
            {
                labels: { pod: "thanos-rule-0" },
                description:
                    "thanos-rule-0 has failed to upload blocks for an hour. It deletes them after `rule.retention`, uploaded or not.",
            },
        ],
    },
    {
        alert: "FleetRuleUploadFails",
        when: "the bucket was away for ten minutes",
        series: ofRule("thanos_shipper_dir_sync_failures_total", "0x20 0+2x10 20x60"),
        at: "90m",
        fires: [],
    },
    {
        alert: "FleetRuleWriteFails",
        when: "the routers refuse what one pod of Rule sends",
        series: {
            ...ofRule("prometheus_remote_storage_samples_retried_total", "0+100x40"),
            ...ofRule("prometheus_remote_storage_samples_retried_total", "0x40", "", 1),
        },
        at: "30m",
        fires: [
            {
                labels: { pod: "thanos-rule-0" },
                description:
                    "Receive has refused samples of thanos-rule-0 for 15 minutes. What is not written within about 2 hours is lost.",
            },
        ],
    },
    {
        alert: "FleetRuleWriteFails",
        when: "ingesters were away for five minutes, and relabelling leaves series out",
        series: {
            ...ofRule("prometheus_remote_storage_samples_retried_total", "0x10 0+100x5 500x30"),
            ...ofRule("prometheus_remote_storage_samples_dropped_total", "0+10x45", ',reason="dropped_series"'),
        },
        at: "30m",
        fires: [],
    },
    {
        alert: "FleetRuleAlertsLost",
        when: "no Alertmanager takes the alerts of a pod",
        series: {
            ...ofRule("thanos_alert_sender_alerts_dropped_total", "0+4x30"),
            ...ofRule("thanos_alert_queue_alerts_dropped_total", "0x30"),
        },
        at: "20m",
        fires: [{ labels: { pod: "thanos-rule-0" }, description: "thanos-rule-0 has dropped 20 alerts within 5 minutes." }],
    },
    {
        alert: "FleetRuleAlertsLost",
        when: "every alert is taken",
        series: {
            ...ofRule("thanos_alert_sender_alerts_dropped_total", "4x30"),
            ...ofRule("thanos_alert_queue_alerts_dropped_total", "0x30"),
        },
        at: "20m",
        fires: [],
    },
];

/** Files for promtool by name: the rules of each alert alone, which is ten times faster, and a file of tests for each case. */
export const promtoolFiles: Record<string, unknown> = Object.fromEntries([
    ...ALERTS.map(({ name }) => [
        `${name}.rules.yml`,
        {
            groups: [
                ruleGroup(
                    ALERTS.filter((alert) => alert.name === name),
                    RUNBOOKS,
                ),
            ],
        },
    ]),
    ...CASES.map(({ alert, when, series, step = "1m", at, fires }, i) => [
        `${alert}.${i}.test.yml`,
        {
            rule_files: [`${alert}.rules.yml`],
            evaluation_interval: step,
            tests: [
                {
                    name: `${alert}: ${when}`,
                    interval: step,
                    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
                    alert_rule_test: [{ eval_time: at, alertname: alert, exp_alerts: fires.map((firing) => expected(alert, firing)) }],
                },
            ],
        },
    ]),
]);

function expected(alert: string, { labels, description }: Firing) {
    const rule = ruleGroup(ALERTS, RUNBOOKS).rules.find((candidate) => candidate.alert === alert);
    return {
        exp_labels: { severity: rule?.labels.severity, ...labels },
        exp_annotations: { ...rule?.annotations, description },
    };
}
