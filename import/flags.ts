import { CLUSTER_LABEL } from "../config/labels";
import type { ComponentName } from "./thanosRelease";

/**
 * What becomes of each flag of Thanos. Every flag that this project passes is here (tests/unit/import/flags.test.ts compares the list with components/thanos), so
 * that import can say what is different where a chart does not pass it.
 */
export type Treatment = Setting | Fixed | Layout | Special;

/** A setting of the stack takes it over. */
export interface Setting {
    readonly setting: string;
    readonly is: "text" | "number";
    /** What Thanos does without the flag. */
    readonly thanos: string;
    /** Written even if it is not passed: the project's default would change what is kept. */
    readonly always?: true;
    /** What the project does without the setting, and why, where that is not what Thanos does. */
    readonly ours?: readonly [value: string, why: string];
    /** Where alone the project passes it. */
    readonly only?: readonly [where: string, why: string];
}

/** The project passes a value of its own. */
export interface Fixed {
    readonly fixed: string;
    readonly why: string;
    /** What Thanos does without the flag, where that is the same. */
    readonly same?: string;
}

/** Addresses, directories, logs: whatever the chart has there, nobody depends on it. */
export interface Layout {
    readonly layout: true;
}

/** import/observer.ts decides. */
export interface Special {
    readonly special: true;
    /** Flags of one form say the same in several ways, of which the project has another one than the chart: a file, its text, single addresses. */
    readonly form?: "cache" | "alertmanagers" | "merging" | "sources" | "ring";
    /** What the project passes where the chart passes nothing, and why. */
    readonly ours?: readonly [value: string, why: string];
}

const text = (setting: string, thanos: string, ours?: Setting["ours"]): Setting => ({ setting, is: "text", thanos, ...(ours && { ours }) });
const number = (setting: string, thanos: string, ours?: Setting["ours"]): Setting => ({
    setting,
    is: "number",
    thanos,
    ...(ours && { ours }),
});
const kept = (setting: string, thanos: string): Setting => ({ ...text(setting, thanos), always: true });
const fixed = (value: string, why: string, same?: string): Fixed => ({ fixed: value, why, ...(same !== undefined && { same }) });
const LAYOUT: Layout = { layout: true };
const SPECIAL: Special = { special: true };
const formOf = (form: NonNullable<Special["form"]>): Special => ({ special: true, form });
const CACHE = formOf("cache");
const MERGING = formOf("merging");
const QUERY_SOURCES = formOf("sources");
const ALERTMANAGERS = formOf("alertmanagers");

type Table = Readonly<Record<string, Treatment>>;

/** Of every component. */
const COMMON: Table = {
    "log.level": LAYOUT,
    "log.format": LAYOUT,
    "http-address": LAYOUT,
    "grpc-address": LAYOUT,
    "data-dir": LAYOUT,
    "objstore.config": LAYOUT,
    "objstore.config-file": LAYOUT,
    "auto-gomemlimit.ratio": LAYOUT,
    "enable-auto-gomemlimit": fixed("set", "Go's garbage collector then knows the pod's memory limit."),
};

const GRPC_AGE = "connections are closed regularly, so that clients spread over the pods again after a restart.";
const PAGE = "blocks cannot be deleted on the web page.";
const RETRIES = "it counts tries; Thanos's 5 multiplies the load just when something is failing.";
const CERTIFICATES =
    "the observer's stack is the authority of the certificates between clusters; inside a cluster connections are plain, behind NetworkPolicies.";
/** Why Query has no list of endpoints. */
export const SOURCES = "Query's sources follow from the stack: its own components, and the leaf Query of each observee.";
const CACHE_FILE = "caches follow the memory of the pod, or are shared by all pods.";
const RING = "the stack writes the file from the ingesters that it runs.";
const TENANT = "the tenant is the name in the writer's certificate, not a header.";

const COMPACT: Table = {
    "retention.resolution-raw": kept("compact.retention.raw", "0d"),
    "retention.resolution-5m": kept("compact.retention.fiveMinutes", "0d"),
    "retention.resolution-1h": kept("compact.retention.oneHour", "0d"),
    "consistency-delay": text("compact.consistencyDelay", "30m"),
    "delete-delay": text("compact.deleteDelay", "48h"),
    "wait-interval": text("compact.waitInterval", "5m"),
    "block-discovery-strategy": text("compact.blockDiscovery", "concurrent"),
    "compact.concurrency": number("compact.concurrency.compactions", "1"),
    "downsample.concurrency": number("compact.concurrency.downsamplings", "1"),
    "compact.blocks-fetch-concurrency": number("compact.concurrency.blockFetches", "1"),
    "block-files-concurrency": number("compact.concurrency.blockFiles", "1"),
    "deduplication.replica-label": MERGING,
    "deduplication.func": MERGING,
    "compact.enable-vertical-compaction": MERGING,
    wait: fixed("set", "Compact goes on working instead of ending after a round."),
    "compact.skip-block-with-out-of-order-chunks": fixed("set", "marks a bad block and leaves it out, instead of halting (thanos#3442)."),
    "block-viewer.global.sync-block-interval": fixed("1h", "Thanos's 1m costs a request per block and minute."),
    "disable-admin-operations": fixed("set", PAGE),
};

