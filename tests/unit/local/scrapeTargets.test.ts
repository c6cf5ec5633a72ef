import assert from "node:assert/strict";
import type { V1EndpointSlice, V1Service } from "@kubernetes/client-node";
import { type ServiceMonitor, selectedTargets } from "../../../local/scrapeTargets";

const monitor = (matchLabels: Record<string, string>, ports: string[], matchNames?: string[]): ServiceMonitor => ({
    metadata: { namespace: "monitoring" },
    spec: {
        selector: { matchLabels },
        ...(matchNames && { namespaceSelector: { matchNames } }),
        endpoints: ports.map((port) => ({ port })),
    },
});
const service = (namespace: string, name: string, labels: Record<string, string>): V1Service => ({ metadata: { namespace, name, labels } });
const slice = (namespace: string, of: string, ports: string[], addresses: string[]): V1EndpointSlice => ({
    metadata: { namespace, labels: { "kubernetes.io/service-name": of } },
    addressType: "IPv4",
    ports: ports.map((name) => ({ name })),
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: address !== "10.0.0.2" } })),
});

describe("the targets that ServiceMonitors select", () => {
    const prometheus = service("monitoring", "kps-prometheus", { app: "prometheus" });
    const pods = slice("monitoring", "kps-prometheus", ["http-web", "reloader-web"], ["10.0.0.1", "10.0.0.2"]);

    it("are one for each endpoint and address, ready or not", () =>
        assert.deepEqual(selectedTargets([monitor({ app: "prometheus" }, ["http-web", "reloader-web"])], [prometheus], [pods]), [
            { namespace: "monitoring", service: "kps-prometheus", endpoint: "http-web", count: 2 },
            { namespace: "monitoring", service: "kps-prometheus", endpoint: "reloader-web", count: 2 },
        ]));

    it("are as many on one port as endpoints name it, as of a kubelet with several paths", () => {
        const kubelet = service("kube-system", "kps-kubelet", { "k8s-app": "kubelet" });
        const nodes = slice("kube-system", "kps-kubelet", ["https-metrics"], ["172.18.0.2"]);
        const paths = monitor({ "k8s-app": "kubelet" }, ["https-metrics", "https-metrics", "https-metrics"], ["kube-system"]);
        assert.deepEqual(selectedTargets([paths], [kubelet], [nodes]), [
            { namespace: "kube-system", service: "kps-kubelet", endpoint: "https-metrics", count: 3 },
        ]);
    });

    it("are in the ServiceMonitor's own namespace unless it names others", () => {
        const elsewhere = service("default", "kps-prometheus", { app: "prometheus" });
        const there = slice("default", "kps-prometheus", ["http-web"], ["10.0.0.9"]);
        assert.deepEqual(selectedTargets([monitor({ app: "prometheus" }, ["http-web"])], [elsewhere], [there]), []);
    });

    it("are none behind Services with other labels, other ports, or no address", () => {
        const select = monitor({ app: "prometheus", release: "kps" }, ["http-web"]);
        const fits = service("monitoring", "kps-prometheus", { app: "prometheus", release: "kps" });
        assert.deepEqual(selectedTargets([select], [prometheus], [pods]), []);
        assert.deepEqual(selectedTargets([select], [fits], [slice("monitoring", "kps-prometheus", ["grpc"], ["10.0.0.1"])]), []);
        assert.deepEqual(selectedTargets([select], [fits], [slice("monitoring", "kps-prometheus", ["http-web"], [])]), []);
    });
});
