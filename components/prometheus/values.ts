import type { PrometheusConfig } from "../../config/schema";
import { THANOS_IMAGE, VERSIONS } from "../../upstream/versions";
import { OBJECT_STORE_KEY } from "../blocks/objectStore";
import type { Placement } from "../kubernetes/placement";
import { CLUSTER_LABEL, KPS, PROMETHEUS_REPLICA_LABEL, PROMETHEUS_SERVICE_ACCOUNT } from "../naming/names";
import { TLS_FILES } from "../tls/tlsSecret";

/** What decides the values of kube-prometheus-stack. */
export interface ValuesArgs extends PrometheusConfig {
    cluster: string;
    storageClass: string;
    /** Nodes for pods that have volumes. */
    placement?: Placement | undefined;
    /** Of the service account: on EKS, the role it wears. */
    annotations?: Record<string, string>;
    /** Name of the Secret with the objstore file of this cluster's stream. */
    objectStore: string;
    /** Receive's address and the Secret with the certificate for it, where this cluster also writes remotely. */
    remoteWrite?: { url: string; secret: string } | undefined;
}

/** The part of kube-prometheus-stack's values that this project sets (chart 88). */
export type Values = ReturnType<typeof kubePrometheusStackValues>;

/** Values of kube-prometheus-stack. Pure: equal args give equal values. */
export function kubePrometheusStackValues(args: ValuesArgs) {
    return {
        fullnameOverride: KPS,
        crds: { enabled: true },
        // People look at the observer; alerting is a part of its own.
        grafana: { enabled: false },
        alertmanager: { enabled: false },
        kubeStateMetrics: { enabled: false },
        nodeExporter: { enabled: true },
        defaultRules: { create: false },
        // EKS runs these where nobody can scrape them.
        kubeEtcd: { enabled: false },
        kubeScheduler: { enabled: false },
        kubeControllerManager: { enabled: false },
        // The EKS add-on binds its metrics to 127.0.0.1.
        kubeProxy: { enabled: false },
        prometheusOperator: {
            kubeletEndpointsEnabled: false,
            kubeletEndpointSliceEnabled: true,
            // Both, or the operator's pod waits for a Secret that nobody makes (helm-charts#418, #2742).
            admissionWebhooks: { enabled: false },
            tls: { enabled: false },
        },
        prometheus: {
            serviceAccount: { create: true, name: PROMETHEUS_SERVICE_ACCOUNT, annotations: args.annotations ?? {} },
            thanosService: { enabled: true },
            thanosServiceMonitor: { enabled: true },
            podDisruptionBudget: { enabled: true, minAvailable: 1 },
            prometheusSpec: {
                image: { registry: "quay.io", repository: "prometheus/prometheus", tag: VERSIONS.prometheus },
                version: VERSIONS.prometheus,
                replicas: args.replicas,
                scrapeInterval: args.scrapeInterval,
                retention: args.retention,
                // Leaves room for the write-ahead log: a full volume stops Prometheus for good.
                retentionSize: fourFifthsOf(args.storage),
                walCompression: true,
                // Whole blocks of one length are what the sidecar uploads; it is Compact that merges them.
                disableCompaction: true,
                externalLabels: { [CLUSTER_LABEL]: args.cluster },
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
                        whenUnsatisfiable: "DoNotSchedule",
                        // Operator pods don't carry the label of the chart's own example (`app: prometheus`).
                        additionalLabelSelectors: "OnResource",
                    },
                ],
                resources: { requests: { cpu: "100m", memory: args.memory }, limits: { memory: args.memory } },
                storageSpec: {
                    volumeClaimTemplate: {
                        spec: {
                            storageClassName: args.storageClass,
                            accessModes: ["ReadWriteOnce"],
                            resources: { requests: { storage: args.storage } },
                        },
                    },
                },
                thanos: {
                    // The operator picks the sidecar's flags by `version`, not by the image: both, and the same (prometheus-operator#8763).
                    image: THANOS_IMAGE,
                    version: VERSIONS.thanos,
                    blockSize: args.blockDuration,
                    // `objectStorageConfig.{name,key}`, the CRD's own form, is silently dropped by the chart (helm-charts#4229).
                    objectStorageConfig: { existingSecret: { name: args.objectStore, key: OBJECT_STORE_KEY } },
                    resources: { requests: { cpu: "50m", memory: "128Mi" } },
                },
                ...(args.remoteWrite && { remoteWrite: [remoteWrite(args.remoteWrite)] }),
            },
        },
    };
}

/** Remote write to Receive. Its queue is Prometheus's write-ahead log on the persistent volume, which outlives restarts and holds about 2 h. */
function remoteWrite({ url, secret: name }: NonNullable<ValuesArgs["remoteWrite"]>) {
    return {
        name: "observer",
        url,
        // Receive 0.42 takes a 2.0 request for an empty one and answers 200: the samples are gone.
        messageVersion: "V1.0",
        // By reference: the operator copies the Secret when it changes, and Prometheus rereads the copies before each request.
        tlsConfig: {
            ca: { secret: { name, key: TLS_FILES.ca } },
            cert: { secret: { name, key: TLS_FILES.cert } },
            keySecret: { name, key: TLS_FILES.key },
        },
        sendExemplars: false,
        metadataConfig: { send: false },
        queueConfig: {
            capacity: 10000,
            // 2000 over 500 samples a request: 40 % more samples per CPU second in Receive; more gains nothing.
            maxSamplesPerSend: 2000,
            maxShards: 20,
            // Otherwise a 429 of an overloaded Receive is data lost.
            retryOnRateLimit: true,
        },
    };
}

/** Four fifths of a volume's size, in whole mebibytes: the operator's sizes are not Kubernetes' (`50Gi`), but `40960MiB`. */
function fourFifthsOf(volume: string): string {
    const unit = volume.slice(-2);
    const mebibytes = Number(volume.slice(0, -2)) * { Mi: 1, Gi: 1024, Ti: 1024 * 1024 }[unit as "Mi" | "Gi" | "Ti"];
    return `${Math.floor(mebibytes * 0.8)}MiB`;
}