const STORE: Table = {
    "sync-block-duration": text("store.syncInterval", "15m"),
    "block-discovery-strategy": text("store.blockDiscovery", "concurrent"),
    "ignore-deletion-marks-delay": text("store.ignoreDeletionMarksDelay", "24h"),
    "store.limits.request-series": number("store.limits.requestSeries", "0"),
    "store.limits.request-samples": number("store.limits.requestSamples", "0"),
    "index-cache-size": fixed("a quarter of store.memory", CACHE_FILE),
    "chunk-pool-size": fixed("two fifths of store.memory", "Thanos's 2GB knows nothing of the pod's limit."),
    "index-cache.config": CACHE,
    "index-cache.config-file": CACHE,
    "store.caching-bucket.config": CACHE,
    "store.caching-bucket.config-file": CACHE,
    shards: SPECIAL,
    "selector.relabel-config": SPECIAL,
    "min-time": SPECIAL,
    "max-time": SPECIAL,
    "store.enable-index-header-lazy-reader": fixed("set", "headers of idle blocks cost no memory."),
    "grpc-server-max-connection-age": fixed("5m", GRPC_AGE),
    "disable-admin-operations": fixed("set", PAGE),
};

const QUERY: Table = {
    "query.replica-label": {
        special: true,
        ours: ["prometheus_replica, receive_replica, rule_replica", "they tell the copies apart that the project's own parts write."],
    },
    endpoint: QUERY_SOURCES,
    "endpoint-strict": QUERY_SOURCES,
    "endpoint-group": QUERY_SOURCES,
    store: QUERY_SOURCES,
    "store.sd-files": QUERY_SOURCES,
    "endpoint.sd-config-file": { ...QUERY_SOURCES, ours: ["the stack's", SOURCES] },
    "endpoint.sd-config-reload-interval": fixed("30s", "after Thanos's 5m a new observee would be asked too late."),
    "query.auto-downsampling": fixed("set", "a query over months reads samples of 5m or 1h: faster, and not exactly the same numbers."),
    "query.timeout": text("query.timeout", "2m"),
    "store.response-timeout": text("query.storeResponseTimeout", "0ms", [
        "15s",
        "Thanos waits for ever: one slow source delays every query (thanos#835).",
    ]),
    "query.max-concurrent": number("query.maxConcurrent", "20", [
        "one for each 50Mi of query.memory, at most 20",
        "more would not fit into the pod.",
    ]),
    "query.max-concurrent-select": number("query.maxConcurrentSelect", "4"),
    "query.promql-engine": text("query.promqlEngine", "prometheus"),
    "alert.query-url": LAYOUT,
    "grpc-client-tls-secure": fixed("by observee", CERTIFICATES, ""),
    "grpc-client-server-name": fixed("by observee", CERTIFICATES, ""),
};

const QUERY_FRONTEND: Table = {
    "query-frontend.downstream-url": LAYOUT,
    "query-frontend.downstream-tripper-config": fixed(
        "max_idle_conns_per_host: 100",
        "parts of a query go to one address; Go keeps two idle connections to it.",
    ),
    "query-frontend.compress-responses": fixed("set", "answers are sent compressed."),
    "query-frontend.log-queries-longer-than": text("queryFrontend.logQueriesLongerThan", "0s", ["10s", "Thanos logs none."]),
    "query-range.split-interval": text("queryFrontend.splitInterval", "24h"),
    "query-range.response-cache-config": CACHE,
    "query-range.response-cache-config-file": {
        ...CACHE,
        ours: ["a cache in memory", "an answer that was computed once is not computed again. `queryFrontend.cache` changes it."],
    },
    "cache-compression-type": fixed("snappy", "more answers fit into the cache."),
    "query-range.response-cache-max-freshness": text("queryFrontend.maxFreshness", "1m", [
        "5m",
        "samples of observees may arrive late; 1m caches graphs that still move.",
    ]),
    "query-range.max-retries-per-request": fixed("2", RETRIES),
    "query.max-retries-per-request": fixed("2", RETRIES),
    "labels.max-retries-per-request": fixed("2", RETRIES),
    "labels.default-time-range": text("queryFrontend.labelsTimeRange", "24h"),
};

