import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { AppsV1Api, CoreV1Api, CustomObjectsApi } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import type { ObserveeAccess } from "../../components/stack/contract";
import type { Counts } from "../../engine/counts";
import { OperationFailed, runOperation } from "../../engine/operation";
import { type Plugin, pluginVersion } from "../../engine/plugins";
import { stackFor } from "../../engine/stack";
import { assembleChart, crdDirectory } from "../../local/offline/standins/chart";
import { eventually } from "../support/eventually";
import { type KubernetesApi, startKubernetesApi } from "../support/kubernetesApi";
import { freePort, Processes } from "../support/processes";
import { ROOT } from "../support/root";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";
import { buildObserver, observeeConfig } from "../support/testFleet";

/**
 * Prometheus that were there before the fleet, in a real API server with the real operator: one by plain Helm, one as an object. The real engine makes observees
 * of them. Nothing runs the pods, and no fleet is needed.
 */

const exec = promisify(execFile);
const NAMESPACE = "monitoring";
const RELEASE = "kube-prometheus-stack";
const NAME = `${RELEASE}-prometheus`;
const PROMETHEUSES = { group: "monitoring.coreos.com", version: "v1", plural: "prometheuses" };
const RECEIVE = "https://receive.fleet.test:19291/api/v1/receive";

/** What the stand-in of the chart lacks. */
const LACKING = {
    grafana: { enabled: false },
    defaultRules: { create: false },
    kubeEtcd: { enabled: false },
    kubeScheduler: { enabled: false },
    kubeControllerManager: { enabled: false },
    kubeProxy: { enabled: false },
    prometheusOperator: { admissionWebhooks: { enabled: false }, tls: { enabled: false } },
};

const certificate = (key: string) => ({ name: "prometheus-remote-write-tls", key });
const WRITE = {
    name: "observer",
    url: RECEIVE,
    tlsConfig: {
        ca: { secret: certificate("ca.crt") },
        cert: { secret: certificate("tls.crt") },
        keySecret: certificate("tls.key"),
    },
    queueConfig: { retryOnRateLimit: true },
};
const VOLUME = { volumeClaimTemplate: { spec: { resources: { requests: { storage: "10Gi" } } } } };
/** Every value that the list names. */
const RIGHT = {
    replicas: 2,
    externalLabels: { cluster: "red" },
    disableCompaction: true,
    storageSpec: VOLUME,
    thanos: { objectStorageConfig: { existingSecret: { name: "thanos-objstore-red", key: "objstore.yml" } } },
    remoteWrite: [WRITE],
};

