import { CLUSTER_LABEL } from "../../config/labels";
import { MAX_SAMPLES_PER_SEND, type PodsConfig, type PrometheusConfig } from "../../config/schema";
import { shareOf } from "../../config/size";
import { PROMETHEUS_REPLICA_LABEL } from "../../rules/model";
import { THANOS_IMAGE, VERSIONS } from "../../upstream/versions";
import { OBJECT_STORE_KEY } from "../blocks/objectStore";
import { checksumAnnotations } from "../kubernetes/checksum";
import { imageFrom } from "../kubernetes/imageFrom";
import { type Placement, placementOf } from "../kubernetes/placement";
import { KPS, PROMETHEUS_SERVICE_ACCOUNT, REMOTE_WRITE_NAME } from "../naming/names";
import { type Tracing, tracingConfig } from "../thanos/tracing";
import type { AlertTargets } from "../tls/alertmanagerFiles";
import { TLS_FILES } from "../tls/tlsSecret";
import { alertmanagerValues, externalAlertmanagers } from "./alertmanager";
import { type GrafanaServer, grafanaValues } from "./grafana";

/** What the values of kube-prometheus-stack depend on. */
export interface ValuesArgs extends Omit<PrometheusConfig, "values" | "scrapeConfigs"> {
    /** Name of the cluster: the value of the external label `cluster`. */
    clusterName: string;
    /** StorageClass of the Prometheus volumes. */
    storageClass: string;
    /** Nodes of the Prometheus pods. @default any node */
    placement?: Placement | undefined;
    /** Nodes of pods without volumes. @default any node */
    generalPlacement?: Placement | undefined;
    /** What the user says of every pod; the placements contain it. */
    pods: PodsConfig;
    /** Where this cluster's alerts go. */
    alerting: AlertTargets;
    /** Whether every node has the label of its zone. If so, replicas never share a zone while another has none; if not, they are spread where possible. */
    nodesHaveZones: boolean;
    /** Annotations of the service account. With IRSA, the role that the pods assume. @default none */
    annotations?: Record<string, string>;
    /**
     * The objstore file of this cluster's stream: the name of its Secret, and its checksum, since a sidecar reads the file only when it starts. `undefined`:
     * Prometheus is an agent, which stores nothing but what it has not sent yet.
     */
    objectStore: { secret: string; checksum: string } | undefined;
    /** Where the sidecars' traces go. @default nowhere */
    tracing?: Tracing | undefined;
    /** Grafana, on the observer. @default none */
    grafana?: GrafanaServer | undefined;
    /** URL of Receive, and the name of the Secret with the client certificate for it. @default no remote write */
    remoteWrite?: { url: string; tlsSecret: string } | undefined;
}

/** What each sidecar requests. */
export const SIDECAR_REQUESTS = { cpu: "50m", memory: "128Mi" };

/**
 * Keeps this operator and another one in the same cluster apart: ours handles only what has this annotation, and others (v0.73 or newer) handle only
 * what has none or their own. Both still read every namespace's ServiceMonitors, PodMonitors and rules.
 */
const CONTROLLER_ID = "thanos-fleet";
const OURS = { "operator.prometheus.io/controller-id": CONTROLLER_ID };

/** The part of kube-prometheus-stack's values that this project sets (chart 88). */
export type Values = ReturnType<typeof kubePrometheusStackValues>;

/** Path of the size in the claim template, which must stay what it was when the StatefulSet was made. */
export const CLAIMED_SIZE = "values.prometheus.prometheusSpec.storageSpec.volumeClaimTemplate.spec.resources.requests.storage";

