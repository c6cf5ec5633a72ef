import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { query, scalar, stores } from "../../clients/thanos";
import { historyDirectory } from "../../local/fleet/state";
import { eventually } from "../support/eventually";
import { run } from "../support/run";
import { frontend, tools } from "../support/runningFleet";

interface Block {
    ulid: string;
    minTime: number;
    maxTime: number;
    compaction: { level: number };
    thanos: { labels: Record<string, string>; downsample: { resolution: number }; source: string };
}

/** The blocks of a cluster's stream, as `thanos tools bucket ls` lists them with the credentials that `npm start` uploaded the history with. */
async function blocksOf(cluster: string, ...flags: string[]): Promise<Block[]> {
    const { thanos } = await tools("thanos");
    const file = join(historyDirectory(), `${cluster}.objstore.yml`);
    assert.match(await readFile(file, "utf8"), new RegExp(`^prefix: ${cluster}$`, "m"));
    const { code, output } = await run(
        thanos.path,
        ["tools", "bucket", "ls", `--objstore.config-file=${file}`, "--output=json", ...flags],
        { within: 120 },
    );
    assert.equal(code, 0, output);
    // The output has one indented JSON document per block, between log lines.
    return (output.match(/^\{\n[\s\S]*?^\}/gm) ?? []).map((text) => JSON.parse(text) as Block);
}

describe("blocks", () => {
    let base: string;
    before(async () => {
        base = await frontend();
    });

    for (const cluster of ["observer", "blue", "red"])
        it(`of ${cluster} are uploaded by both sidecars, and only under its own prefix`, () =>
            eventually(`blocks of ${cluster}`, 300, async () => {
                const blocks = await blocksOf(cluster);
                assert.deepEqual([...new Set(blocks.map((b) => b.thanos.labels.cluster))], [cluster]);
                const uploaders = new Set(
                    blocks.filter((b) => b.thanos.source === "sidecar").map((b) => b.thanos.labels.prometheus_replica),
                );
                assert.deepEqual([...uploaders].sort(), ["prometheus-kps-prometheus-0", "prometheus-kps-prometheus-1"]);
            }));

    it("are compacted, downsampled twice and expired, and no Compact has halted", async () => {
        await eventually("two-week blocks at both lower resolutions", 420, async () => {
            const blocks = await blocksOf("blue");
            const days = (b: Block) => (b.maxTime - b.minTime) / 86_400_000;
            assert.ok(
                blocks.some((b) => b.compaction.level >= 3),
                "no block was compacted three times",
            );
            assert.ok(
                blocks.some((b) => b.thanos.downsample.resolution === 300_000 && days(b) > 10),
                "no block has a resolution of 5 min",
            );
            assert.ok(
                blocks.some((b) => b.thanos.downsample.resolution === 3_600_000 && days(b) > 10),
                "no block has a resolution of 1 h",
            );
        });
        await eventually("every expired block is marked for deletion", 120, async () => {
            const expired = (b: Block) => b.maxTime < Date.now() - 21 * 86_400_000;
            assert.ok((await blocksOf("blue")).some(expired), "no block has expired");
            assert.deepEqual((await blocksOf("blue", "--exclude-delete")).filter(expired), []);
        });
        await eventually("every Compact reports that it has not halted", 60, async () => {
            const halted = await query(base, "max by (pod) (thanos_compact_halted)");
            assert.deepEqual(halted.map(({ metric, value }) => `${metric.pod} ${value}`).sort(), [
                "thanos-compact-blue-0 0",
                "thanos-compact-observer-0 0",
                "thanos-compact-red-0 0",
            ]);
        });
    });

    it("answer with the same samples after Prometheus has deleted its own copy", async () => {
        const leaf = async () => {
            const leafQuery = (await stores(base)).find(
                (s) => s.kind === "query" && s.labelSets.some((labels) => labels.cluster === "blue"),
            );
            assert.ok(leafQuery, "blue's leaf Query is not in the store list");
            return leafQuery;
        };
        // A restarted pod has a new address, and Query resolves addresses every 30 s.
        await eventually("both of blue's replicas are behind its leaf Query", 120, async () =>
            assert.equal((await leaf()).labelSets.length, 2),
        );
        // The second minute that blue's Prometheus still has: it deletes this minute next.
        const time = Math.ceil((await leaf()).minTime / 1000) + 120;
        const count = () => scalar(base, 'sum(count_over_time(up{cluster="blue"}[1m]))', { dedup: false, time });
        const fromPrometheus = await count();
        assert.ok(fromPrometheus > 0);
        await eventually("blue's Prometheus has deleted that minute", 1080, async () => {
            const { minTime } = await leaf();
            assert.ok(minTime > time * 1000, `its oldest sample is of ${new Date(minTime).toISOString()}`);
        });
        assert.equal(await count(), fromPrometheus);
    });
});
