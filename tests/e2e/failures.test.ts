import assert from "node:assert/strict";
import { query, scalar } from "../../clients/thanos";
import type { ClusterName } from "../../local/fleet/settings";
import { core, eventually, frontend, NAMESPACE } from "../support/runningFleet";

/** One pod of each component, by its cluster, labels and namespace. */
const COMPONENTS: [ClusterName, string, string?][] = [
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
    ["blue", "app=kube-prometheus-stack-operator"],
    ["blue", "app.kubernetes.io/name=prometheus-node-exporter"],
    ["observer", "k8s-app=kube-dns", "kube-system"],
    ["blue", "k8s-app=kube-dns", "kube-system"],
];

describe("after the loss of any one pod", () => {
    let base: string;
    let at: number;
    let before_: Record<string, number>;

    /** Samples of two fixed minutes, replica by replica: exact, whatever they are answered from. */
    const counts = async (): Promise<Record<string, number>> =>
        Object.fromEntries(
            await Promise.all(
                (["blue", "red", "observer"] as const).map(async (cluster) => [
                    cluster,
                    await scalar(base, `sum(count_over_time(up{cluster="${cluster}",job="kps-prometheus"}[2m]))`, {
                        dedup: false,
                        time: at,
                    }),
                ]),
            ),
        );

    before(async () => {
        base = await frontend();
        // Old enough that every sample of it has arrived everywhere.
        at = Math.floor(Date.now() / 1000) - 60;
        before_ = await counts();
        for (const [cluster, count] of Object.entries(before_)) assert.ok(count > 0, `${cluster} has ${count} samples`);
    });

    for (const [cluster, labelSelector, namespace = NAMESPACE] of COMPONENTS)
        it(`of ${labelSelector} in ${cluster}, a query works within 30 s and no sample is lost`, async () => {
            const { items } = await core(cluster).listNamespacedPod({ namespace, labelSelector });
            const name = items[0]?.metadata?.name;
            assert.ok(name, `no pod with ${labelSelector}`);
            await core(cluster).deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 });

            await eventually("a query of every cluster", 30, async () => {
                const clusters = (await query(base, "count by (cluster) (up)")).map((s) => s.metric.cluster).sort();
                assert.deepEqual(clusters, ["blue", "observer", "red"]);
            });
            await eventually("all pods are ready again", 180, async () => {
                const pods = (await core(cluster).listNamespacedPod({ namespace, labelSelector })).items;
                assert.equal(pods.length, items.length);
                assert.ok(pods.every((pod) => pod.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True")));
            });
            await eventually("every sample of a fixed past is there", 90, async () => assert.deepEqual(await counts(), before_));
        });
});
