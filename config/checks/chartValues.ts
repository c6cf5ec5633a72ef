import { isMap } from "../../rules/isMap";
import { type Problem, Problems } from "../../rules/problem";
import { RESERVED_LABELS } from "../labels";
import type { StackConfig } from "../schema";

interface Guard {
    /** A path in the chart's values. A value there or below is refused. */
    path: string;
    /** The rest of a sentence that begins with the path. */
    why: string;
    remedy: string;
}

const own = (path: string, setting: string): Guard => ({ path, why: "has a setting of its own.", remedy: `Write ${setting} instead.` });
const NAME = "changes names by which the fleet finds Prometheus, its sidecars, its role and its volumes.";
const KEEP = "Remove it.";
const SPEC = "prometheus.prometheusSpec";

/** What the fleet depends on in the chart's values, and what has a setting of its own. Everything else is the user's to change. */
const GUARDS: readonly Guard[] = [
    ...["fullnameOverride", "nameOverride", "namespaceOverride", "cleanPrometheusOperatorObjectNames"].map((path) => ({
        path,
        why: NAME,
        remedy: KEEP,
    })),
    ...["prometheus.serviceAccount.name", "prometheus.serviceAccount.create", "prometheus.thanosService", `${SPEC}.serviceName`].map(
        (path) => ({
            path,
            why: NAME,
            remedy: KEEP,
        }),
    ),
    { path: "prometheus.enabled", why: "takes away what the fleet reads from.", remedy: KEEP },
    { path: "prometheusOperator.enabled", why: "takes away what runs Prometheus.", remedy: KEEP },
    {
        path: "prometheusOperator.extraArgs",
        why: "replaces the list with --controller-id: two operators in a cluster would fight.",
        remedy: KEEP,
    },
    { path: "prometheus.annotations.operator.prometheus.io/controller-id", why: "hides Prometheus from its operator.", remedy: KEEP },
    { path: "prometheus.agentMode", why: "is decided by the mode of the cluster: an agent uploads no blocks.", remedy: KEEP },
    own("global.imageRegistry", "pods.imageRegistry"),
    own(`${SPEC}.externalLabels`, "prometheus.externalLabels"),
    ...["replicaExternalLabelName", "replicaExternalLabelNameClear"].map((key) => ({
        path: `${SPEC}.${key}`,
        why: "changes the label by which Query tells replicas apart: every sample would count twice.",
        remedy: KEEP,
    })),
    { path: `${SPEC}.disableCompaction`, why: "lets Prometheus merge blocks that the sidecar then never uploads.", remedy: KEEP },
    { path: `${SPEC}.tsdb`, why: "can make blocks that overlap, on which Compact halts.", remedy: KEEP },
    {
        path: `${SPEC}.remoteWrite`,
        why: "replaces the remote write to Receive, as Helm replaces lists.",
        remedy: `Write ${SPEC}.additionalRemoteWrite, which the chart adds to it.`,
    },
    ...["serviceMonitorSelector", "serviceMonitorSelectorNilUsesHelmValues", "serviceMonitorNamespaceSelector"].map((key) => ({
        path: `${SPEC}.${key}`,
        why: "can leave out the ServiceMonitor of the Thanos pods.",
        remedy: KEEP,
    })),
    ...["ruleSelector", "ruleSelectorNilUsesHelmValues", "ruleNamespaceSelector"].map((key) => ({
        path: `${SPEC}.${key}`,
        why: "can leave out the project's alerts.",
        remedy: KEEP,
    })),
    ...["image", "version"].map((key) => ({
        path: `${SPEC}.${key}`,
        why: "runs a version that this project was not tested with.",
        remedy: "Move the version in upstream/versions.ts.",
    })),
    { path: `${SPEC}.retentionSize`, why: "follows from prometheus.storage.", remedy: "Write prometheus.storage instead." },
    { path: `${SPEC}.shards`, why: "lets each Prometheus scrape a part only, while alerts and sizes count on all.", remedy: KEEP },
    own(`${SPEC}.storageSpec`, "prometheus.storage and storageClass"),
    own(`${SPEC}.resources`, "prometheus.memory and prometheus.cpu"),
    ...["replicas", "retention", "scrapeInterval"].map((key) => own(`${SPEC}.${key}`, `prometheus.${key}`)),
    own(`${SPEC}.additionalAlertManagerConfigs`, "alerting.external"),
    own("alertmanager.enabled", "alerting.alertmanager"),
    {
        path: "grafana.enabled",
        why: "has a setting of its own, which the observer has: its Grafana shows every cluster.",
        remedy: "Write grafana.server in the observer's stack instead.",
    },
    ...["admin", "adminUser", "adminPassword"].map((key) => own(`grafana.${key}`, "grafana.adminSecret")),
    ...["rbac", "sidecar.dashboards.resource", "sidecar.datasources.resource"].map((key) => ({
        path: `grafana.${key}`,
        why: "decides what Grafana's sidecars may read: more than ConfigMaps would be the keys of the bucket.",
        remedy: KEEP,
    })),
    own("alertmanager.alertmanagerSpec.replicas", "alerting.replicas"),
    ...["configSecret", "useExistingSecret"].map((key) => own(`alertmanager.alertmanagerSpec.${key}`, "alerting.configSecret")),
    own("nodeExporter.enabled", "prometheus.nodeExporter"),
    own("kubeStateMetrics.enabled", "prometheus.kubeStateMetrics"),
    own("defaultRules.create", "prometheus.defaultRules"),
];

