import assert from "node:assert/strict";
import { type KubeObject, readiness } from "../../../../../local/offline/standins/readiness";
import type { Bag } from "../../../../../local/offline/standins/secretValues";

const object = (apiVersion: string, kind: string, rest: Bag = {}): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name: "x", generation: 2 },
    ...rest,
});

describe("readiness", () => {
    const waiting = (what: string) => ({ state: "waiting", for: what });
    const ready = { state: "ready" };
    const established = { conditions: [{ type: "Established", status: "True" }] };
    const balanced = { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } };
    const set = { observedGeneration: 2, readyReplicas: 2, updatedReplicas: 2, currentRevision: "a", updateRevision: "b" };
    const cases: [string, KubeObject, unknown, string?][] = [
        [
            "a Deployment whose controller has not seen the new spec",
            object("apps/v1", "Deployment", { status: { observedGeneration: 1 } }),
            waiting("the controller to see the new spec"),
        ],
        [
            "a Deployment with old replicas",
            object("apps/v1", "Deployment", {
                spec: { replicas: 2 },
                status: { observedGeneration: 2, updatedReplicas: 2, replicas: 3, availableReplicas: 3 },
            }),
            waiting("1 old replicas to end"),
        ],
        [
            "a Deployment that is not available",
            object("apps/v1", "Deployment", {
                spec: { replicas: 2 },
                status: { observedGeneration: 2, updatedReplicas: 2, replicas: 2, availableReplicas: 1 },
            }),
            waiting("1 of 2 replicas available"),
        ],
        [
            "an available Deployment",
            object("apps/v1", "Deployment", {
                spec: { replicas: 2 },
                status: { observedGeneration: 2, updatedReplicas: 2, replicas: 2, availableReplicas: 2 },
            }),
            ready,
        ],
        [
            "a Deployment of no replicas",
            object("apps/v1", "Deployment", { spec: { replicas: 0 }, status: { observedGeneration: 2 } }),
            ready,
        ],
        [
            "a StatefulSet in a rollout",
            object("apps/v1", "StatefulSet", { spec: { replicas: 2 }, status: set }),
            waiting("the rollout to end"),
        ],
        [
            "a rolled-out StatefulSet",
            object("apps/v1", "StatefulSet", { spec: { replicas: 2 }, status: { ...set, currentRevision: "b" } }),
            ready,
        ],
        [
            "a StatefulSet that is updated on deletion of its pods",
            object("apps/v1", "StatefulSet", {
                spec: { replicas: 2, updateStrategy: { type: "OnDelete" } },
                status: { ...set, updatedReplicas: 0 },
            }),
            ready,
        ],
        [
            "a DaemonSet",
            object("apps/v1", "DaemonSet", {
                status: { observedGeneration: 2, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 },
            }),
            waiting("1 of 2 nodes available"),
        ],
        ["a running Job", object("batch/v1", "Job", { status: { succeeded: 1 } }), waiting("1 completions")],
        ["a complete Job", object("batch/v1", "Job", { status: { conditions: [{ type: "Complete", status: "True" }] } }), ready],
        [
            "a failed Job",
            object("batch/v1", "Job", {
                status: { conditions: [{ type: "Failed", status: "True", reason: "BackoffLimitExceeded", message: "no more" }] },
            }),
            { state: "failed", why: "BackoffLimitExceeded: no more" },
        ],
        ["a ClusterIP Service", object("v1", "Service", { spec: { type: "ClusterIP" } }), ready],
        [
            "a LoadBalancer Service without an address",
            object("v1", "Service", { spec: { type: "LoadBalancer" } }),
            waiting("an address from the load balancer"),
        ],
        ["a LoadBalancer Service with an address", object("v1", "Service", { spec: { type: "LoadBalancer" }, status: balanced }), ready],
        [
            "a persistent volume claim",
            object("v1", "PersistentVolumeClaim", { status: { phase: "Pending" } }),
            waiting("the claim to be bound"),
            "Immediate",
        ],
        [
            "a persistent volume claim that its first pod binds",
            object("v1", "PersistentVolumeClaim", { status: { phase: "Pending" } }),
            ready,
            "WaitForFirstConsumer",
        ],
        [
            "a CustomResourceDefinition",
            object("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
            waiting("the definition to be established"),
        ],
        [
            "an established CustomResourceDefinition",
            object("apiextensions.k8s.io/v1", "CustomResourceDefinition", { status: established }),
            ready,
        ],
        ["any other kind", object("monitoring.coreos.com/v1", "Prometheus"), ready],
    ];
    for (const [what, live, expected, mode] of cases) {
        it(`of ${what}`, () => assert.deepEqual(readiness({ ...live }, live, mode), expected));
    }

    it("is not waited for with pulumi.com/skipAwait", () => {
        const live = object("apps/v1", "Deployment");
        assert.deepEqual(readiness({ ...live, metadata: { annotations: { "pulumi.com/skipAwait": "true" } } }, live), ready);
    });

    it("follows a condition named by pulumi.com/waitFor", () => {
        const inputs = { kind: "Prometheus", metadata: { annotations: { "pulumi.com/waitFor": "condition=Available" } } };
        const of = (status: string) =>
            object("monitoring.coreos.com/v1", "Prometheus", {
                status: { conditions: [{ type: "Available", status, message: "no pods" }] },
            });
        assert.deepEqual(readiness(inputs, of("False")), waiting("condition Available=True (no pods)"));
        assert.deepEqual(readiness(inputs, of("True")), ready);
    });

    it("follows a JSONPath named by pulumi.com/waitFor, which has to select something", () => {
        const of = (path: string, status: Bag) =>
            readiness({ metadata: { annotations: { "pulumi.com/waitFor": `jsonpath={${path}}` } } }, object("v1", "Pod", { status }));
        assert.deepEqual(of(".status.phase", {}), waiting(".status.phase"));
        assert.deepEqual(of(".status.phase", { phase: "Running" }), ready);
        assert.deepEqual(of("$.status[?@=='Running']", { phase: "Pending" }), waiting("$.status[?@=='Running']"));
        assert.deepEqual(of("$.status[?@=='Running']", { phase: "Running" }), ready);
    });

    describe("of a Service that selects pods", () => {
        const service = object("v1", "Service", { spec: { type: "ClusterIP", selector: { app: "x" } } });
        const endpoints = (notReady: number, unchanged: number) => ({
            object: object("v1", "Endpoints", {
                subsets: [{ addresses: [{}], notReadyAddresses: Array.from({ length: notReady }, () => ({})) }],
            }),
            unchanged,
        });
        const of = (...args: Parameters<typeof endpoints>) => readiness({ ...service }, service, undefined, endpoints(...args));

        it("waits for its endpoints, for every selected pod, and until they have not changed for ten seconds", () => {
            assert.deepEqual(readiness({ ...service }, service), waiting("its endpoints"));
            assert.deepEqual(of(2, 60), waiting("2 selected pods to be ready"));
            assert.deepEqual(of(0, 9), waiting("its endpoints to settle"));
            assert.deepEqual(of(0, 10), ready);
        });

        it("does not wait for them if it is headless, names a host, or selects none", () => {
            for (const spec of [
                { clusterIP: "None", selector: { app: "x" } },
                { type: "ExternalName", selector: { app: "x" } },
                { selector: {} },
            ]) {
                const other = object("v1", "Service", { spec });
                assert.deepEqual(readiness({ ...other }, other), ready);
            }
        });
    });
});
