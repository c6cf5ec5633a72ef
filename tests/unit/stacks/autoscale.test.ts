import assert from "node:assert/strict";
import { alertsOfObserver } from "../../../components/stack/alertsOf";
import { plannedPods } from "../../../components/stack/plannedPods";
import { loadConfig } from "../../../config/load";
import type { ObserverConfig } from "../../../config/schema";
import { type PlannedResource, type Run, runInProcess } from "../../../engine/runInProcess";
import { toEngineConfig } from "../../../engine/stackFile";
import { buildObserver, observerConfig } from "../../support/testFleet";

const SETTINGS = observerConfig("local", {
    query: { autoscale: { maxReplicas: 6 } },
    queryFrontend: { cache: { type: "memcached" }, autoscale: { maxReplicas: 3, cpuPercent: 50 } },
    receive: { routerAutoscale: { maxReplicas: 5 } },
});

const ofKind = ({ resources }: Run, kind: string) => resources.filter(({ type }) => type.endsWith(`:${kind}`));
const named = (resources: PlannedResource[], name: string) => resources.find((r) => r.name === name) as PlannedResource;

describe("autoscaling", () => {
    let run: Run;
    before(async () => {
        run = await runInProcess("observer", toEngineConfig(SETTINGS));
    });

    it("gives a Deployment more pods by the CPU that it uses, and never fewer than its setting", () => {
        const scalers = ofKind(run, "HorizontalPodAutoscaler").map(({ props }) => {
            const { scaleTargetRef, minReplicas, maxReplicas, metrics } = props.spec as {
                scaleTargetRef: { kind: string; name: string };
                minReplicas: number;
                maxReplicas: number;
                metrics: { resource: { name: string; target: { averageUtilization: number } } }[];
            };
            const [metric] = metrics;
            return [
                scaleTargetRef.kind,
                scaleTargetRef.name,
                minReplicas,
                maxReplicas,
                metric?.resource.name,
                metric?.resource.target.averageUtilization,
            ];
        });
        assert.deepEqual(scalers.sort(), [
            ["Deployment", "thanos-query", 2, 6, "cpu", 70],
            ["Deployment", "thanos-query-frontend", 1, 3, "cpu", 50],
            ["Deployment", "thanos-receive-router", 2, 5, "cpu", 70],
        ]);
    });

    it("is not set back by an update, which leaves the number of pods alone where it is set, and only there", async () => {
        const ignored = (of: Run) =>
            Object.fromEntries(
                ofKind(of, "Deployment").flatMap(({ name, ignoreChanges }) => (name.startsWith("thanos-") ? [[name, ignoreChanges]] : [])),
            );
        const replicas = ["spec.replicas"];
        assert.deepEqual(ignored(run), { "thanos-query": replicas, "thanos-query-frontend": replicas, "thanos-receive-router": replicas });
        assert.deepEqual(Object.values(ignored(await buildObserver("local"))), [[], [], []]);
    });

    it("comes with a disruption budget also where the fewest pods are one", () =>
        assert.deepEqual(named(ofKind(run, "PodDisruptionBudget"), "thanos-query-frontend").props.spec, {
            maxUnavailable: 1,
            selector: { matchLabels: { "app.kubernetes.io/name": "thanos", "app.kubernetes.io/component": "query-frontend" } },
        }));

    it("counts with the most pods where nodes are chosen, and expects the fewest where pods are missed", () => {
        const config = loadConfig(SETTINGS) as ObserverConfig;
        const pods = Object.fromEntries(plannedPods(config).map(({ name, replicas }) => [name, replicas]));
        assert.deepEqual([pods["thanos-query"], pods["thanos-query-frontend"], pods["thanos-receive-router"]], [6, 3, 5]);
        const missed = alertsOfObserver(config, "2027-01-01T00:00:00Z").filter(({ name }) => name === "FleetPodsMissing");
        const expected = missed.map(({ labels, expr }) => [labels?.workload, Number(/< (\d+)/.exec(expr)?.[1])]);
        assert.ok(expected.some(([workload, fewest]) => workload === "thanos-query" && fewest === 2));
        assert.ok(!expected.some(([workload]) => workload === "thanos-query-frontend"));
    });
});
