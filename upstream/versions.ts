/**
 * Every upstream version that this project pins. `npm run versions` shows which have newer releases.
 *
 * Floors: Thanos 0.42.3 (0.42.0 to 0.42.2 lose the upload on shutdown of Receive), prometheus-operator 0.93.1, Prometheus 3.14.
 */
export const VERSIONS = {
    thanos: "v0.42.4",
    prometheus: "v3.15.0",
    prometheusOperator: "v0.93.1",
    kubePrometheusStack: "88.5.3",
    versitygw: "v1.8.0",
    pulumi: "v3.259.0", // 3.260 and later are not published as Go modules
    kubernetes: "v1.34.4",
    helm: "v3.22.0",
    coredns: "v1.14.2",
    nodeExporter: "v1.12.1",
    alertmanager: "v0.34.0", // the one that kube-prometheus-stack names
    kubeStateMetrics: "v2.20.0", // the one that kube-prometheus-stack names
    kind: "v0.33.0",
    awsLoadBalancerController: "3.5.0", // of the chart and of the controller
    memcached: "1.6.45",
    oauth2Proxy: "v7.15.3",
    minio: "v0.0.0-20260212201848-7aac2a2c5b7c", // the last published commit; no longer developed
} as const;

/** Images that the program names itself; the local fleet builds the same images if no registry is reachable. */
export const THANOS_IMAGE = `quay.io/thanos/thanos:${VERSIONS.thanos}`;
export const PROMETHEUS_IMAGE = `quay.io/prometheus/prometheus:${VERSIONS.prometheus}`;
export const MEMCACHED_IMAGE = `docker.io/library/memcached:${VERSIONS.memcached}-alpine`;
export const OAUTH2_PROXY_IMAGE = `quay.io/oauth2-proxy/oauth2-proxy:${VERSIONS.oauth2Proxy}`;
export const S3_IMAGE = `ghcr.io/versity/versitygw:${VERSIONS.versitygw}`;

/** Images that kube-prometheus-stack names. */
export const OPERATOR_IMAGE = `quay.io/prometheus-operator/prometheus-operator:${VERSIONS.prometheusOperator}`;
export const CONFIG_RELOADER_IMAGE = `quay.io/prometheus-operator/prometheus-config-reloader:${VERSIONS.prometheusOperator}`;
export const NODE_EXPORTER_IMAGE = `quay.io/prometheus/node-exporter:${VERSIONS.nodeExporter}-distroless`;
export const ALERTMANAGER_IMAGE = `quay.io/prometheus/alertmanager:${VERSIONS.alertmanager}`;
export const KUBE_STATE_METRICS_IMAGE = `registry.k8s.io/kube-state-metrics/kube-state-metrics:${VERSIONS.kubeStateMetrics}`;

/** Kubernetes versions of EKS. */
export const EKS = {
    /** What a plan without an account assumes of an existing cluster. */
    version: "1.34",
    /** Oldest that the fleet supports. */
    oldest: "1.32",
} as const;
