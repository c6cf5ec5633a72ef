import { secondsIn } from "../../rules/duration";
import { OPERATOR, PROMETHEUS_SERVICE, REMOTE_WRITE_NAME, SIDECAR_SERVICE } from "../naming/names";
import { type Alert, kubelets, targets } from "./alert";

/** Pods behind a Service that Prometheus scrapes. */
export interface ExpectedPods {
    /** Name of the Service. */
    service: string;
    /** Name of the scraped port. */
    port: string;
    /** Number of pods. */
    replicas: number;
}

/** The jobs of a cluster's Prometheus: labels of what it scrapes of itself. */
export interface PrometheusJobs {
    prometheus: string;
    /** Name of the port at which it is scraped: their label `endpoint`. */
    port: string;
    sidecars: string;
    /** @default none: whoever installed the operator watches it */
    operator?: string;
}

/** The jobs of the Prometheus that a stack installs: the chart's ServiceMonitors make the Service's name the job. */
export const OWN_JOBS: PrometheusJobs = { prometheus: PROMETHEUS_SERVICE, port: "http-web", sidecars: SIDECAR_SERVICE, operator: OPERATOR };

export interface ClusterAlertsArgs {
    /** Kubernetes namespace of the stack. */
    namespace: string;
    /** Jobs of the cluster's own Prometheus. */
    jobs: PrometheusJobs;
    /** Prometheus pods. */
    replicas: number;
    /** Label matchers of the persistent volumes. @default all of the namespace */
    volumes?: string;
    /** Length of the blocks that sidecars upload, a duration. */
    blockDuration: string;
    /** Pods beside Prometheus, its sidecars and the operator. */
    others: readonly ExpectedPods[];
    /** Whether this cluster's Prometheus writes to Receive. */
    writesRemotely: boolean;
    /** End of the first certificate that this stack has made or uses, in seconds since 1970. NaN where a plan has no certificate. */
    certificatesEnd: number;
    /** How long certificates are valid, in seconds. */
    certificateValidity: number;
}

/**
 * Alerts about a cluster that its own Prometheus evaluates. Only such as need a number that this stack knows, or that would lose samples:
 * kube-prometheus-stack has rules for Kubernetes and for Prometheus itself.
 */
export function clusterAlerts(args: ClusterAlertsArgs): Alert[] {
    const { namespace, replicas, jobs } = args;
    const expected: ExpectedPods[] = [
        { service: jobs.prometheus, port: jobs.port, replicas },
        { service: jobs.sidecars, port: "http", replicas },
        ...(jobs.operator ? [{ service: jobs.operator, port: "http", replicas: 1 }] : []),
        ...args.others,
    ];
    const prometheus = targets(namespace, jobs.prometheus);
    return [
        uploadMissing(args),
        ...expected.map((pods) => componentDown(namespace, pods)),
        ...expected.filter((pods) => pods.replicas > 1).map((pods) => podsMissing(namespace, pods)),
        volumeNearlyFull([`namespace="${namespace}"`, ...(args.volumes ? [args.volumes] : [])].join(", ")),
        configNotReloaded(namespace),
        ...(jobs.operator ? [operatorFails(targets(namespace, jobs.operator))] : []),
        certificateEnds(args),
        ...(args.writesRemotely ? [remoteWriteBehind(prometheus), remoteWriteLosesSamples(prometheus)] : []),
    ];
}

/**
 * A head block is cut when it is one and a half blocks long (Prometheus, tsdb/head.go `compactable`): 3 h with blocks of 2 h, also for the first block of
 * a new Prometheus. A sidecar that has never uploaded counts from its first start of the last day, so that restarts do not hide it.
 */
function uploadMissing({ namespace, jobs, blockDuration }: ClusterAlertsArgs): Alert {
    const sidecars = targets(namespace, jobs.sidecars);
    return {
        name: "FleetUploadMissing",
        expr: `time() - (
  max by (pod) (max_over_time(thanos_objstore_bucket_last_successful_upload_time{${sidecars}}[1d])) > 0
  or
  min by (pod) (min_over_time(process_start_time_seconds{${sidecars}}[1d]))
) > ${1.5 * secondsIn(blockDuration)}
and on (pod) up{${sidecars}}`,
        for: "15m",
        severity: "critical",
        summary: "A sidecar uploads no blocks.",
        description:
            "The sidecar of {{ $labels.pod }} has uploaded nothing for {{ $value | humanizeDuration }}. Prometheus deletes blocks after its retention, uploaded or not.",
    };
}

const isUp = (namespace: string, { service, port }: ExpectedPods) => `up{${targets(namespace, service)}, endpoint="${port}"} == 1`;

const componentDown = (namespace: string, pods: ExpectedPods): Alert => ({
    name: "FleetComponentDown",
    expr: `absent(${isUp(namespace, pods)})`,
    for: "15m",
    severity: "critical",
    labels: { workload: pods.service },
    summary: "No pod of a component answers Prometheus.",
    description: `None of ${pods.replicas} expected pods of ${pods.service} could be scraped for 15 minutes.`,
});

