import {
    alertmanagerFlags,
    autoscalingOf,
    type Component,
    type ComponentName,
    extraFlags,
    type Flag,
    flag,
    type ThanosRelease,
} from "./thanosRelease";
import type { Values } from "./values";

/** stevehipwell's chart `thanos`, versions 1.11 and later: where it has each flag, and its defaults (stevehipwell/helm-charts, charts/thanos). */
export function stevehipwell(values: Values): ThanosRelease {
    const isOn = (key: string, byDefault = false) => values.isOn(`${key}.enabled`, byDefault);
    const logs = [
        ...flag("log.level", values.text("logLevel") ?? "info", "logLevel"),
        ...flag("log.format", values.text("logFormat") ?? "logfmt", "logFormat"),
        ...(values.isOn("autoGomemlimit.enabled", false) ? flag("enable-auto-gomemlimit", "true", "autoGomemlimit.enabled") : []),
    ];
    const component = (name: ComponentName, key: string, flags: readonly Flag[]): Component => ({
        name,
        key,
        flags: [...logs, ...flags, ...extraFlags(values, `${key}.extraArgs`)],
        ...(name !== "compact" && { replicas: { path: `${key}.replicas`, default: 1 } }),
        ...(values.isOn(`${key}.persistence.enabled`, false) && {
            volume: { path: `${key}.persistence.size`, default: "8Gi", storageClass: `${key}.persistence.storageClass` },
        }),
        ...autoscalingOf(values, `${key}.autoscaling`, "targetCPUUtilizationPercentage"),
    });
    const [rule, receive] = [isOn("rule"), isOn("receive")];
    const ownLabels = [...(rule ? ["rule_replica"] : []), ...(receive ? ["receive_replica"] : [])];
    const labelsAt = (path: string, name: string) => values.texts(path).flatMap((label) => flag(name, label, path));
    const labels = (name: string) => labelsAt("additionalReplicaLabels", name);

    const query = component("query", "query", [
        ...labels("query.replica-label"),
        ...labelsAt("query.replicaLabels", "query.replica-label"),
        ...ownLabels.flatMap((label) => flag("query.replica-label", label)),
        ...["additionalEndpoints", "query.additionalStores"].flatMap((path) => labelsAt(path, "endpoint")),
        ...labelsAt("additionalEndpointGroups", "endpoint-group"),
        ...flag("endpoint", "the chart's own components"),
    ]);
    const merges = isOn("compact.deduplication", true);
    const func = values.text("compact.deduplication.func");
    const byPenalty = values.isOn("compact.replicaDeduplication", false) ? "penalty" : undefined;
    const compact = component("compact", "compact", [
        ...flag("wait", "true"),
        ...(merges
            ? [
                  ...flag("compact.enable-vertical-compaction", "true", "compact.deduplication.enabled"),
                  ...labels("deduplication.replica-label"),
                  ...ownLabels.flatMap((label) => flag("deduplication.replica-label", label)),
                  ...flag("deduplication.func", func || byPenalty, "compact.deduplication.func"),
              ]
            : []),
    ]);
    const ingesters = component("receive", "receive.ingestor", [
        ...flag("tsdb.retention", values.text("receive.retention") ?? "48h", "receive.retention"),
        ...flag("label", 'receive_replica="$(NAME)"'),
        ...flag("receive.local-endpoint", "the pod's own"),
        ...flag("objstore.config-file", "the chart's"),
    ]);
    const routers = component("receive-router", "receive.router", [
        ...flag("receive.hashrings-file", "the chart's"),
        ...flag("receive.replication-factor", values.count("receive.replicationFactor") ?? 1, "receive.replicationFactor"),
        ...flag("label", 'receive_replica="$(NAME)"'),
    ]);
    const ruler = component("rule", "rule", [
        ...(values.isOn("rule.instanceLabel", false) ? flag("label", "thanos_rule", "rule.instanceLabel") : []),
        ...flag("label", 'rule_replica="$(NAME)"'),
        ...flag("alert.label-drop", "rule_replica"),
        ...flag("tsdb.retention", values.text("rule.retention") ?? "48h", "rule.retention"),
        ...flag("tsdb.block-duration", values.text("rule.blockDuration") ?? "2h", "rule.blockDuration"),
        ...flag("query", "the chart's Query"),
        ...labelsAt("rule.overrideQueryEndpoints", "query"),
        ...flag("rule-file", "/etc/thanos/rules/*.yaml"),
        ...flag("eval-interval", values.text("rule.evalInterval") ?? "1m", "rule.evalInterval"),
        ...(values.isOn("rule.alertmanagersConfig.create", true)
            ? alertmanagerFlags(values, "rule.alertmanagersConfig.value", "alertmanagers: []")
            : flag("alertmanagers.config-file", "the chart's", "rule.alertmanagersConfig.name")),
    ]);
    const creates = values.isOn("objstoreConfig.create", true);
    const secret = values.text("objstoreConfig.name");
    values.at("objstoreConfig.key");
    return {
        components: [
            ...(isOn("query", true) ? [query] : []),
            ...(isOn("queryFrontend")
                ? [component("query-frontend", "queryFrontend", flag("query-frontend.downstream-url", "the chart's Query"))]
                : []),
            ...(isOn("storeGateway", true) ? [component("store", "storeGateway", [])] : []),
            ...(isOn("compact") ? [compact] : []),
            ...(receive ? [ingesters, routers] : []),
            ...(rule ? [ruler] : []),
        ],
        objectStore: creates
            ? { path: "objstoreConfig.value", file: values.at("objstoreConfig.value") }
            : { path: "objstoreConfig.name", secret: secret ?? "" },
        image: `thanos:${values.text("image.tag") ?? ""}`,
    };
}
