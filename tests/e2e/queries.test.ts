import assert from "node:assert/strict";
import { query, scalar, stores, warnings } from "../../clients/thanos";
import { eventually } from "../support/eventually";
import { apps, frontend, NAMESPACE } from "../support/runningFleet";

describe("the Query Frontend", () => {
    let base: string;
    before(async () => {
        base = await frontend();
    });

    it("answers for every cluster", async () => {
        const clusters = (await query(base, "count by (cluster) (up)")).map((s) => s.metric.cluster).sort();
        assert.deepEqual(clusters, ["blue", "observer", "red"]);
    });

    it("deduplicates replicas, unless a query sets dedup to false", async () => {
        const series = 'prometheus_build_info{cluster="blue",job="kps-prometheus"}';
        const merged = await query(base, series);
        const unmerged = await query(base, series, { dedup: false });
        // Each of the two replicas scrapes both replicas.
        assert.equal(merged.length, 2);
        assert.deepEqual(unmerged.map((s) => s.metric.prometheus_replica).sort(), [
            "prometheus-kps-prometheus-0",
            "prometheus-kps-prometheus-0",
            "prometheus-kps-prometheus-1",
            "prometheus-kps-prometheus-1",
        ]);
    });

    it("deduplicates samples that arrive through a sidecar and through Receive", async () => {
        const series = 'prometheus_build_info{cluster="red",job="kps-prometheus"}';
        await eventually("every copy has arrived", 60, async () => {
            // Two replicas scrape two pods, and each sample comes from a sidecar and three ingesters.
            assert.equal((await query(base, series, { dedup: false })).length, 2 * (1 + 3) * 2);
            assert.equal((await query(base, series)).length, 2);
        });
    });

    it("reads from a leaf Query per observee, from Receive for red, and from a Store per cluster", async () => {
        await eventually("the store list is complete", 60, async () => {
            const list = await stores(base);
            const holding = (cluster: string) =>
                list
                    .filter((s) => s.labelSets.some((labels) => labels.cluster === cluster))
                    .map((s) => s.kind)
                    .sort();
            assert.deepEqual(holding("blue"), ["query", "store"]);
            assert.deepEqual(holding("red"), ["query", "receive", "receive", "receive", "store"]);
            assert.deepEqual(holding("observer"), ["sidecar", "sidecar", "store"]);
            assert.deepEqual(
                list.filter((s) => s.lastError !== null).map((s) => s.name),
                [],
            );
        });
    });

    it("answers for red while red's leaf Query is down, which the store list shows", async () => {
        const fresh = 'count(timestamp(up{cluster="red"}) > time() - 60)';
        await withoutLeaf("red", async () => {
            await eventually("red's leaf Query is not in the store list as healthy", 90, async () =>
                assert.deepEqual(
                    (await stores(base)).filter(
                        (s) => s.kind === "query" && s.lastError === null && s.labelSets.some((l) => l.cluster === "red"),
                    ),
                    [],
                ),
            );
            assert.ok((await scalar(base, fresh)) > 0);
            // The last minute only: Store answers for older samples.
            const recent = 'last_over_time(prometheus_build_info{cluster="red",job="kps-prometheus"}[1m])';
            const kinds = (await query(base, recent, { dedup: false })).map((s) => s.metric.receive_replica);
            assert.ok(kinds.length > 0);
            assert.ok(kinds.every((replica) => replica !== undefined));
        });
    });

    it("warns in every answer without blue while blue's leaf Query is down, and in none before and after", async () => {
        const fresh = 'count(timestamp(up{cluster="blue"}) > time() - 60)';
        const ofAll = "count by (cluster) (up)";
        assert.ok((await scalar(base, fresh)) > 0);
        assert.deepEqual(await warnings(base, ofAll), []);
        await withoutLeaf("blue", async () => {
            await eventually("blue's recent samples are missing", 90, async () => assert.equal(await scalar(base, fresh), 0));
            for (const promql of [fresh, ofAll]) assert.match((await warnings(base, promql)).join("\n"), /query\.blue\./);
        });
        await eventually("no answer has a warning", 60, async () => assert.deepEqual(await warnings(base, ofAll), []));
        assert.ok((await scalar(base, fresh)) > 0);
    });

    it("warns in every answer while no pod of blue's Store answers, and in none before and after", async () => {
        const history = 'count(last_over_time(shop_orders_total{cluster="blue"}[30d] offset 7d))';
        const known = await scalar(base, history);
        assert.ok(known > 0);
        assert.deepEqual(await warnings(base, history), []);
        const api = await apps("observer");
        const store = { name: "thanos-store-blue", namespace: NAMESPACE };
        const scale = async (replicas: number) => {
            const body = await api.readNamespacedStatefulSetScale(store);
            await api.replaceNamespacedStatefulSetScale({ ...store, body: { ...body, spec: { replicas } } });
        };
        await scale(0);
        try {
            await eventually("the history is missing", 60, async () => assert.equal(await scalar(base, history), 0));
            assert.match((await warnings(base, history)).join("\n"), /thanos-store-blue/);
        } finally {
            await scale(1);
        }
        await eventually("the history is back, without a warning", 120, async () => {
            assert.equal(await scalar(base, history), known);
            assert.deepEqual(await warnings(base, history), []);
        });
    });

    async function withoutLeaf(cluster: "blue" | "red", check: () => Promise<void>): Promise<void> {
        const api = await apps(cluster);
        const leaf = { name: "thanos-query", namespace: NAMESPACE };
        const scale = async (replicas: number) => {
            const body = await api.readNamespacedDeploymentScale(leaf);
            await api.replaceNamespacedDeploymentScale({ ...leaf, body: { ...body, spec: { replicas } } });
        };
        await scale(0);
        try {
            await check();
        } finally {
            await scale(2);
            await eventually(`${cluster}'s leaf Query is back`, 120, async () =>
                assert.equal(
                    (await stores(base)).filter(
                        (s) => s.kind === "query" && s.lastError === null && s.labelSets.some((l) => l.cluster === cluster),
                    ).length,
                    1,
                ),
            );
        }
    }
});
