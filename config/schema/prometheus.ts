import { z } from "zod";
import { count, cpu, duration, labelName, size, volumeSize } from "./common";
import { scrapeConfig } from "./scrape";

/** Groups of kube-prometheus-stack's own rules (its values `defaultRules.rules`, chart 88). */
export const DEFAULT_RULE_GROUPS = [
    "alertmanager",
    "configReloaders",
    "general",
    "k8sContainerCpuUsageSecondsTotal",
    "k8sContainerMemoryCache",
    "k8sContainerMemoryRss",
    "k8sContainerMemorySwap",
    "k8sContainerMemoryWorkingSetBytes",
    "k8sContainerResource",
    "k8sPodOwner",
    "kubeApiserverAvailability",
    "kubeApiserverBurnrate",
    "kubeApiserverHistogram",
    "kubeApiserverSlos",
    "kubePrometheusGeneral",
    "kubePrometheusNodeRecording",
    "kubeStateMetrics",
    "kubelet",
    "kubernetesApps",
    "kubernetesResources",
    "kubernetesStorage",
    "kubernetesSystem",
    "network",
    "node",
    "nodeExporterAlerting",
    "nodeExporterRecording",
    "prometheus",
    "prometheusOperator",
] as const;

/** The Prometheus of a cluster, with its Thanos sidecars. */
export const prometheus = z.strictObject({
    /**
     * Prometheus pods that scrape the same targets. Two, so that a restart leaves no gap.
     * @default 2
     */
    replicas: count.default(2),
    /**
     * How long Prometheus keeps blocks on its own disk, a duration. At least three blocks (docs/components/sidecar.md of Thanos); a day survives a night without S3.
     * @default "24h"
     */
    retention: duration("24h").default("24h"),
    /**
     * Length of the blocks that Prometheus cuts and the sidecar uploads, a duration. Thanos expects 2h; shorten it for a demonstration only.
     * @default "2h"
     */
    blockDuration: duration("2h").default("2h"),
    /**
     * Time between two scrapes of a target, a duration.
     * @default "30s"
     */
    scrapeInterval: duration("30s").default("30s"),
    /**
     * Persistent volume of each Prometheus, a size in Gi or Ti. It may grow, where the StorageClass lets volumes expand. Blocks may fill four fifths of it.
     * @default "50Gi"
     */
    storage: volumeSize.default("50Gi"),
    /**
     * Memory of each Prometheus, a size.
     * @default "4Gi"
     */
    memory: size.default("4Gi"),
    /**
     * CPU that each Prometheus requests. There is no limit: what nobody else uses is free to take.
     * @default "500m"
     */
    cpu: cpu.default("500m"),
    /**
     * Whether the stack installs node-exporter. `unmanaged` where the cluster has one: it holds port 9100 of each node, so a second one never starts. Its own
     * ServiceMonitor or PodMonitor is found in any namespace.
     * @default "install"
     */
    nodeExporter: z.enum(["install", "unmanaged"]).default("install"),
    /**
     * Whether the stack installs kube-state-metrics. `unmanaged` where the cluster has one: two would count each object twice. Its own ServiceMonitor is found
     * in any namespace; the chart's rules and dashboards expect the job `kube-state-metrics`.
     * @default "install"
     */
    kubeStateMetrics: z.enum(["install", "unmanaged"]).default("install"),
    /**
     * Whether the chart's own rules are installed: alerts about Kubernetes, nodes and Prometheus, and recording rules that its dashboards read.
     * @default true
     */
    defaultRules: z.boolean().default(true),
    /**
     * Groups of the chart's rules that are left out, by their names in the chart's values (`defaultRules.rules`).
     * @default []
     */
    omittedRules: z.array(z.enum(DEFAULT_RULE_GROUPS)).default([]),
    /**
     * External labels beside `cluster`, for instance `region`: every sample that leaves Prometheus has them, and every block. A changed one begins new blocks:
     * Compact does not merge them with the older ones.
     * @default {}
     */
    externalLabels: z.record(labelName, z.string().min(1, "is empty. Write a value, or remove the label.")).default({}),
    /**
     * Targets that no ServiceMonitor finds: machines outside of the cluster, an existing Prometheus, what Consul or an HTTP server lists.
     * @default []
     */
    scrapeConfigs: z.array(scrapeConfig).default([]),
    /**
     * Values of the chart kube-prometheus-stack, merged over this project's as Helm merges: maps are merged, lists and other values replaced. Refused where they
     * would break what the fleet depends on, or where there is a setting.
     * @default {}
     */
    values: z.record(z.string(), z.unknown()).default({}),
});

/** The name of a Kubernetes object whose name is part of others. */
const objectName = z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "is not the name of a Prometheus object. `kubectl get prometheuses -A` lists them.");

/** A Prometheus that an observee may keep. */
const existing = z.strictObject({
    /** Name of the Prometheus object, in `namespace`. */
    name: objectName,
    /**
     * Label `job` of its own metrics, by which alerts find it. Not set: its name, as with kube-prometheus-stack.
     * @default the same as `name`
     */
    job: z.string().min(1, "is empty. Write the job, or remove it.").optional(),
});

/** The Prometheus of an observee: installed by the stack, or kept. */
export const observeePrometheus = prometheus.extend({
    /**
     * Keeps a Prometheus that the cluster has already, in `namespace`: of kube-prometheus-stack or of the operator alone. The stack adds what an observee needs, and
     * names every value of it that has to change. Everything else of this section is then decided where it was installed, except `scrapeConfigs`.
     */
    existing: existing.optional(),
});

export type PrometheusConfig = z.infer<typeof prometheus>;
export type ExistingConfig = z.infer<typeof existing>;