/** What may be changed of the sidecar; the rest decides whether it uploads, and whether Query can ask it. */
const FREE_OF_SIDECAR = ["resources", "logLevel", "logFormat"];

/** Whether `values` say something at a path of the chart's values. A key of a map may itself contain dots, as annotations do. */
function says(values: unknown, path: string): boolean {
    if (path === "") return true;
    // What is not a map replaces everything below it.
    if (!isMap(values)) return true;
    return Object.entries(values).some(([key, value]) => {
        if (key === path) return true;
        return path.startsWith(`${key}.`) && says(value, path.slice(key.length + 1));
    });
}

/** The user's values of the chart that would break what the fleet depends on. */
export function chartValues({ prometheus: { values, scrapeConfigs }, alerting }: StackConfig): Problem[] {
    const problems = new Problems();
    const at = (path: string) => `prometheus.values.${path}`;
    for (const { path, why, remedy } of GUARDS) problems.when(says(values, path), at(path), why, remedy);
    const sidecar =
        isMap(values.prometheus) && isMap(values.prometheus.prometheusSpec) ? values.prometheus.prometheusSpec.thanos : undefined;
    const changed = isMap(sidecar)
        ? Object.keys(sidecar).filter((key) => !FREE_OF_SIDECAR.includes(key))
        : sidecar === undefined
          ? []
          : [""];
    for (const key of changed)
        problems.when(
            true,
            at([`${SPEC}.thanos`, ...(key ? [key] : [])].join(".")),
            "decides whether the sidecar uploads blocks, and whether Query can ask it.",
            `Remove it; ${FREE_OF_SIDECAR.join(", ")} may be changed.`,
        );
    const { alertmanager, external } = alerting;
    const ofFleet = alertmanager === "fleet";
    const mounted =
        ofFleet || external.some(({ caSecret, certificateSecret, tokenSecret }) => caSecret ?? certificateSecret ?? tokenSecret);
    problems
        .when(
            mounted && says(values, `${SPEC}.secrets`),
            at(`${SPEC}.secrets`),
            `replaces the list with ${ofFleet ? "the certificate for the fleet's Alertmanager" : "the Secrets of alerting.external"}, as Helm replaces lists.`,
            "Mount yours by volumes and volumeMounts.",
        )
        .when(
            alertmanager !== "install" && "alertmanager" in values,
            at("alertmanager"),
            `has no effect: with alerting.alertmanager: ${alertmanager} the chart installs no Alertmanager.`,
            "Remove it, or set alerting.alertmanager to install.",
        );
    for (const key of ["scrapeConfigSelector", "scrapeConfigSelectorNilUsesHelmValues", "scrapeConfigNamespaceSelector"])
        problems.when(
            scrapeConfigs.length > 0 && says(values, `${SPEC}.${key}`),
            at(`${SPEC}.${key}`),
            "can leave out prometheus.scrapeConfigs.",
            KEEP,
        );
    return problems.all();
}

/** External labels that would replace or hide one of the fleet's. */
export function externalLabels({ prometheus }: StackConfig): Problem[] {
    const problems = new Problems();
    for (const name of Object.keys(prometheus.externalLabels))
        problems.when(
            RESERVED_LABELS.includes(name),
            `prometheus.externalLabels.${name}`,
            "is a label of the fleet's own: clusters and replicas are told apart by it.",
            "Use another name.",
        );
    return problems.all();
}
