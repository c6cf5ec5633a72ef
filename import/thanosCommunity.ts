import {
    alertmanagerFlags,
    autoscalingOf,
    type Component,
    type ComponentName,
    cacheFile,
    extraFlags,
    type Flag,
    flag,
    shardFlags,
    type ThanosRelease,
} from "./thanosRelease";
import type { Values } from "./values";

/** thanos-community's chart `thanos`: where it has each flag, and its defaults (thanos-community/helm-charts, charts/thanos). */
export function thanosCommunity(values: Values): ThanosRelease {
    const isOn = (key: string, byDefault: boolean) => values.isOn(`${key}.enabled`, byDefault);
    const component = (
        name: ComponentName,
        key: string,
        pods: number,
        flags: readonly Flag[],
        defaultArgs: readonly Flag[] = [],
    ): Component => ({
        name,
        key,
        // A list replaces the chart's own, as Helm replaces lists.
        flags: [...flags, ...(values.at(`${key}.extraArgs`) === undefined ? defaultArgs : extraFlags(values, `${key}.extraArgs`))],
        ...(name !== "compact" && { replicas: { path: `${key}.replicaCount`, default: pods } }),
        ...(HAS_VOLUME.includes(name) &&
            values.isOn(`${key}.persistence.enabled`, true) && {
                volume: { path: `${key}.persistence.size`, default: "10Gi", storageClass: `${key}.persistence.storageClass` },
            }),
        ...autoscalingOf(values, `${key}.autoscaling`, "targetCPUUtilizationPercentage"),
    });
    const logLevel = flag("log.level", "info");
    const labels = values.at("query.replicaLabels") === undefined ? REPLICA_LABELS : values.texts("query.replicaLabels");
    const retention = (name: string, key: string, byDefault: string) =>
        flag(name, values.text(`compactor.retention.${key}`) ?? byDefault, `compactor.retention.${key}`);

    const store = (): Component => {
        const bucketCache = cacheFile(values, "storegateway.cachingBucketConfig");
        return {
            ...component("store", "storegateway", 2, shardFlags(values, "storegateway.sharded")),
            ...(bucketCache && { bucketCache }),
        };
    };
    const cache = cacheFile(values, "queryFrontend.cacheConfig");
    const frontend = (): Component => ({
        ...component("query-frontend", "queryFrontend", 2, flag("query-frontend.downstream-url", "the chart's Query")),
        ...(cache && { cache }),
    });
    const isSplit = values.text("receive.mode") === "split";
    /** In split mode, a section of its own lies over what ingesters and routers have in common. */
    const ofIngester = (key: string) =>
        isSplit && values.at(`receive.ingester.${key}`) !== undefined ? `receive.ingester.${key}` : `receive.${key}`;
    const tenancy = flag("receive.tenant-header", values.text("receive.tenancyHeader"), "receive.tenancyHeader");
    const hashring = [...flag("receive.hashrings-file", "the chart's"), ...flag("receive.hashrings-algorithm", "ketama")];
    const ingesters = (): Component => ({
        ...component("receive", "receive", 3, [
            ...flag("label", 'receive_replica="$(POD_NAME)"'),
            ...flag("objstore.config-file", "the chart's"),
            ...(isSplit ? [] : [...hashring, ...flag("receive.local-endpoint", "the pod's own")]),
            ...tenancy,
            ...flag("tsdb.retention", values.text("receive.tsdb.retention") ?? "24h", "receive.tsdb.retention"),
            ...(values.isOn("receive.tsdb.walCompression", true)
                ? flag("tsdb.wal-compression", "true", "receive.tsdb.walCompression")
                : []),
        ]),
        replicas: { path: ofIngester("replicaCount"), default: 3 },
        ...(values.isOn(ofIngester("persistence.enabled"), true) && {
            volume: { path: ofIngester("persistence.size"), default: "10Gi", storageClass: ofIngester("persistence.storageClass") },
        }),
    });
    const factor = "receive.router.replicationFactor";
    const routers = (): Component =>
        component("receive-router", "receive.router", 2, [
            ...hashring,
            ...flag("receive.replication-factor", values.count(factor) ?? 1, factor),
            ...flag("label", 'receive_router_replica="$(POD_NAME)"'),
            ...tenancy,
        ]);
    const rule = (): Component =>
        component("rule", "ruler", 2, [
            ...flag("label", 'ruler_replica="$(POD_NAME)"'),
            ...flag("alert.label-drop", "ruler_replica"),
            ...flag("rule-file", "/etc/thanos/rules/*.yaml"),
            ...alertmanagerFlags(values, "ruler.alertmanagers.config", ALERTMANAGERS),
            ...flag("query.config-file", "the chart's"),
            ...flag("alert.query-url", values.text("ruler.alertQueryUrl"), "ruler.alertQueryUrl"),
        ]);

    const creates = values.isOn("global.objstore.createSecret", false);
    const secret = values.text("global.objstore.secretName") ?? "thanos-objstore";
    values.at("global.objstore.secretKey");
    return {
        components: [
            ...(isOn("query", true)
                ? [
                      component(
                          "query",
                          "query",
                          2,
                          [
                              ...labels.flatMap((label) => flag("query.replica-label", label, "query.replicaLabels")),
                              ...flag("endpoint", "the chart's own components"),
                              ...["query.endpoints.static", "query.stores"].flatMap((path) =>
                                  values.texts(path).flatMap((address) => flag("endpoint", address, path)),
                              ),
                          ],
                          logLevel,
                      ),
                  ]
                : []),
            ...(isOn("queryFrontend", false) ? [frontend()] : []),
            ...(isOn("storegateway", true) ? [store()] : []),
            ...(isOn("compactor", true)
                ? [
                      component(
                          "compact",
                          "compactor",
                          1,
                          [
                              ...flag("wait", "true"),
                              ...retention("retention.resolution-raw", "resolutionRaw", "30d"),
                              ...retention("retention.resolution-5m", "resolution5m", "90d"),
                              ...retention("retention.resolution-1h", "resolution1h", "365d"),
                          ],
                          [...logLevel, ...flag("consistency-delay", "30m")],
                      ),
                  ]
                : []),
            ...(isOn("receive", true) ? [ingesters(), ...(isSplit ? [routers()] : [])] : []),
            ...(isOn("ruler", false) ? [rule()] : []),
            ...(isOn("bucket.bucketweb", false) ? [component("bucket-web", "bucket.bucketweb", 1, [])] : []),
        ],
        objectStore: creates
            ? { path: "global.objstore.config", file: values.at("global.objstore.config") }
            : { path: "global.objstore.secretName", secret },
        image: `thanos:${values.text("global.image.tag") ?? ""}`,
        storageClass: "global.storageClass",
    };
}

/** An example, which the chart has as its default. */
const ALERTMANAGERS = "alertmanagers: [{static_configs: [alertmanager.monitoring.svc.cluster.local:9093], scheme: http, api_version: v2}]";
const HAS_VOLUME: readonly ComponentName[] = ["store", "compact", "rule"];
/** Since version 0.28; before, not all three of them. */
const REPLICA_LABELS = ["prometheus_replica", "receive_replica", "ruler_replica"];
