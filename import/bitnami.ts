import type { IsSince } from "./charts";
import {
    alertmanagerFlags,
    autoscalingOf,
    type CacheFile,
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

/** Bitnami's chart `thanos`, versions 8 to 17: where it has each flag, and its defaults (bitnami/charts, bitnami/thanos/values.yaml and templates/). */
export function bitnami(values: Values, isSince: IsSince): ThanosRelease {
    const isOn = (key: string, byDefault = false) => values.isOn(`${key}.enabled`, byDefault);
    const common = (name: ComponentName, key: string) => ({
        name,
        key,
        replicas: { path: `${key}.replicaCount`, default: 1 },
        ...autoscalingOf(values, `${key}.autoscaling`, "targetCPU"),
    });
    const volume = (key: string) =>
        values.isOn(`${key}.persistence.enabled`, true)
            ? { volume: { path: `${key}.persistence.size`, default: "8Gi", storageClass: `${key}.persistence.storageClass` } }
            : {};
    const logs = (key: string) => [
        ...flag("log.level", values.text(`${key}.logLevel`) ?? "info", `${key}.logLevel`),
        ...flag("log.format", values.text(`${key}.logFormat`) ?? "logfmt", `${key}.logFormat`),
    ];
    /** A list of arguments replaces all that the chart would pass. */
    const flags = (key: string, own: Component["flags"]) =>
        values.texts(`${key}.args`).length > 0
            ? extraFlags(values, `${key}.args`)
            : [...logs(key), ...own, ...extraFlags(values, `${key}.extraFlags`)];
    const label = (key: string) => values.text(`${key}.replicaLabel`) ?? "replica";

    const query = (): Component => ({
        ...common("query", "query"),
        flags: flags("query", [
            ...replicaLabels(values).flatMap((name) => flag("query.replica-label", name, "query.replicaLabel")),
            ...values.texts("query.stores").flatMap((address) => flag(endpoint, address, "query.stores")),
            ...discovered(values, endpoint),
            ...flag("store.sd-files", values.text("query.sdConfig"), "query.sdConfig"),
            ...flag("store.sd-files", values.text("query.existingSDConfigmap"), "query.existingSDConfigmap"),
            ...flag("alert.query-url", "the chart's"),
        ]),
    });
    const frontend = (): Component => ({
        ...common("query-frontend", "queryFrontend"),
        flags: flags("queryFrontend", flag("query-frontend.downstream-url", "the chart's Query")),
        ...caches({ cache: cacheFile(values, "queryFrontend.config") }),
    });
    const store = (): Component => ({
        ...common("store", "storegateway"),
        ...volume("storegateway"),
        flags: flags("storegateway", shardFlags(values, "storegateway.sharded")),
        ...caches({
            cache: cacheFile(values, "indexCacheConfig") ?? cacheFile(values, "storegateway.config"),
            bucketCache: cacheFile(values, "bucketCacheConfig"),
        }),
    });
    const compact = (): Component => ({
        name: "compact",
        key: "compactor",
        ...volume("compactor"),
        flags: flags("compactor", [
            ...flag(
                "retention.resolution-raw",
                values.text("compactor.retentionResolutionRaw") ?? "30d",
                "compactor.retentionResolutionRaw",
            ),
            ...flag("retention.resolution-5m", values.text("compactor.retentionResolution5m") ?? "30d", "compactor.retentionResolution5m"),
            ...flag("retention.resolution-1h", values.text("compactor.retentionResolution1h") ?? "10y", "compactor.retentionResolution1h"),
            ...flag("consistency-delay", values.text("compactor.consistencyDelay") ?? "30m", "compactor.consistencyDelay"),
            ...(isSince(15, 9) ? flag("compact.concurrency", values.count("compactor.concurrency") ?? 1, "compactor.concurrency") : []),
            ...(values.isOn("compactor.cronJob.enabled", false) ? [] : flag("wait", "true")),
        ]),
    });
    const protocol = isSince(17, 0) ? "capnproto" : "protobuf";
    const endpoint = isSince(11, 1) ? "endpoint" : "store";
    const routes = (key: string) => [
        ...flag("receive.hashrings-file", "the chart's"),
        ...flag("receive.replication-factor", values.count(`${key}.replicationFactor`) ?? 1, `${key}.replicationFactor`),
        ...(isSince(15, 12)
            ? flag("receive.replication-protocol", values.text(`${key}.replicationProtocol`) ?? protocol, `${key}.replicationProtocol`)
            : []),
    ];
    const isStandalone = (values.text("receive.mode") ?? "standalone") === "standalone";
    const ingesters = (): Component => ({
        ...common("receive", "receive"),
        ...volume("receive"),
        flags: flags("receive", [
            ...flag("tsdb.retention", values.text("receive.tsdbRetention") ?? "15d", "receive.tsdbRetention"),
            ...flag("label", `${label("receive")}="$(NAME)"`, "receive.replicaLabel"),
            ...flag("label", 'receive="true"'),
            ...flag("receive.local-endpoint", "the pod's own"),
            ...flag("objstore.config", "the chart's"),
            ...(isStandalone ? routes("receive") : []),
        ]),
    });
    const routers = (): Component => ({
        ...common("receive-router", "receiveDistributor"),
        flags: flags("receiveDistributor", [...flag("label", `${label("receiveDistributor")}="$(NAME)"`), ...routes("receiveDistributor")]),
    });
    const rule = (): Component => ({
        ...common("rule", "ruler"),
        ...volume("ruler"),
        flags: flags("ruler", [
            ...flag("eval-interval", values.text("ruler.evalInterval") ?? "1m", "ruler.evalInterval"),
            ...values.texts("ruler.alertmanagers").flatMap((url) => flag("alertmanagers.url", url, "ruler.alertmanagers")),
            ...alertmanagerFlags(values, "ruler.alertmanagersConfig"),
            ...flag("query", "the chart's Query"),
            ...values.texts("ruler.queries").flatMap((address) => flag("query", address, "ruler.queries")),
            ...flag("alert.query-url", values.text("ruler.queryURL") ?? "the chart's", "ruler.queryURL"),
            ...flag("label", `${label("ruler")}="$(POD_NAME)"`, "ruler.replicaLabel"),
            ...flag("label", `ruler_cluster="${values.text("ruler.clusterName") ?? ""}"`, "ruler.clusterName"),
            ...flag("alert.label-drop", label("ruler")),
            ...flag("rule-file", values.text("ruler.ruleFile") ?? "/conf/rules/*.yml", "ruler.ruleFile"),
        ]),
    });
    const web = (): Component => ({
        ...common("bucket-web", "bucketweb"),
        flags: flags("bucketweb", [
            ...flag("refresh", values.text("bucketweb.refresh") ?? "30m", "bucketweb.refresh"),
            ...flag("timeout", values.text("bucketweb.timeout") ?? "5m", "bucketweb.timeout"),
        ]),
    });

    const secret = values.text("existingObjstoreSecret");
    values.at("existingObjstoreSecretItems");
    return {
        components: [
            ...(isOn("query", true) ? [query()] : []),
            ...(isOn("queryFrontend", true) ? [frontend()] : []),
            ...(isOn("storegateway") ? [store()] : []),
            ...(isOn("compactor") ? [compact()] : []),
            ...(isOn("receive") ? [ingesters()] : []),
            ...(isOn("receive") && (isOn("receiveDistributor") || !isStandalone) ? [routers()] : []),
            ...(isOn("ruler") ? [rule()] : []),
            ...(isOn("bucketweb") ? [web()] : []),
        ],
        objectStore: secret ? { path: "existingObjstoreSecret", secret } : { path: "objstoreConfig", file: values.at("objstoreConfig") },
        image: `thanos:${(values.text("image.tag") ?? "").replace(/-.*/, "")}`,
        storageClass: "global.defaultStorageClass",
    };
}

/** Before version 3 a text, since then a list, too. */
function replicaLabels(values: Values): string[] {
    const labels = values.texts("query.replicaLabel");
    return values.root.query !== undefined && labels.length > 0 ? labels : ["replica"];
}

/** Sidecars that Query finds by DNS. */
function discovered(values: Values, endpoint: string): Flag[] {
    const path = "query.dnsDiscovery";
    const isOn = values.isOn(`${path}.enabled`, true);
    const [service, namespace] = [values.text(`${path}.sidecarsService`), values.text(`${path}.sidecarsNamespace`)];
    if (!isOn) return [];
    const sidecars = service && namespace ? `dnssrv+_grpc._tcp.${service}.${namespace}.svc` : undefined;
    return [...flag(endpoint, sidecars, `${path}.sidecarsService`), ...flag(endpoint, "the chart's own components")];
}

const caches = ({
    cache,
    bucketCache,
}: {
    cache?: CacheFile | undefined;
    bucketCache?: CacheFile | undefined;
}): Pick<Component, "cache"> => ({
    ...(cache && { cache }),
    ...(bucketCache && { bucketCache }),
});
