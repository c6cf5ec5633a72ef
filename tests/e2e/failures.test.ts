import assert from "node:assert/strict";
import { query, scalar } from "../../clients/thanos";
import type { ClusterName } from "../../local/fleet/settings";
import { SCRAPE_SECONDS } from "../support/changesUnderLoad";
import { eventually } from "../support/eventually";
import { core, frontend, NAMESPACE } from "../support/runningFleet";
import { samples } from "../support/steadyWriter";

/** Every component: its cluster, the labels of its pods, and their namespace. @default NAMESPACE */
const COMPONENTS: [cluster: ClusterName, labelSelector: string, namespace?: string][] = [
    ["observer", "app.kubernetes.io/component=query-frontend"],
    ["observer", "app.kubernetes.io/component=query"],
    ["observer", "app.kubernetes.io/component=store,thanos-fleet/stream=blue"],
    ["observer", "app.kubernetes.io/component=compact,thanos-fleet/stream=blue"],
    ["observer", "app.kubernetes.io/component=receive-ingester"],
    ["observer", "app.kubernetes.io/component=receive-router"],
    ["observer", "app.kubernetes.io/name=s3"],
    ["blue", "app.kubernetes.io/component=query"],
    ["blue", "app.kubernetes.io/name=prometheus"],
    ["red", "app.kubernetes.io/name=prometheus"],
    ["blue", "app.kubernetes.io/name=alertmanager"],
    ["blue", "app.kubernetes.io/name=kube-state-metrics"],
    ["blue", "app=kube-prometheus-stack-operator"],
    ["blue", "app.kubernetes.io/name=prometheus-node-exporter"],
    ["observer", "k8s-app=kube-dns", "kube-system"],
    ["blue", "k8s-app=kube-dns", "kube-system"],
];

/** Who holds the samples of a cluster, by the labels that they have there. */
const HOLDERS = {
    "the sidecars of blue": 'cluster="blue"',
    "the sidecars of the observer": 'cluster="observer"',
    "the sidecars of red": 'cluster="red",receive_replica=""',
    "Receive, of red": 'cluster="red",receive_replica=~".+"',
};

const now = () => Math.floor(Date.now() / 1000);

/**
 * Times without a sample of the API server, which both Prometheus of each cluster scrape and no test restarts: where one is longer than a scrape may be late. A
 * Prometheus that is away scrapes nothing, the other one does.
 */
async function missingScrapes(base: string, start: number, end: number): Promise<string[]> {
    const gaps = Object.entries(HOLDERS).map(async ([holder, labels]) => {
        const found = await samples(base, `up{${labels},job="apiserver"}[${end - start}s]`, { dedup: "false", time: String(end) });
        const times = [start, ...found.flat().map((time) => time / 1000), end].sort((a, b) => a - b);
        return times.slice(1).flatMap((time, i) => {
            const before = times[i] ?? 0;
            return time - before < 1.5 * SCRAPE_SECONDS
                ? []
                : [`${holder}: ${time - before} s from ${new Date(before * 1000).toISOString()}`];
        });
    });
    return (await Promise.all(gaps)).flat();
}

describe("after the loss of one pod", () => {
    let base: string;
    let started: number;
    let time: number;
    let countsBefore: Record<string, number>;

    /** How many samples each cluster has of two fixed minutes, summed over replicas. The number does not depend on which component answers. */
    const counts = async (): Promise<Record<string, number>> =>
        Object.fromEntries(
            await Promise.all(
                (["blue", "red", "observer"] as const).map(async (cluster) => [
                    cluster,
                    await scalar(base, `sum(count_over_time(up{cluster="${cluster}",job="kps-prometheus"}[2m]))`, {
                        dedup: false,
                        time,
                    }),
                ]),
            ),
        );

    before(async () => {
        base = await frontend();
        started = now();
        // Every sample of a minute ago has arrived everywhere.
        time = started - 60;
        countsBefore = await counts();
        for (const [cluster, count] of Object.entries(countsBefore)) assert.ok(count > 0, `${cluster} has ${count} samples`);
    });

    for (const [cluster, labelSelector, namespace = NAMESPACE] of COMPONENTS)
        it(`with ${labelSelector} in ${cluster}, a query works within 30 s and no sample is lost`, async () => {
            const api = await core(cluster);
            const { items } = await api.listNamespacedPod({ namespace, labelSelector });
            const name = items[0]?.metadata?.name;
            assert.ok(name, `no pod with ${labelSelector}`);
            console.log(`      ${new Date().toISOString()} ${name}`);
            await api.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 });

            await eventually("a query answers for every cluster", 30, async () => {
                const clusters = (await query(base, "count by (cluster) (up)")).map((s) => s.metric.cluster).sort();
                assert.deepEqual(clusters, ["blue", "observer", "red"]);
            });
            await eventually("all pods are ready again", 180, async () => {
                const pods = (await api.listNamespacedPod({ namespace, labelSelector })).items;
                assert.equal(pods.length, items.length);
                assert.ok(pods.every((pod) => pod.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True")));
            });
            await eventually("the fixed minutes have every sample", 90, async () => assert.deepEqual(await counts(), countsBefore));
        });

    it("no scrape is missing, whichever pod was lost", async () => {
        const end = now() + 2 * SCRAPE_SECONDS;
        await eventually("every scrape has arrived", 120, async () => assert.deepEqual(await missingScrapes(base, started, end), []));
    });
});