/** While one pod is up: `count` of nothing is no series, and that is FleetComponentDown. */
const podsMissing = (namespace: string, pods: ExpectedPods): Alert => ({
    name: "FleetPodsMissing",
    expr: `count(${isUp(namespace, pods)}) < ${pods.replicas}`,
    for: "15m",
    severity: "warning",
    labels: { workload: pods.service },
    summary: "A component runs with fewer pods than it should.",
    description: `{{ $value }} of ${pods.replicas} expected pods of ${pods.service} could be scraped for 15 minutes.`,
});

/** Blocks fill four fifths at most of the volume of a Prometheus that a stack installs (`retentionSize`), so a tenth left is less than it should ever be. `which`: label matchers of the volumes. */
export function volumeNearlyFull(which: string): Alert {
    const volumes = `${kubelets("/metrics")}, ${which}`;
    return {
        name: "FleetVolumeNearlyFull",
        expr: `min by (persistentvolumeclaim) (
  kubelet_volume_stats_available_bytes{${volumes}} / kubelet_volume_stats_capacity_bytes{${volumes}}
) < 0.1`,
        for: "15m",
        severity: "critical",
        summary: "A persistent volume of the fleet is nearly full.",
        description:
            "{{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} of its space left. A full volume stops its pod.",
    };
}

const configNotReloaded = (namespace: string): Alert => ({
    name: "FleetConfigNotReloaded",
    expr: `min by (pod, container) (
  {__name__=~"prometheus_config_last_reload_successful|reloader_last_reload_successful|thanos_receive_config_last_reload_successful", namespace="${namespace}"}
) == 0`,
    for: "15m",
    severity: "warning",
    summary: "A component refuses its new configuration.",
    description: "{{ $labels.container }} in {{ $labels.pod }} could not load its configuration, and runs with the one before.",
});

const operatorFails = (operator: string): Alert => ({
    name: "FleetOperatorFails",
    expr: `sum by (controller) (rate(prometheus_operator_reconcile_errors_total{${operator}}[10m]))
/
sum by (controller) (rate(prometheus_operator_reconcile_operations_total{${operator}}[10m])) > 0.1`,
    for: "15m",
    severity: "warning",
    summary: "The operator cannot apply what it should.",
    description: "{{ $value | humanizePercentage }} of the operator's attempts on {{ $labels.controller }} objects fail.",
});

/**
 * Neither Thanos 0.42 nor Prometheus 3.15 has a metric of a certificate's end (Thanos pkg/tls, exporter-toolkit), so the rule contains the end that this
 * stack knows. Each update writes it anew.
 */
const certificateEnds = ({ certificatesEnd, certificateValidity }: ClusterAlertsArgs): Alert => ({
    name: "FleetCertificateEnds",
    expr: `vector(${certificatesEnd}) - time() < ${Math.round(certificateValidity / 12)}`,
    severity: "critical",
    summary: "A certificate between clusters is about to end.",
    description: "The first certificate ends in {{ $value | humanizeDuration }}. Clusters then refuse each other, and samples are lost.",
});

/** Label matchers of the remote write to Receive, of the Prometheus that others match. */
export const remoteWrite = (prometheus: string) => `${prometheus}, remote_name="${REMOTE_WRITE_NAME}"`;

/**
 * Prometheus keeps about 2 h that are not sent. Compared with the clock, because a full queue takes no more samples and its highest timestamp stands still
 * (storage/remote/queue_manager.go).
 */
const remoteWriteBehind = (prometheus: string): Alert => ({
    name: "FleetRemoteWriteBehind",
    expr: `time() - max by (pod) (max_over_time(prometheus_remote_storage_queue_highest_sent_timestamp_seconds{${remoteWrite(prometheus)}}[5m])) > 600`,
    for: "10m",
    severity: "critical",
    summary: "Remote write is behind, or has stopped.",
    description:
        "The newest sample that {{ $labels.pod }} has sent to Receive is more than 10 minutes old. What is not sent within about 2 hours is lost to Receive.",
});

/** `dropped_series` is what relabelling leaves out on purpose; every other reason is a loss. `prometheus`: its label matchers. */
export const remoteWriteLosesSamples = (prometheus: string): Alert => ({
    name: "FleetRemoteWriteLosesSamples",
    expr: `sum by (pod) (
  increase({__name__=~"prometheus_remote_storage_samples_failed_total|prometheus_remote_storage_samples_dropped_total", reason!="dropped_series", ${remoteWrite(prometheus)}}[15m])
) > 0`,
    for: "5m",
    severity: "critical",
    summary: "Receive refuses samples for good.",
    description: "{{ $labels.pod }} lost {{ $value | humanize }} samples on their way to Receive within 15 minutes.",
});
