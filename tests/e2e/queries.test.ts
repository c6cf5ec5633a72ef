import assert from "node:assert/strict";
import { query, scalar, stores } from "../../clients/thanos";
import { apps, eventually, frontend, NAMESPACE } from "../support/runningFleet";

describe("the fleet, through the Query Frontend", () => {
    let base: string;
    before(async () => {
        base = await frontend();
    });

    it("answers for every cluster", async () => {
        const clusters = (await query(base, "count by (cluster) (up)")).map((s) => s.metric.cluster).sort();
        assert.deepEqual(clusters, ["blue", "observer", "red"]);
    });

    it("merges replicas, and shows them when asked not to", async () => {
        const series = 'prometheus_build_info{cluster="blue",job="kps-prometheus"}';
        const merged = await query(base, series);
        const unmerged = await query(base, series, { dedup: false });
        // Each of the two replicas scrapes both.
        assert.equal(merged.length, 2);
        assert.deepEqual(unmerged.map((s) => s.metric.prometheus_replica).sort(), [
            "prometheus-kps-prometheus-0",
            "prometheus-kps-prometheus-0",
            "prometheus-kps-prometheus-1",
            "prometheus-kps-prometheus-1",
        ]);
    });

    it("merges what comes by the sidecar with what comes by Receive", async () => {
        const series = 'prometheus_build_info{cluster="red",job="kps-prometheus"}';
        await eventually("every copy has arrived", 60, async () => {
            // Two replicas, each by its sidecar and from three ingesters, of two pods.
            assert.equal((await query(base, series, { dedup: false })).length, 2 * (1 + 3) * 2);
            assert.equal((await query(base, series)).length, 2);
        });
    });

    it("lists a leaf Query for each observee, Receive with red's data, and a Store per cluster", async () => {
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

    it("still answers for red while its leaf Query is down, and says in the store list that it is", async () => {
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
            // Of the last minute: Store answers for what is a few minutes old.
            const recent = 'last_over_time(prometheus_build_info{cluster="red",job="kps-prometheus"}[1m])';
            const kinds = (await query(base, recent, { dedup: false })).map((s) => s.metric.receive_replica);
            assert.ok(kinds.length > 0);
            assert.ok(kinds.every((replica) => replica !== undefined));
        });
    });

    it("has nothing recent of blue while its leaf Query is down", async () => {
        const fresh = 'count(timestamp(up{cluster="blue"}) > time() - 60)';
        assert.ok((await scalar(base, fresh)) > 0);
        await withoutLeaf("blue", () =>
            eventually("blue's recent data are gone", 90, async () => assert.equal(await scalar(base, fresh), 0)),
        );
    });

    async function withoutLeaf(cluster: "blue" | "red", look: () => Promise<void>): Promise<void> {
        const leaf = { name: "thanos-query", namespace: NAMESPACE };
        const scale = async (replicas: number) => {
            const body = await apps(cluster).readNamespacedDeploymentScale(leaf);
            await apps(cluster).replaceNamespacedDeploymentScale({ ...leaf, body: { ...body, spec: { replicas } } });
        };
        await scale(0);
        try {
            await look();
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
