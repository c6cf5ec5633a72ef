import assert from "node:assert/strict";
import type { V1Service } from "@kubernetes/client-node";
import { waitingForAddress } from "../../../../local/services/loadBalancers";

describe("load balancers of a local cluster", () => {
    const service = (name: string, second: number, port: number, more: Partial<V1Service> = {}): V1Service => ({
        metadata: { name, namespace: "default", creationTimestamp: new Date(second * 1000) },
        spec: { type: "LoadBalancer", ports: [{ port }] },
        ...more,
    });
    const waiting = (...services: V1Service[]) => waitingForAddress(services, "172.30.0.12").map(({ metadata }) => metadata?.name);

    it("give the node's address to each Service that has none, or another", () => {
        const other = { status: { loadBalancer: { ingress: [{ ip: "172.30.0.99" }] } } };
        const has = { status: { loadBalancer: { ingress: [{ ip: "172.30.0.12" }] } } };
        assert.deepEqual(waiting(service("a", 1, 80), service("b", 2, 81, other), service("c", 3, 82, has)), ["a", "b"]);
    });

    it("let the younger of two Services with the same port wait", () => {
        assert.deepEqual(waiting(service("young", 2, 80), service("old", 1, 80)), ["old"]);
    });

    it("leave Services of another type or class alone", () => {
        const classed = service("c", 1, 80, { spec: { type: "LoadBalancer", loadBalancerClass: "x/y", ports: [{ port: 80 }] } });
        assert.deepEqual(waiting(classed, service("d", 2, 81, { spec: { type: "ClusterIP", ports: [{ port: 81 }] } })), []);
    });
});