describe("a Prometheus that was there before the fleet", () => {
    const directory = temporaryDirectory();
    const processes = new Processes(directory);
    let binaries: Awaited<ReturnType<typeof tools<"etcd" | "kube-apiserver" | "operator" | "helm" | "pulumi">>>;
    let api: KubernetesApi;
    let chart: string;
    let settling: NodeJS.Timeout | undefined;

    const core = () => api.config.makeApiClient(CoreV1Api);
    const objects = () => api.config.makeApiClient(CustomObjectsApi);

    /** Installs or changes the chart as a user does, with these fields of its Prometheus. */
    async function helm(prometheusSpec: object): Promise<void> {
        const values = join(directory, "values.yaml");
        writeFileSync(values, stringify({ ...LACKING, prometheus: { prometheusSpec } }));
        await exec(
            binaries.helm.path,
            ["upgrade", "--install", RELEASE, chart, "--namespace", NAMESPACE, "--create-namespace", "--values", values],
            { env: { HOME: directory, KUBECONFIG: api.kubeconfig }, timeout: 120_000 },
        );
    }

    async function stackOf(stackName: string, program: PulumiFn, config: Record<string, unknown>): Promise<Stack> {
        const plugins = await Promise.all(
            ["kubernetes", "random", "tls"].map(
                async (name): Promise<Plugin> => ({
                    name,
                    version: await pluginVersion(name),
                    standIn: join(ROOT, "local", "offline", "standins", "bin", name),
                }),
            ),
        );
        const stateDir = join(directory, "engine");
        return stackFor({ pulumiPath: binaries.pulumi.path, stateDir, stackName, program, config, plugins });
    }

    /** The stack of an observee that keeps a Prometheus. */
    function observee(cluster: string, namespace: string, name: string, more: Record<string, unknown> = {}) {
        const { chart: _chart, storageClass: _class, ...config } = observeeConfig(cluster, "local");
        return stackOf(cluster, require("../../index") as PulumiFn, {
            ...config,
            kubeconfig: api.kubeconfig,
            namespace,
            createNamespace: false,
            prometheus: { existing: { name }, ...more },
        });
    }
    const update = async (...of: Parameters<typeof observee>) => runOperation(await observee(...of), "up");
    const RED: Parameters<typeof observee> = [
        "red",
        NAMESPACE,
        NAME,
        { scrapeConfigs: [{ name: "machines", targets: ["192.0.2.1:9100"] }] },
    ];
    const red = () => update(...RED);

    /** The fields of the Prometheus that an update named, and what it had made by then. */
    async function refused(updating: Promise<unknown>): Promise<{ fields: string[]; message: string; counts: Counts }> {
        try {
            await updating;
        } catch (error) {
            assert.ok(error instanceof OperationFailed, String(error));
            const fields = [...error.message.matchAll(/^\s+(spec\.[^:]+): /gm)].map(([, field = ""]) => field);
            return { fields, message: error.message, counts: error.counts };
        }
        assert.fail("the update succeeded");
    }

    const prometheus = async () =>
        (await objects().getNamespacedCustomObject({ ...PROMETHEUSES, namespace: NAMESPACE, name: NAME })) as {
            metadata: { uid: string; generation: number; managedFields: { manager: string }[] };
        };
    const names = async (namespace: string) => ({
        deployments: (await api.config.makeApiClient(AppsV1Api).listNamespacedDeployment({ namespace })).items
            .map(({ metadata }) => metadata?.name ?? "")
            .filter((name) => name.startsWith("thanos-")),
        secrets: (await core().listNamespacedSecret({ namespace })).items
            .map(({ metadata }) => metadata?.name ?? "")
            .filter((name) => /^thanos-|^prometheus-remote-write/.test(name)),
    });

    /** What controllers and kubelets would do: every pod runs, and each load balancer has an address. */
    async function settle(namespace: string): Promise<void> {
        const apps = api.config.makeApiClient(AppsV1Api);
        for (const deployment of (await apps.listNamespacedDeployment({ namespace })).items) {
            const { metadata: { name = "", generation = 0 } = {}, spec } = deployment;
            if (deployment.status?.observedGeneration === generation) continue;
            const replicas = spec?.replicas ?? 1;
            const status = {
                observedGeneration: generation,
                replicas,
                updatedReplicas: replicas,
                readyReplicas: replicas,
                availableReplicas: replicas,
            };
            await apps.replaceNamespacedDeploymentStatus({ name, namespace, body: { ...deployment, status } });
        }
        for (const service of (await core().listNamespacedService({ namespace })).items) {
            const { metadata: { name = "" } = {}, spec, status } = service;
            if (spec?.type !== "LoadBalancer" || status?.loadBalancer?.ingress) continue;
            const body = { ...service, status: { loadBalancer: { ingress: [{ ip: "192.0.2.10" }] } } };
            await core().replaceNamespacedServiceStatus({ name, namespace, body });
            await core().createNamespacedEndpoints({
                namespace,
                body: { metadata: { name }, subsets: [{ addresses: [{ ip: "10.0.0.1" }] }] },
            });
        }
    }

    before(async () => {
        binaries = await tools("etcd", "kube-apiserver", "operator", "helm", "pulumi");
        api = await startKubernetesApi(processes, binaries);
        const go = async (program: string, args: readonly string[]) => (await exec(program, [...args], { timeout: 120_000 })).stdout;
        chart = await assembleChart(join(directory, "charts"), await crdDirectory(go));
        // A user's own values: nothing of the fleet.
        await helm({ retention: "10d", storageSpec: VOLUME });

        const { spec } = await api.config
            .makeApiClient(AppsV1Api)
            .readNamespacedDeployment({ namespace: NAMESPACE, name: `${RELEASE}-operator` });
        const web = await freePort();
        await processes.start(
            "operator",
            binaries.operator.path,
            (spec?.template.spec?.containers[0]?.args ?? []).map((arg) =>
                arg.replace(/^--web.listen-address=.*/, `--web.listen-address=127.0.0.1:${web}`),
            ),
            `http://127.0.0.1:${web}/healthz`,
            { KUBECONFIG: api.kubeconfig },
        );
        await core().createNamespace({ body: { metadata: { name: "bare" } } });
        // The real observer needs a cluster of its own: here a stack exports what the observer of the unit tests does, with a certificate that the operator can read.
        const { contract, access } = structuredClone((await buildObserver("local")).outputs) as {
            contract: object;
            access: Record<string, ObserveeAccess>;
        };
        const tls = { cert: api.certificate, key: api.key, ca: api.certificate };
        for (const { certificates } of Object.values(access)) for (const of of Object.values(certificates)) Object.assign(of ?? {}, tls);
        await runOperation(await stackOf("observer", async () => ({ contract, access: pulumi.secret(access) }), {}), "up");
        settling = setInterval(() => {
            for (const namespace of [NAMESPACE, "bare"]) settle(namespace).catch(() => {});
        }, 500);
    });

    after(async () => {
        clearInterval(settling);
        await processes.stop();
    });

    describe("by plain Helm", () => {
        let uid: string;

        it("is told in a preview, which shows what an update would make all the same", async () => {
            const warnings: string[] = [];
            const { changeSummary } = await (await observee(...RED)).preview({
                onEvent: ({ diagnosticEvent }) => {
                    if (diagnosticEvent?.severity === "warning") warnings.push(diagnosticEvent.message);
                },
            });
            assert.ok((changeSummary.create ?? 0) > 10, JSON.stringify(changeSummary));
            assert.ok(
                warnings.some((text) => text.includes("spec.thanos.objectStorageConfig: is missing.")),
                warnings.join("\n"),
            );
            assert.deepEqual(await names(NAMESPACE), { deployments: [], secrets: [] });
        });

        it("is told every value at once, after the Secrets were made that they name, and before anything else", async () => {
            uid = (await prometheus()).metadata.uid;
            const { fields, message } = await refused(red());
            assert.deepEqual(
                fields,
                [
                    "spec.externalLabels.cluster",
                    "spec.replicas",
                    "spec.disableCompaction",
                    "spec.thanos.objectStorageConfig",
                    "spec.remoteWrite",
                ],
                message,
            );
            assert.ok(message.includes(`Prometheus ${NAMESPACE}/${NAME}: 5 values have to be set before the fleet can use it.`), message);
            assert.deepEqual(await names(NAMESPACE), {
                deployments: [],
                secrets: ["prometheus-remote-write-tls", "thanos-objstore-red"],
            });
        });

        it("becomes an observee without being replaced, once they are set", async () => {
            await helm(RIGHT);
            const { counts } = await red();
            assert.deepEqual({ ...counts, created: 0, same: 0 }, { created: 0, updated: 0, replaced: 0, deleted: 0, same: 0 });
            assert.deepEqual((await names(NAMESPACE)).deployments, ["thanos-query"]);
            const { metadata } = await prometheus();
            assert.equal(metadata.uid, uid);
            assert.deepEqual(
                metadata.managedFields.map(({ manager }) => manager).filter((manager) => manager.includes("pulumi")),
                [],
            );
        });

        it("takes the targets and alerts of the stack, by the labels that it selects, and writes to Receive", async () => {
            const secret = () => core().readNamespacedSecret({ namespace: NAMESPACE, name: `prometheus-${NAME}` });
            await eventually("the operator has configured it", 60, async () => {
                const { data = {} } = await secret();
                const file = parse(gunzipSync(Buffer.from(data["prometheus.yaml.gz"] ?? "", "base64")).toString()) as {
                    global: { external_labels: Record<string, string> };
                    scrape_configs: { job_name: string }[];
                    remote_write: { url: string }[];
                };
                const jobs = file.scrape_configs.map(({ job_name }) => job_name);
                for (const job of [`serviceMonitor/${NAMESPACE}/thanos/0`, `scrapeConfig/${NAMESPACE}/machines`])
                    assert.ok(jobs.includes(job), jobs.join(" "));
                assert.deepEqual(
                    file.remote_write.map(({ url }) => url),
                    [RECEIVE],
                );
                assert.equal(file.global.external_labels.cluster, "red");
                const { data: rules = {} } = await core().readNamespacedConfigMap({
                    namespace: NAMESPACE,
                    name: `prometheus-${NAME}-rulefiles-0`,
                });
                assert.ok(
                    Object.keys(rules).some((name) => name.includes(`${NAMESPACE}-thanos-fleet-`)),
                    Object.keys(rules).join(" "),
                );
            });
        });

        it("runs the sidecar that uploads what the fleet reads, beside blocks that Prometheus does not merge", async () => {
            const spec = await eventually("the operator has changed the pods", 60, async () => {
                const { spec: found } = await api.config
                    .makeApiClient(AppsV1Api)
                    .readNamespacedStatefulSet({ namespace: NAMESPACE, name: `prometheus-${NAME}` });
                assert.equal(found?.replicas, 2);
                return found;
            });
            const container = (name: string) => spec.template.spec?.containers.find((one) => one.name === name);
            assert.deepEqual(
                container("thanos-sidecar")?.env?.map(({ name, valueFrom }) => [
                    name,
                    valueFrom?.secretKeyRef?.name,
                    valueFrom?.secretKeyRef?.key,
                ]),
                [["OBJSTORE_CONFIG", "thanos-objstore-red", "objstore.yml"]],
            );
            for (const flag of ["min", "max"])
                assert.ok(container("prometheus")?.args?.includes(`--storage.tsdb.${flag}-block-duration=2h`), flag);
            const service = await core().readNamespacedService({ namespace: NAMESPACE, name: "thanos-sidecar" });
            const labels = spec.template.metadata?.labels ?? {};
            assert.deepEqual(
                Object.entries(service.spec?.selector ?? {}).filter(([label, value]) => labels[label] !== value),
                [],
            );
        });

        it("stays as it is in a second update", async () => {
            const { counts } = await red();
            assert.deepEqual({ ...counts, same: 0 }, { created: 0, updated: 0, replaced: 0, deleted: 0, same: 0 });
        });

        it("says what is missing when a value is wrong later, and nothing is changed", async () => {
            await helm({ ...RIGHT, externalLabels: { cluster: "prod" } });
            const { fields, message, counts } = await refused(red());
            assert.deepEqual(fields, ["spec.externalLabels.cluster"], message);
            assert.ok(message.includes("is prod. The fleet knows this cluster by it. Write red."), message);
            assert.deepEqual({ ...counts, same: 0 }, { created: 0, updated: 0, replaced: 0, deleted: 0, same: 0 });
            assert.deepEqual((await names(NAMESPACE)).deployments, ["thanos-query"]);
        });

        it("is not mistaken for one that is not there", async () =>
            assert.match((await refused(update("red", NAMESPACE, "nobody"))).message, /prometheus\.existing\.name: "nobody" instead of/));
    });

    describe("of the bare operator", () => {
        const create = (spec: object) =>
            objects().createNamespacedCustomObject({
                ...PROMETHEUSES,
                namespace: "bare",
                body: { apiVersion: "monitoring.coreos.com/v1", kind: "Prometheus", metadata: { name: "k8s", namespace: "bare" }, spec },
            });
        const blue = () => update("blue", "bare", "k8s");

        it("is told every value at once, selectors too", async () => {
            await create({});
            const { fields, message } = await refused(blue());
            assert.deepEqual(
                fields,
                [
                    "spec.externalLabels.cluster",
                    "spec.replicas",
                    "spec.storage.volumeClaimTemplate",
                    "spec.disableCompaction",
                    "spec.thanos.objectStorageConfig",
                    "spec.serviceMonitorSelector",
                    "spec.ruleSelector",
                ],
                message,
            );
            assert.deepEqual(await names("bare"), { deployments: [], secrets: ["thanos-objstore-blue"] });
        });

        it("becomes an observee once they are set", async () => {
            await objects().deleteNamespacedCustomObject({ ...PROMETHEUSES, namespace: "bare", name: "k8s" });
            await create({
                replicas: 2,
                externalLabels: { cluster: "blue" },
                disableCompaction: true,
                storage: VOLUME,
                thanos: { objectStorageConfig: { name: "thanos-objstore-blue", key: "objstore.yml" } },
                serviceMonitorSelector: { matchLabels: { prometheus: "k8s" } },
                ruleSelector: { matchLabels: { prometheus: "k8s", role: "alert-rules" } },
            });
            await blue();
            assert.deepEqual((await names("bare")).deployments, ["thanos-query"]);
            const rule = await objects().getNamespacedCustomObject({
                ...PROMETHEUSES,
                plural: "prometheusrules",
                namespace: "bare",
                name: "thanos-fleet",
            });
            assert.deepEqual((rule as { metadata: { labels: object } }).metadata.labels, {
                "app.kubernetes.io/part-of": "thanos-fleet",
                prometheus: "k8s",
                role: "alert-rules",
            });
        });
    });
});
