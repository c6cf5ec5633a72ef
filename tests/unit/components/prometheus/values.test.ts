import { kubePrometheusStackValues } from "../../../../components/prometheus/values";
import { assertGolden } from "../../../support/golden";

const args = {
    clusterName: "blue",
    objectStoreSecret: "thanos-objstore-blue",
    objectStoreChecksum: "0a1b",
    storageClass: "gp3",
    replicas: 2,
    retention: "24h",
    blockDuration: "2h",
    scrapeInterval: "30s",
    storage: "50Gi",
    memory: "4Gi",
};

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

describe("the values of kube-prometheus-stack", () => {
    it("make the sidecar upload blocks, in mode sidecar", () => assertGolden("values-sidecar.json", json(kubePrometheusStackValues(args))));

    it("also write to Receive, in mode sidecar-remote-write", () => {
        const remoteWrite = { url: "https://receive.fleet.test:19291/api/v1/receive", tlsSecret: "prometheus-remote-write-tls" };
        assertGolden("values-sidecar-remote-write.json", json(kubePrometheusStackValues({ ...args, remoteWrite })));
    });
});
