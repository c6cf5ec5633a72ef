import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../support/eventually";
import { apps, core, frontend, NAMESPACE } from "../support/runningFleet";

const SCRAPE_SECONDS = 15;
/** Longer than the half of a block, which is how late a sample may be without `receive.lateSamples`. */
const CUT_SECONDS = 90;

/** When the targets of green have samples since `start`, by agent, target and ingester. */
async function samples(base: string, start: number): Promise<Map<string, Map<string, number[]>>> {
    const seconds = Math.ceil(Date.now() / 1000 - start);
    const params = new URLSearchParams({ query: `up{cluster="green",job="kps-prometheus"}[${seconds}s]`, dedup: "false" });
    const response = await fetch(`${base}/api/v1/query?${params}`, { signal: AbortSignal.timeout(20_000) });
    const { data } = (await response.json()) as { data: { result: { metric: Record<string, string>; values: [number, string][] }[] } };
    const found = new Map<string, Map<string, number[]>>();
    for (const { metric, values } of data.result) {
        // The same samples in a block that Compact has merged.
        if (metric.receive_replica === undefined) continue;
        const series = `${metric.prometheus_replica} ${metric.instance}`;
        const copies = found.get(series) ?? new Map<string, number[]>();
        found.set(
            series,
            copies.set(
                metric.receive_replica,
                values.map(([at]) => at),
            ),
        );
    }
    return found;
}

describe("the agents of a cluster that cannot reach Receive", () => {
    it("send what they have scraped meanwhile, in three copies and each sample once, but for one that is restarted", async () => {
        const base = await frontend();
        const deployments = await apps("observer");
        const routers = { name: "thanos-receive-router", namespace: NAMESPACE };
        const scale = async (replicas: number) => {
            const body = await deployments.readNamespacedDeploymentScale(routers);
            await deployments.replaceNamespacedDeploymentScale({ ...routers, body: { ...body, spec: { replicas } } });
        };
        const start = Date.now() / 1000 - 60;
        await scale(0);
        try {
            await sleep((CUT_SECONDS / 2) * 1000);
            // It loses what it has not sent: remote write begins at the time of the start (Prometheus, tsdb/wlog/watcher.go). The other one does not.
            await (await core("green")).deleteNamespacedPod({ name: "prom-agent-kps-prometheus-0", namespace: NAMESPACE });
            await sleep((CUT_SECONDS / 2) * 1000);
        } finally {
            await scale(2);
        }
        const returned = Date.now() / 1000;

        await eventually("every sample has arrived", 240, async () => {
            const found = await samples(base, start);
            // Of the other agent: its own targets, which were there all the time. One scrape each 15 seconds, before, during and after the cut.
            const throughout = [...found].filter(
                ([series, copies]) =>
                    series.startsWith("prom-agent-kps-prometheus-1 ") &&
                    [...copies.values()].some((times) => (times[0] ?? 0) < start + 30 && (times.at(-1) ?? 0) > returned),
            );
            assert.ok(throughout.length >= 2, [...found.keys()].join());
            for (const [series, copies] of throughout) {
                assert.equal(copies.size, 3, series);
                for (const [ingester, times] of copies) {
                    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
                    const wrong = gaps.filter((gap) => gap < SCRAPE_SECONDS / 2 || gap > SCRAPE_SECONDS * 1.5);
                    assert.deepEqual(wrong, [], `${series} in ${ingester}`);
                }
            }
        });
    });
});