const RECEIVE: Table = {
    "tsdb.path": LAYOUT,
    "remote-write.address": LAYOUT,
    "receive.capnproto-address": LAYOUT,
    "tsdb.retention": kept("receive.retention", "15d"),
    label: SPECIAL,
    "receive.tenant-label-name": fixed(
        CLUSTER_LABEL,
        "a tenant is a cluster, so its samples have the same labels as those of its sidecars.",
    ),
    "receive.hashrings-algorithm": fixed("ketama", "series then stay on their ingesters when the ring changes."),
    "receive.hashrings-file": fixed("none", "routers route, ingesters store: an ingester that restarts then stops no writes.", ""),
    "receive.local-endpoint": fixed("none", "routers route, ingesters store: an ingester that restarts then stops no writes.", ""),
    // Routers pass it.
    "receive.replication-factor": formOf("ring"),
    "receive.replication-protocol": fixed(
        "protobuf",
        "this project is tested with it; capnproto loses connections before Thanos 0.41.",
        "",
    ),
    "receive.tenant-header": fixed("none", TENANT, ""),
    "receive.default-tenant-id": fixed("none", TENANT, ""),
    "tsdb.too-far-in-future.time-window": fixed("5m", "one sample from the future would shut out all real ones (thanos#6195)."),
    "tsdb.min-block-duration": text("receive.blockDuration", "2h"),
    "tsdb.max-block-duration": text("receive.blockDuration", "2h"),
    "tsdb.out-of-order.time-window": {
        ...text("receive.lateSamples", "0s", ["24h, where Receive uploads", "an agent that was cut off sends its oldest samples last."]),
        only: ["only where Receive uploads", "blocks of clusters with sidecars are made by the sidecars, which have all samples."],
    },
    "objstore.config": fixed(
        "only for agents",
        "of clusters with sidecars, only the sidecars upload: two copies of a block would be merged again.",
        "",
    ),
    "objstore.config-file": fixed(
        "only for agents",
        "of clusters with sidecars, only the sidecars upload: two copies of a block would be merged again.",
        "",
    ),
};

const RECEIVE_ROUTER: Table = {
    "remote-write.address": LAYOUT,
    "receive.capnproto-address": LAYOUT,
    label: LAYOUT,
    "receive.hashrings-file": fixed("the stack's", RING, ""),
    "receive.hashrings-file-refresh-interval": fixed("30s", "with Thanos's 5m two routers may have two rings for that long."),
    "receive.hashrings-algorithm": fixed("ketama", "series then stay on their ingesters when the ring changes."),
    "receive.replication-factor": SPECIAL,
    "receive.replication-protocol": fixed(
        "protobuf",
        "this project is tested with it; capnproto loses connections before Thanos 0.41.",
        "",
    ),
    "receive.limits-config-file": fixed("the stack's", "limits follow the memory of the ingesters; `receive.limits` changes them."),
    "receive.tenant-header": fixed("none", TENANT, ""),
    "receive.tenant-certificate-field": fixed("commonName", TENANT),
    "remote-write.server-tls-cert": fixed("the stack's", CERTIFICATES),
    "remote-write.server-tls-key": fixed("the stack's", CERTIFICATES),
    "remote-write.server-tls-client-ca": fixed("the stack's", CERTIFICATES),
    "remote-write.server-tls-min-version": fixed("1.3", CERTIFICATES),
};

const RULE: Table = {
    "tsdb.retention": kept("rule.retention", "48h"),
    "tsdb.block-duration": fixed("2h", "Compact merges them.", "2h"),
    "eval-interval": kept("rule.evaluationInterval", "1m"),
    "rule-query-offset": text("rule.queryOffset", "0s", ["30s", "samples of other clusters arrive later."]),
    "rule-file": SPECIAL,
    query: LAYOUT,
    "query.config-file": LAYOUT,
    label: SPECIAL,
    "alert.label-drop": LAYOUT,
    "alert.query-url": LAYOUT,
    "alertmanagers.url": ALERTMANAGERS,
    "alertmanagers.config": {
        ...ALERTMANAGERS,
        ours: ["the stack's Alertmanager", "without one nobody would get the alerts. `alerting` changes it."],
    },
    "alertmanagers.config-file": ALERTMANAGERS,
};

const BUCKET_WEB: Table = {
    refresh: text("bucketWeb.refresh", "30m"),
    timeout: fixed("5m", "listing the blocks of one stream takes seconds.", "5m"),
    "disable-admin-operations": fixed("set", PAGE),
};

export const FLAGS: Readonly<Record<ComponentName, Table>> = {
    query: { ...COMMON, ...QUERY },
    "query-frontend": { ...COMMON, ...QUERY_FRONTEND },
    store: { ...COMMON, ...STORE },
    compact: { ...COMMON, ...COMPACT },
    receive: { ...COMMON, ...RECEIVE },
    "receive-router": { ...COMMON, ...RECEIVE_ROUTER },
    rule: { ...COMMON, ...RULE },
    "bucket-web": { ...COMMON, ...BUCKET_WEB },
};