/** Values of kube-prometheus-stack, before the user's own are merged over them. */
export function kubePrometheusStackValues(args: ValuesArgs) {
    const agent = args.objectStore === undefined;
    // The chart's own parts run on any node, unless the user says where.
    const others = placementOf(undefined, args.pods);
    return {
        ...(args.pods.imageRegistry && { global: { imageRegistry: args.pods.imageRegistry } }),
        fullnameOverride: KPS,
        crds: { enabled: true },
        // Dashboards belong to the observer.
        grafana: grafanaValues(args.grafana, args.generalPlacement),
        // An agent evaluates nothing, so nobody would send to an Alertmanager.
        alertmanager: agent ? { enabled: false } : alertmanagerValues(args.alerting, OURS, args.generalPlacement),
        kubeStateMetrics: { enabled: args.kubeStateMetrics === "install" },
        nodeExporter: { enabled: args.nodeExporter === "install" },
        defaultRules: {
            create: args.defaultRules && !agent,
            ...(args.omittedRules.length > 0 && { rules: Object.fromEntries(args.omittedRules.map((group) => [group, false])) }),
        },
        // EKS runs these on its control plane, where nobody can scrape them.
        kubeEtcd: { enabled: false },
        kubeScheduler: { enabled: false },
        kubeControllerManager: { enabled: false },
        // The EKS add-on binds its metrics to 127.0.0.1.
        kubeProxy: { enabled: false },
        // Otherwise the chart scrapes cAdvisor every 10 s, whatever the interval of the rest (`cAdvisorInterval`).
        kubelet: { serviceMonitor: { interval: args.scrapeInterval } },
        prometheusOperator: {
            kubeletEndpointsEnabled: false,
            kubeletEndpointSliceEnabled: true,
            // Disable both, or the operator's pod waits for a Secret that nothing creates (helm-charts#418, #2742).
            admissionWebhooks: { enabled: false },
            tls: { enabled: false },
            extraArgs: [`--controller-id=${CONTROLLER_ID}`],
            ...others,
        },
        ...(others && { "kube-state-metrics": others }),
        ...(others?.priorityClassName && { "prometheus-node-exporter": { priorityClassName: others.priorityClassName } }),
        prometheus: {
            annotations: OURS,
            ...(agent && { agentMode: true }),
            serviceAccount: { create: true, name: PROMETHEUS_SERVICE_ACCOUNT, annotations: args.annotations ?? {} },
            thanosService: { enabled: !agent },
            thanosServiceMonitor: { enabled: !agent },
            podDisruptionBudget: { enabled: true, minAvailable: 1 },
            prometheusSpec: {
                image: { registry: "quay.io", repository: "prometheus/prometheus", tag: VERSIONS.prometheus },
                version: VERSIONS.prometheus,
                replicas: args.replicas,
                scrapeInterval: args.scrapeInterval,
                walCompression: true,
                externalLabels: { ...args.externalLabels, [CLUSTER_LABEL]: args.clusterName },
                replicaExternalLabelName: PROMETHEUS_REPLICA_LABEL,
                serviceDiscoveryRole: "EndpointSlice",
                serviceMonitorSelectorNilUsesHelmValues: false,
                podMonitorSelectorNilUsesHelmValues: false,
                probeSelectorNilUsesHelmValues: false,
                ruleSelectorNilUsesHelmValues: false,
                scrapeConfigSelectorNilUsesHelmValues: false,
                podAntiAffinity: "soft",
                ...args.placement,
                topologySpreadConstraints: [
                    {
                        maxSkew: 1,
                        topologyKey: "topology.kubernetes.io/zone",
                        whenUnsatisfiable: args.nodesHaveZones ? "DoNotSchedule" : "ScheduleAnyway",
                        // The operator's pods don't have the label of the chart's own example (`app: prometheus`).
                        additionalLabelSelectors: "OnResource",
                    },
                ],
                resources: { requests: { cpu: args.cpu, memory: args.memory }, limits: { memory: args.memory } },
                storageSpec: {
                    volumeClaimTemplate: {
                        spec: {
                            storageClassName: args.storageClass,
                            accessModes: ["ReadWriteOnce"],
                            resources: { requests: { storage: args.storage } },
                        },
                    },
                },
                ...(args.objectStore ? ofServer(args, args.objectStore) : ofAgent(args)),
                ...(args.remoteWrite && { remoteWrite: [remoteWrite(args.remoteWrite)] }),
            },
        },
    };
}

