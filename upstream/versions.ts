/**
 * Every upstream version that this project pins, in one place. `npm run versions` says which have newer releases.
 *
 * Floors: Thanos 0.42.3 (0.42.0 to 0.42.2 lose the upload on shutdown of Receive), prometheus-operator 0.93.1, Prometheus 3.14.
 */
export const VERSIONS = {
    thanos: "v0.42.4",
    prometheus: "v3.15.0",
    prometheusOperator: "v0.93.1",
    kubePrometheusStack: "88.5.3",
    versitygw: "v1.8.0",
    pulumi: "v3.259.0", // 3.260 and later are not to be had as Go modules
    kubernetes: "v1.34.4",
    helm: "v3.22.0",
    coredns: "v1.14.2",
    nodeExporter: "v1.12.1",
    kind: "v0.33.0",
    awsLoadBalancerController: "3.5.0", // the chart's, which is the controller's
    minio: "v0.0.0-20260212201848-7aac2a2c5b7c", // the last commit that is to be had; no longer developed
} as const;

/** Images that the program names itself; the local fleet makes the same ones where no registry is within reach. */
export const THANOS_IMAGE = `quay.io/thanos/thanos:${VERSIONS.thanos}`;
export const S3_IMAGE = `ghcr.io/versity/versitygw:${VERSIONS.versitygw}`;

/** What an EKS cluster has to have at least, and what one that is made here gets. */
export const EKS = {
    version: "1.34",
    oldest: "1.32",
} as const;
