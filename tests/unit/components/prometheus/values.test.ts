import assert from "node:assert/strict";
import { kubePrometheusStackValues } from "../../../../components/prometheus/values";
import { assertGolden } from "../../../support/golden";

const args = {
    clusterName: "blue",
    objectStoreSecret: "thanos-objstore-blue",
    objectStoreChecksum: "0a1b",
    storageClass: "gp3",
    nodesHaveZones: true,
    replicas: 2,
    retention: "24h",
    blockDuration: "2h",
    scrapeInterval: "30s",
    storage: "50Gi",
    memory: "4Gi",
    cpu: "500m",
    nodeExporter: "install" as const,
};

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

describe("the values of kube-prometheus-stack", () => {
    it("make the sidecar upload blocks, in mode sidecar", () => assertGolden("values-sidecar.json", json(kubePrometheusStackValues(args))));

    it("let a pod run on nodes without a zone where nodes have none", () => {
        const spread = (nodesHaveZones: boolean) =>
            kubePrometheusStackValues({ ...args, nodesHaveZones }).prometheus.prometheusSpec.topologySpreadConstraints.map(
                (constraint) => constraint.whenUnsatisfiable,
            );
        assert.deepEqual([spread(true), spread(false)], [["DoNotSchedule"], ["ScheduleAnyway"]]);
    });

    it("keep blocks within four fifths of the volume, in every unit", () => {
        const sizes = ["500Mi", "50Gi", "2Ti"].map(
            (storage) => kubePrometheusStackValues({ ...args, storage }).prometheus.prometheusSpec.retentionSize,
        );
        assert.deepEqual(sizes, ["400MiB", "40960MiB", "1677721MiB"]);
    });

    it("also write to Receive, in mode sidecar-remote-write", () => {
        const remoteWrite = { url: "https://receive.fleet.test:19291/api/v1/receive", tlsSecret: "prometheus-remote-write-tls" };
        assertGolden("values-sidecar-remote-write.json", json(kubePrometheusStackValues({ ...args, remoteWrite })));
    });

    it("scrape kubelets and cAdvisor as often as everything else", () => {
        const { kubelet, prometheus } = kubePrometheusStackValues({ ...args, scrapeInterval: "1m" });
        assert.deepEqual([kubelet.serviceMonitor.interval, prometheus.prometheusSpec.scrapeInterval], ["1m", "1m"]);
    });

    it("leave out node-exporter where the cluster has its own", () =>
        assert.deepEqual(kubePrometheusStackValues({ ...args, nodeExporter: "unmanaged" }).nodeExporter, { enabled: false }));

    it("keep this operator and another one in the cluster from handling each other's Prometheus", () => {
        const { prometheusOperator, prometheus } = kubePrometheusStackValues(args);
        const id = prometheus.annotations["operator.prometheus.io/controller-id"];
        assert.deepEqual(prometheusOperator.extraArgs, [`--controller-id=${id}`]);
    });
});
