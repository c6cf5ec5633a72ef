import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { AppsV1Api, CustomObjectsApi } from "@kubernetes/client-node";
import { query, stores } from "../../clients/thanos";
import { KPS } from "../../components/naming/names";
import { CLUSTER_LABEL, RECEIVE_REPLICA_LABEL } from "../../config/labels";
import { type ClusterName, FLEETS, hasSidecars } from "../../local/fleet/settings";
import { readFleet } from "../../local/fleet/state";
import { PROMETHEUS_REPLICA_LABEL } from "../../rules/model";
import { alertReceiver, OPERATOR_GROUP, TOLD_AGAIN_MS } from "../support/alertReceiver";
import { eventually } from "../support/eventually";
import { frontend, kubeConfig, NAMESPACE } from "../support/runningFleet";

/** On the fleet of `npm start -- --agents`, as `npm run test:agents` does. Not a part of the suite, whose fleet has no agents. */

const CLUSTERS = FLEETS.agents;
const AGENTS = CLUSTERS.filter((cluster) => !hasSidecars(cluster)).map(({ name }) => name);
const OBSERVEES = CLUSTERS.filter(({ mode }) => mode !== undefined).map(({ name }) => name);

const GIB = 1024 ** 2;
const MOST_MEMORY = 20;

const NAME = `of-the-test-${Date.now()}`;
/** The alert of local/fleet/agents.rules.yml. */
const ALERT = "DeploymentLacksPods";

