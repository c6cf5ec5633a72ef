import assert from "node:assert/strict";
import { TOOLS } from "../../../config/schema/thanos";
import type { PlannedResource } from "../../../engine/runInProcess";
import { type Everything, everything, objectsAmong } from "../../support/everything";

const kindOf = ({ type }: PlannedResource) => type.slice(type.lastIndexOf(":") + 1);
const OF_PODS = ["Deployment", "StatefulSet", "HorizontalPodAutoscaler", "CronJob"];

/** Names of the objects that make pods, or say how many there are, by kind. */
const workloads = (resources: readonly PlannedResource[]) =>
    Object.fromEntries(
        OF_PODS.map((kind) => [
            kind,
            objectsAmong(resources)
                .filter((object) => kindOf(object) === kind)
                .map(({ name }) => name)
                .sort(),
        ]).filter(([, names]) => names?.length !== 0),
    );

const kinds = (resources: readonly PlannedResource[]) => [...new Set(objectsAmong(resources).map(kindOf))].sort();

/** tests/e2e/objects.test.ts sends these objects to a real API server. */
describe("the objects of stacks with everything", () => {
    let all: Everything;
    before(async () => {
        all = await everything();
    });

    it("are those of each component of an observer, of each ring and zone, each shard, and each tool", () => {
        const streams = ["agents", "blue", "gold", "observer", "old", "red", "rule"];
        assert.deepEqual(workloads(all.whole), {
            Deployment: [
                "s3",
                ...streams.map((stream) => `thanos-bucket-web-${stream}`),
                "thanos-query",
                "thanos-query-distributed",
                "thanos-query-frontend",
                "thanos-query-frontend-tenants",
                "thanos-query-tenants",
                "thanos-receive-router",
            ],
            StatefulSet: [
                "fleet-alertmanager",
                ...streams.map((stream) => `thanos-compact-${stream}`),
                "thanos-memcached-answers",
                "thanos-memcached-store",
                "thanos-receive-ingester-agents-eu-west-1a",
                "thanos-receive-ingester-agents-eu-west-1b",
                "thanos-receive-ingester-agents-eu-west-1c",
                "thanos-receive-ingester-big",
                "thanos-receive-ingester-eu-west-1a",
                "thanos-receive-ingester-eu-west-1b",
                "thanos-receive-ingester-eu-west-1c",
                "thanos-rule",
                "thanos-store-1of2-blue",
                "thanos-store-2of2-blue",
                ...streams.filter((stream) => stream !== "blue").map((stream) => `thanos-store-${stream}`),
            ],
            HorizontalPodAutoscaler: [
                "thanos-query",
                "thanos-query-distributed",
                "thanos-query-frontend",
                "thanos-query-tenants",
                "thanos-receive-router",
            ],
            CronJob: streams.flatMap((stream) => TOOLS.map((tool) => `thanos-${tool}-${stream}`)).sort(),
        });
    });

    it("are those of a stateless Rule, with its routers and its ring", () =>
        assert.deepEqual(workloads(all.stateless), {
            Deployment: [
                "s3",
                "thanos-query",
                "thanos-query-frontend",
                "thanos-receive-router",
                "thanos-receive-router-rule",
                "thanos-rule",
            ],
            StatefulSet: [
                "thanos-compact-agents",
                "thanos-compact-observer",
                "thanos-compact-recorded",
                "thanos-receive-ingester-agents",
                "thanos-receive-ingester-recorded",
                "thanos-store-agents",
                "thanos-store-observer",
                "thanos-store-recorded",
            ],
        }));

    it("are of each kind that an observee with sidecars and an agent have", () =>
        assert.deepEqual(
            [kinds(all.blue), kinds(all.green)],
            [
                [
                    "ConfigMap",
                    "Deployment",
                    "Namespace",
                    "NetworkPolicy",
                    "PersistentVolumeClaimPatch",
                    "PodDisruptionBudget",
                    "PrometheusRule",
                    "ScrapeConfig",
                    "Secret",
                    "Service",
                    "ServiceAccount",
                    "ServiceMonitor",
                ],
                ["Namespace", "NetworkPolicy", "PersistentVolumeClaimPatch", "ScrapeConfig", "Secret", "ServiceMonitor"],
            ],
        ));

    it("are of each kind that an observer has", () =>
        assert.deepEqual(kinds(all.whole), [
            "ConfigMap",
            "CronJob",
            "Deployment",
            "HorizontalPodAutoscaler",
            "Namespace",
            "NetworkPolicy",
            "PersistentVolumeClaim",
            "PersistentVolumeClaimPatch",
            "PodDisruptionBudget",
            "PrometheusRule",
            "Role",
            "ScrapeConfig",
            "Secret",
            "Service",
            "ServiceAccount",
            "ServiceMonitor",
            "StatefulSet",
        ]));
});