/** What only a Prometheus that stores blocks has. */
function ofServer(args: ValuesArgs, { secret, checksum }: NonNullable<ValuesArgs["objectStore"]>) {
    return {
        podMetadata: { annotations: checksumAnnotations({ [OBJECT_STORE_KEY]: checksum }) },
        retention: args.retention,
        // Leaves room for the write-ahead log: a full volume stops Prometheus for good.
        retentionSize: shareOf(args.storage, 0.8),
        // The sidecar uploads blocks of one length only; Compact merges them.
        disableCompaction: true,
        // When remote write is changed or removed, Prometheus scrapes nothing until it has flushed the old queue (storage/remote/write.go). The default is a minute,
        // and where Receive no longer takes these samples both Prometheus use all of it. What is not flushed is in the blocks. The flag is there without remote write,
        // too: a changed flag restarts Prometheus, and takes effect later than the change of remote write that it came with.
        additionalArgs: [{ name: "storage.remote.flush-deadline", value: "5s" }],
        thanos: {
            // The operator chooses the sidecar's flags by `version`, not by the image, so the two must agree (prometheus-operator#8763).
            // The chart puts its mirror before its own images only, and this one is a whole name.
            image: imageFrom(args.pods.imageRegistry, THANOS_IMAGE),
            version: VERSIONS.thanos,
            blockSize: args.blockDuration,
            // `objectStorageConfig.{name,key}`, the CRD's own form, is silently dropped by the chart (helm-charts#4229).
            objectStorageConfig: { existingSecret: { name: secret, key: OBJECT_STORE_KEY } },
            resources: { requests: SIDECAR_REQUESTS },
            ...(args.tracing && {
                additionalArgs: [{ name: "tracing.config", value: tracingConfig("thanos-sidecar", args.tracing) }],
            }),
        },
        ...externalAlertmanagers(args.alerting),
    };
}

/**
 * What only an agent has. It drops samples that are older than `retention`, sent or not; Prometheus's own default is 4 h (cmd/prometheus/main.go). No
 * `storage.remote.flush-deadline` as a server has: samples that an agent does not flush are in no block.
 */
const ofAgent = ({ retention }: ValuesArgs): Partial<ReturnType<typeof ofServer>> => ({
    additionalArgs: [{ name: "storage.agent.retention.max-time", value: retention }],
});

/** Remote write to Receive. It reads from Prometheus's write-ahead log on the persistent volume, which survives restarts and holds about 2 h. */
function remoteWrite({ url, tlsSecret: name }: NonNullable<ValuesArgs["remoteWrite"]>) {
    return {
        name: REMOTE_WRITE_NAME,
        url,
        // Receive 0.42 reads a 2.0 request as an empty one and answers 200: the samples are lost.
        messageVersion: "V1.0",
        // Secret references: the operator copies a changed Secret, and Prometheus rereads the copies before each request.
        tlsConfig: {
            ca: { secret: { name, key: TLS_FILES.ca } },
            cert: { secret: { name, key: TLS_FILES.cert } },
            keySecret: { name, key: TLS_FILES.key },
        },
        sendExemplars: false,
        metadataConfig: { send: false },
        queueConfig: {
            capacity: 10000,
            // With 2000 instead of 500 samples per request Receive takes 40 % more samples per CPU second; a larger number gains nothing.
            maxSamplesPerSend: MAX_SAMPLES_PER_SEND,
            maxShards: 20,
            // Otherwise the samples of a cluster over its limit are lost: Receive answers 429 to it (docs/adr/0018).
            retryOnRateLimit: true,
        },
    };
}
