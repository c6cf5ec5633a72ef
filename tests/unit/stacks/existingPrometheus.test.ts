import assert from "node:assert/strict";
import { stringify } from "yaml";
import { missingText } from "../../../components/prometheus/existingPrometheus";
import { alertsOfObservee } from "../../../components/stack/alertsOf";
import { plannedPods } from "../../../components/stack/plannedPods";
import { loadConfig } from "../../../config/load";
import type { ObserveeConfig } from "../../../config/schema";
import { runInProcess } from "../../../engine/runInProcess";
import { toEngineConfig } from "../../../engine/stackFile";
import { groupsOf } from "../../../plan/groups";
import { planFleet } from "../../../plan/planFleet";
import { assertGolden } from "../../support/golden";
import { buildObserver, observeeConfig, observerConfig } from "../../support/testFleet";

const NAME = "kube-prometheus-stack-prometheus";
const config = (cloud: "local" | "aws", more: Record<string, unknown> = {}, prometheus: object = {}) => {
    const { chart: _chart, storageClass: _class, ...settings } = observeeConfig("red", cloud);
    return { ...settings, createNamespace: false, prometheus: { existing: { name: NAME }, ...prometheus }, ...more };
};

async function run(cloud: "local" | "aws", more: Record<string, unknown> = {}, prometheus: object = {}) {
    const { outputs } = await buildObserver(cloud);
    return runInProcess("red", toEngineConfig(config(cloud, more, prometheus)), () => outputs);
}

const titles = ({ resources }: Awaited<ReturnType<typeof run>>) =>
    resources.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`).sort();

describe("an observee that keeps its Prometheus", () => {
    it("consists of what an observee needs beside it: no release, no volume, no namespace", async () =>
        assert.deepEqual(titles(await run("local", {}, { scrapeConfigs: [{ name: "machines", targets: ["10.0.0.8:9100"] }] })), [
            "ConfigMap thanos-query",
            "Deployment thanos-query",
            "ExistingPrometheus prometheus",
            "NetworkPolicy thanos-query",
            "Observee red",
            "PodDisruptionBudget thanos-query",
            "PrometheusRule alerts",
            "Query query",
            "ScrapeConfig scrape-machines",
            "Secret prometheus-remote-write-tls",
            "Secret thanos-objstore-red",
            "Secret thanos-query-tls",
            "Service thanos-query",
            "Service thanos-query-external",
            "Service thanos-sidecar",
            "ServiceAccount thanos-query",
            "ServiceMonitor thanos",
            "kubernetes kubernetes",
        ]));

    it("on AWS also gives the service account of its Prometheus a role, and makes no StorageClass", async () => {
        const [aws, local] = [await run("aws"), titles(await run("local"))];
        assert.deepEqual(
            titles(aws).filter((title) => !local.includes(title)),
            [
                "AddOns add-ons",
                "Identity prometheus-identity",
                "Platform platform",
                "PodIdentityAssociation prometheus-identity",
                "Role prometheus-identity",
                "RolePolicy prometheus-identity",
                "aws aws",
            ],
        );
    });

    it("gives the role to the account that its Prometheus names, or to the namespace's default", async () => {
        const { resources } = await run("aws");
        const association = resources.find(({ type }) => type.endsWith(":PodIdentityAssociation"));
        assert.deepEqual([association?.props.namespace, association?.props.serviceAccount], ["monitoring", "default"]);
    });

    it("has the inputs of the golden file", async () => {
        const { resources } = await run("local");
        const inputs = resources
            .filter(({ type }) => type.startsWith("kubernetes:"))
            .map(({ type, name, props }): [string, unknown] => [`${type} ${name}`, props])
            .sort(([a], [b]) => Number(a > b) - Number(a < b));
        assertGolden("inputs-existing-local.yaml", stringify(Object.fromEntries(inputs), { lineWidth: 0 }));
    });

    it("lets this Prometheus scrape its leaf Query, and no other", async () => {
        const { resources } = await run("local");
        const policy = resources.find(({ type }) => type.endsWith(":NetworkPolicy"))?.props.spec as { ingress: { from?: unknown }[] };
        assert.deepEqual(
            policy.ingress.flatMap(({ from }) => (from ? [from] : [])),
            [[{ podSelector: { matchLabels: { "operator.prometheus.io/name": NAME } } }]],
        );
    });

    it("alerts about its own pods and sidecars by their jobs, and not about the operator or volumes of others", () => {
        const alerts = (existing: object) =>
            alertsOfObservee(
                loadConfig(config("local", {}, { existing })) as ObserveeConfig,
                { leaf: undefined, writer: undefined } as never,
                { pods: 4, blockDuration: "4h", port: "web" },
            );
        const found = alerts({ name: NAME });
        assert.deepEqual(
            found.filter(({ name }) => name === "FleetPodsMissing").map(({ expr }) => expr),
            [
                `count(up{namespace="monitoring", job="${NAME}", endpoint="web"} == 1) < 4`,
                'count(up{namespace="monitoring", job="thanos-sidecar", endpoint="http"} == 1) < 4',
                'count(up{namespace="monitoring", job="thanos-query", endpoint="http"} == 1) < 2',
            ],
        );
        assert.deepEqual(
            found.filter(({ name }) => name === "FleetOperatorFails"),
            [],
        );
        assert.match(found.find(({ name }) => name === "FleetUploadMissing")?.expr ?? "", /\) > 21600\n/);
        assert.ok(
            found
                .find(({ name }) => name === "FleetVolumeNearlyFull")
                ?.expr.includes(`namespace="monitoring", persistentvolumeclaim=~".+-prometheus-${NAME}(-shard-[0-9]+)?-[0-9]+"`),
        );
        assert.ok(alerts({ name: NAME, job: "prometheus" }).some(({ expr }) => expr.includes('job="prometheus"')));
    });

    it("places a leaf Query and nothing else", () =>
        assert.deepEqual(
            plannedPods(loadConfig(config("local")), "sidecar").map(({ name }) => name),
            ["thanos-query"],
        ));

    it("is planned without its cluster, which the plan says", async () => {
        const plan = (
            await planFleet([
                { name: "observer", config: toEngineConfig(observerConfig("local")) },
                { name: "red", config: toEngineConfig(config("local")) },
            ])
        ).stacks.find(({ name }) => name === "red");
        assert.ok(plan);
        assert.deepEqual(plan.warnings, [
            "prometheus.existing is not read, since a plan asks no cluster: it assumes 2 pods with the operator's defaults. `pulumi preview` names every value that has to be set.",
        ]);
        assert.deepEqual(groupsOf(plan).find(({ title }) => title === "Prometheus")?.rows, [
            [NAME, "", "", "exists in monitoring: read, not changed"],
        ]);
    });

    it("is told what to set in one text", () =>
        assert.equal(
            missingText("Prometheus monitoring/k8s", [
                { path: "spec.paused", problem: "is true.", remedy: "Write false." },
                { path: "spec.retention", problem: "is short.", remedy: "Write 6h." },
            ]),
            [
                "Prometheus monitoring/k8s: 2 values have to be set before the fleet can use it.",
                "  spec.paused: is true. Write false.",
                "  spec.retention: is short. Write 6h.",
                "  The Secrets that they name are there after the first update. Set them where this Prometheus is installed, then update this stack again.",
            ].join("\n"),
        ));
});
