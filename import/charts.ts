import { isMap } from "../rules/isMap";

/** The charts that import reads. */
export const CHARTS = ["bitnami", "stevehipwell", "thanos-community", "kube-prometheus-stack"] as const;
export type ChartName = (typeof CHARTS)[number];

/** A chart, and its version where somebody has said it. */
export interface Chart {
    readonly name: ChartName;
    readonly version?: string;
}

/** Whether a release is of this version of its chart or of a later one. */
export type IsSince = (major: number, minor: number) => boolean;

/** The first version whose values are read: before it, they had other names. */
export const OLDEST: Readonly<Record<ChartName, readonly [major: number, minor: number]>> = {
    bitnami: [8, 0],
    stevehipwell: [1, 11],
    "thanos-community": [0, 1],
    // `objectStorageConfig.existingSecret`.
    "kube-prometheus-stack": [45, 0],
};

type Raw = Readonly<Record<string, unknown>>;

const has = (values: Raw, path: string): boolean => {
    const [key = "", ...rest] = path.split(".");
    if (!(key in values)) return false;
    const inner = values[key];
    return rest.length === 0 || (isMap(inner) && has(inner, rest.join(".")));
};

/** Values that only one of the charts has. */
const SIGNS: Readonly<Record<ChartName, readonly string[]>> = {
    bitnami: [
        "existingObjstoreSecret",
        "existingObjstoreSecretItems",
        "indexCacheConfig",
        "storegateway.extraFlags",
        "storegateway.config",
        "querier",
        "query.replicaLabel",
        "query.dnsDiscovery",
        "query.extraFlags",
        "queryFrontend.extraFlags",
        "compactor.retentionResolutionRaw",
        "compactor.retentionResolution5m",
        "compactor.retentionResolution1h",
        "compactor.extraFlags",
        "bucketweb",
        "receiveDistributor",
        "ruler.clusterName",
        "receive.tsdbRetention",
        "metrics",
        "minio",
        "volumePermissions",
    ],
    stevehipwell: [
        "storeGateway",
        "compact",
        "receive.ingestor",
        "receive.router.replicas",
        "rule",
        "additionalEndpoints",
        "additionalReplicaLabels",
        "additionalEndpointGroups",
        "storeEndpointGroup",
        "objstoreConfig.create",
        "objstoreConfig.value",
        "objstoreConfig.name",
    ],
    "thanos-community": [
        "global.objstore",
        "global.thanosRules",
        "bucket.bucketweb",
        "compactor.retention",
        "storegateway.cachingBucketConfig",
        "query.endpoints",
        "ruler.autoImportPrometheusRules",
        "receive.tsdb",
        "receive.hashrings",
        "queryFrontend.cacheConfig",
        "rustfs",
    ],
    "kube-prometheus-stack": [
        "prometheus.prometheusSpec",
        "prometheus.thanosService",
        "prometheusOperator",
        "kubeStateMetrics",
        "nodeExporter",
        "defaultRules",
        "alertmanager.alertmanagerSpec",
    ],
};

/** The chart that values are of: the one with the most signs. Undefined where there are none, or as many of another one. */
export function chartOf(values: Raw): ChartName | undefined {
    const scores = CHARTS.map((name) => ({ name, score: SIGNS[name].filter((path) => has(values, path)).length }));
    const [best, second] = scores.sort((a, b) => b.score - a.score);
    return best !== undefined && best.score > (second?.score ?? 0) ? best.name : undefined;
}

/**
 * Values of a chart that is a dependency of another one are below its name there: `thanos: {query: ...}`. Undefined where the values are of the chart itself, or of
 * nothing that is known.
 */
export const nested = (values: Raw): readonly { readonly key: string; readonly name: ChartName; readonly values: Raw }[] =>
    Object.entries(values).flatMap(([key, inner]) => {
        const name = isMap(inner) ? chartOf(inner) : undefined;
        return isMap(inner) && name !== undefined ? [{ key, name, values: inner }] : [];
    });