describe("a fleet with agents", () => {
    let base: string;
    before(async () => {
        assert.equal(await readFleet(), "agents", "the running fleet has no agents: `npm start -- --down`, then `npm start -- --agents`");
        base = await frontend();
    });

    it("answers one query with every cluster, each with both of its Prometheus", async () =>
        await eventually("every Prometheus answers", 120, async () => {
            const series = await query(
                base,
                `count by (${CLUSTER_LABEL}, ${PROMETHEUS_REPLICA_LABEL}) (up{job="kps-prometheus", namespace="${NAMESPACE}"})`,
                { dedup: false },
            );
            const replicas = new Map(CLUSTERS.map(({ name }) => [name as string, new Set<string>()]));
            for (const { metric } of series) replicas.get(metric[CLUSTER_LABEL] ?? "")?.add(metric[PROMETHEUS_REPLICA_LABEL] ?? "");
            assert.deepEqual(
                [...replicas].map(([name, found]) => [name, found.size]),
                CLUSTERS.map(({ name }) => [name, 2]),
            );
        }));

    it("has the samples of agents from Receive only, in three copies, and those of blue from its sidecars only", async () => {
        const copies = async (cluster: ClusterName) => {
            const series = await query(base, `up{${CLUSTER_LABEL}="${cluster}", job="kps-prometheus"}`, { dedup: false });
            assert.ok(series.length > 0, `${cluster} has no series`);
            return [...new Set(series.map(({ metric }) => metric[RECEIVE_REPLICA_LABEL] ?? "none"))].sort();
        };
        for (const agent of AGENTS)
            assert.deepEqual(
                await copies(agent),
                [0, 1, 2].map((i) => `thanos-receive-ingester-agents-${i}`),
            );
        assert.deepEqual(await copies("blue"), ["none"]);
    });

    it("has the blocks of agents in the bucket, in their one stream, half an hour after it began", async () =>
        await eventually("the Store of the agents has their blocks", 1800, async () => {
            const served = (await stores(base)).filter(({ kind }) => kind === "store").map(({ labelSets }) => labelSets);
            const ofAgents = served.filter((sets) => sets.some((labels) => labels[CLUSTER_LABEL] === AGENTS[0]));
            assert.ok(ofAgents.length > 0, "no Store has a block of an agent");
            for (const sets of ofAgents)
                assert.deepEqual([...new Set(sets.map((labels) => labels[CLUSTER_LABEL]))].sort(), [...AGENTS].sort());
        }));

    it("keeps answers and parts of blocks in memcached", async () =>
        await eventually("Query Frontend and the Stores have asked memcached", 120, async () => {
            const day = { start: String(Date.now() / 1000 - 86_400), end: String(Date.now() / 1000), step: "600" };
            const range = new URLSearchParams({ query: "sum by (cluster) (rate(shop_orders_total[1h]))", ...day });
            assert.ok((await fetch(`${base}/api/v1/query_range?${range}`, { signal: AbortSignal.timeout(20_000) })).ok);
            const requests = "thanos_memcached_operations_total|cortex_memcache_request_duration_seconds_count";
            const asked = await query(base, `count by (pod) ({__name__=~"${requests}",cluster="observer"} > 0)`);
            const pods = asked.map(({ metric }) => metric.pod ?? "");
            for (const component of ["thanos-query-frontend-", "thanos-store-agents-", "thanos-store-blue-"])
                assert.ok(
                    pods.some((pod) => pod.startsWith(component)),
                    `${component} is not among ${pods.join(", ")}`,
                );
        }));

    it(`takes less than ${MOST_MEMORY} GiB of the machine's memory`, () => {
        const meminfo = readFileSync("/proc/meminfo", "utf8");
        const kibibytes = (field: string) => Number(new RegExp(`^${field}: +(\\d+) kB`, "m").exec(meminfo)?.[1]);
        const used = (kibibytes("MemTotal") - kibibytes("MemAvailable")) / GIB;
        console.log(`      ${used.toFixed(1)} GiB of ${(kibibytes("MemTotal") / GIB).toFixed(1)} GiB are in use`);
        assert.ok(used < MOST_MEMORY);
    });

    describe("in which a Deployment of each observee lacks its pod", () => {
        let receiver: Awaited<ReturnType<typeof alertReceiver>>;
        /** The clusters with an Alertmanager. */
        const alerting = CLUSTERS.filter(hasSidecars).map(({ name }) => name);
        const evaluating = OBSERVEES.filter((name) => !AGENTS.includes(name));

        const custom = async (cluster: ClusterName) => (await kubeConfig(cluster)).makeApiClient(CustomObjectsApi);
        const rules = { group: OPERATOR_GROUP, version: "v1", namespace: NAMESPACE, plural: "prometheusrules" };

        before(async () => {
            receiver = await alertReceiver(NAME, alerting, { name: "deployment", value: NAME });
            for (const name of evaluating) await (await custom(name)).createNamespacedCustomObject({ ...rules, body: rule });
            for (const name of OBSERVEES)
                await (await kubeConfig(name))
                    .makeApiClient(AppsV1Api)
                    .createNamespacedDeployment({ namespace: NAMESPACE, body: withoutNode });
        });

        after(async () => {
            for (const name of OBSERVEES)
                await (await kubeConfig(name)).makeApiClient(AppsV1Api).deleteNamespacedDeployment({ namespace: NAMESPACE, name: NAME });
            for (const name of evaluating) await (await custom(name)).deleteNamespacedCustomObject({ ...rules, name: NAME });
            await receiver.close();
        });

        it("is told of it once for each: by the cluster's own Alertmanager, and for agents by Rule and the observer's", async () => {
            const expected = OBSERVEES.map((cluster) => {
                const isAgent = AGENTS.includes(cluster);
                const labels = { alertname: ALERT, [CLUSTER_LABEL]: cluster, deployment: NAME, namespace: NAMESPACE, severity: "warning" };
                return {
                    from: isAgent ? "observer" : cluster,
                    status: "firing",
                    // A Prometheus adds its own name.
                    alerts: [isAgent ? labels : { ...labels, prometheus: `${NAMESPACE}/${KPS}-prometheus` }],
                };
            });
            const clusterOf = ([alert]: Record<string, string>[]) => OBSERVEES.indexOf(alert?.[CLUSTER_LABEL] as ClusterName);
            const told = () => receiver.received.sort((a, b) => clusterOf(a.alerts) - clusterOf(b.alerts));
            await eventually("each alert is told", 420, async () => assert.deepEqual(told(), expected));
            await sleep(TOLD_AGAIN_MS);
            assert.deepEqual(told(), expected);
        });
    });
});

const metadata = { name: NAME, namespace: NAMESPACE };

/** No node has its label. */
const withoutNode = {
    metadata,
    spec: {
        replicas: 1,
        selector: { matchLabels: { app: NAME } },
        template: {
            metadata: { labels: { app: NAME } },
            spec: { nodeSelector: { [NAME]: "" }, containers: [{ name: "none", image: "none" }] },
        },
    },
};

/** What Rule evaluates for agents, for a cluster that evaluates its own rules. */
const rule = {
    apiVersion: `${OPERATOR_GROUP}/v1`,
    kind: "PrometheusRule",
    metadata,
    spec: {
        groups: [
            {
                name: NAME,
                rules: [
                    {
                        alert: ALERT,
                        expr: `max by (namespace, deployment) (kube_deployment_spec_replicas{deployment="${NAME}"}) > max by (namespace, deployment) (kube_deployment_status_replicas_available)`,
                        for: "1m",
                        labels: { severity: "warning" },
                    },
                ],
            },
        ],
    },
};
