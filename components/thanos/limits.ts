import { stringify } from "yaml";
import type { ReceiveConfig } from "../../config/schema";
import { mebibytesOf } from "../../config/size";

type Limits = ReceiveConfig["limits"];
type TenantLimits = Limits["default"] | Limits["tenants"][string];

/** What the limits of a ring's tenants depend on. */
export interface LimitedRing {
    /** Tenants that write to it. */
    tenants: readonly string[];
    /** Names of its ingesters' pods. */
    pods: readonly string[];
    /** Memory of each of them, a size. */
    memory: string;
}

export interface LimitsArgs extends Pick<ReceiveConfig, "limits" | "replicationFactor" | "routerMemory"> {
    /** Rings that have tenants. */
    rings: readonly LimitedRing[];
    /** Kubernetes namespace of the ingesters. */
    namespace: string;
    /** URL of a Prometheus that scrapes the ingesters. */
    metaMonitoring: string;
}

/**
 * KiB of an ingester's memory for each series in its head. 77,000 series, most of them of pods that had gone, took 2.9 each (Thanos 0.42.4); a series that is
 * written takes more. Twice as many KiB, as one would plan (grafana.com/docs/mimir, Planning capacity), refuse a tenant long before memory is short.
 */
const KIB_PER_SERIES = 4;

/** How many series a ring holds, each `replicationFactor` times. */
export const seriesOf = ({ pods, memory }: Pick<LimitedRing, "pods" | "memory">, replicationFactor: number): number =>
    Math.floor((pods.length * mebibytesOf(memory) * 1024) / (KIB_PER_SERIES * replicationFactor));

/**
 * How many requests a router works on at a time, so that its memory holds them all: each as it came, decoded, and in as many copies as ingesters get.
 * Thanos lets the others wait; it does not answer 429 to them, as is often said (pkg/receive/handler.go, receiveHTTP).
 */
export const concurrencyOf = ({ limits, routerMemory, replicationFactor }: Omit<LimitsArgs, "rings">): number =>
    limits.maxConcurrency ??
    Math.max(1, Math.floor(mebibytesOf(routerMemory) / (mebibytesOf(limits.default.requestSize) * (2 + replicationFactor))));

/**
 * Counts each tenant's series once, whatever the replication factor; Thanos's own query counts copies. Only pods of the tenant's ring count: one that it
 * has left still holds series, which now count in others. Without the zeros a router would keep the last number that it saw of a tenant whose series
 * have all gone, and refuse that tenant until its own restart (pkg/receive/head_series_limiter.go, QueryMetaMonitoring).
 */
function headSeriesQuery({ rings, namespace, replicationFactor }: LimitsArgs): string {
    const held = rings.map(({ pods, tenants }) => `namespace="${namespace}",pod=~"${pods.join("|")}",tenant=~"${tenants.join("|")}"`);
    const counted = held.map((matchers) => `sum by (tenant) (prometheus_tsdb_head_series{${matchers}}) / ${replicationFactor}`);
    const none = rings.flatMap(({ tenants }) => tenants.map((tenant) => `label_replace(vector(0), "tenant", "${tenant}", "", "")`));
    return [...counted, ...none].join(" or ");
}

function requestLimits({ requestSize, requestSeries, requestSamples }: TenantLimits) {
    return {
        ...(requestSize !== undefined && { size_bytes_limit: mebibytesOf(requestSize) * 1024 * 1024 }),
        ...(requestSeries !== undefined && { series_limit: requestSeries }),
        ...(requestSamples !== undefined && { samples_limit: requestSamples }),
    };
}

/**
 * The file behind `--receive.limits-config-file` of the routers, which reread it while they run. Every tenant always has a limit of series: a router that
 * has started without any never asks for their number, and one whose limits are all removed goes on with the old ones (cmd/thanos/receive.go,
 * pkg/receive/limiter.go).
 */
export function limitsFile(args: LimitsArgs): string {
    const { limits, rings, replicationFactor } = args;
    const tenants = rings.flatMap((ring) => ring.tenants.map((tenant) => ({ tenant, ring, own: limits.tenants[tenant] ?? {} })));
    return stringify({
        write: {
            global: {
                max_concurrency: concurrencyOf(args),
                meta_monitoring_url: args.metaMonitoring,
                meta_monitoring_limit_query: headSeriesQuery(args),
            },
            default: { request: requestLimits(limits.default) },
            tenants: Object.fromEntries(
                tenants.map(({ tenant, ring, own }) => [
                    tenant,
                    {
                        head_series_limit: own.series ?? limits.default.series ?? seriesOf(ring, replicationFactor),
                        request: requestLimits(own),
                    },
                ]),
            ),
        },
    });
}
