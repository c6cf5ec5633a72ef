import assert from "node:assert/strict";
import { cp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { scalar } from "../../clients/thanos";
import { retentionProblems } from "../../components/stack/contract";
import { endpointsFile } from "../../components/thanos/endpoints";
import { queryFlags } from "../../components/thanos/query";
import { storeFlags } from "../../components/thanos/store";
import { loadConfig } from "../../config/load";
import type { ObserveeConfig } from "../../config/schema";
import * as schema from "../../config/schema/thanos";
import { keptFor } from "../../config/stores";
import { HISTORY_DAYS, writeHistory } from "../../local/history";
import { eventually } from "../support/eventually";
import { freePort, Processes } from "../support/processes";
import { RealThanos, type Started } from "../support/realThanos";
import { run } from "../support/run";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";
import { observeeConfig } from "../support/testFleet";

/** Real Stores, Query, Prometheus and sidecar, no cluster: five weeks of blue's samples in a bucket, the last day of them in Prometheus as well. */

const SHARDS = 3;
const RETENTION = "24h";
const ALL = `${HISTORY_DAYS + 1}d`;

describe("Stores", () => {
    const directory = temporaryDirectory();
    const processes = new Processes(directory);
    const data = join(directory, "blue");
    let binaries: Awaited<ReturnType<typeof tools<"thanos" | "prometheus" | "promtool">>>;
    let thanos: RealThanos;
    let blocks: string[];
    /** Samples of blue, counted by a Prometheus that has all blocks. */
    let written: number;
    let now: number;

    const address = async () => `127.0.0.1:${await freePort()}`;
    const samples = (base: string, range = ALL) =>
        scalar(base, `sum(count_over_time(shop_orders_total[${range}]))`, { time: now, dedup: false });

    before(async () => {
        binaries = await tools("thanos", "prometheus", "promtool");
        thanos = new RealThanos(processes, binaries);
        await writeHistory("blue", directory, binaries.promtool.path, AbortSignal.timeout(120_000));
        blocks = (await readdir(data)).sort();
        assert.ok(blocks.length > 100, `${blocks.length} blocks`);
        now = Date.now() / 1000;
        written = await samples((await startPrometheus("complete", "1y")).url);
        assert.ok(written > 50_000, `${written} samples`);

        const upload = ["tools", "bucket", "upload-blocks", `--objstore.config=${thanos.objectStore("blue")}`, `--path=${data}`];
        const labels = ['--label=cluster="blue"', '--label=prometheus_replica="a"'];
        const { code, output } = await run(binaries.thanos.path, [...upload, ...labels], { within: 120 });
        assert.equal(code, 0, output);
    });
    after(() => processes.stop());

    /** Starts a Prometheus that has all blocks and deletes what is older than its retention. */
    async function startPrometheus(name: string, retention: string): Promise<{ url: string; path: string }> {
        const path = join(directory, name);
        await cp(data, path, { recursive: true });
        const config = join(directory, `${name}.yml`);
        await writeFile(config, "global: { external_labels: { cluster: blue, prometheus_replica: a } }\n");
        const web = await address();
        const blockLength = ["--storage.tsdb.min-block-duration=2h", "--storage.tsdb.max-block-duration=2h"];
        const flags = [
            `--config.file=${config}`,
            `--storage.tsdb.path=${path}`,
            `--storage.tsdb.retention.time=${retention}`,
            ...blockLength,
        ];
        await processes.start(name, binaries.prometheus.path, [...flags, `--web.listen-address=${web}`], `http://${web}/-/ready`);
        return { url: `http://${web}`, path };
    }

    const startStore = (name: string, settings: object, shard?: number) =>
        thanos.start(name, storeFlags({ ...schema.store.parse(settings), cache: undefined, ...(shard !== undefined && { shard }) }), {
            "objstore.yml": thanos.objectStore("blue"),
        });

    async function startQuery(name: string, asked: readonly { grpc: string }[]): Promise<string> {
        const endpoints = asked.map(({ grpc }) => ({ address: grpc, equalReplicas: true }));
        const flags = queryFlags({ ...schema.query.parse({}), leaf: false });
        const { http } = await thanos.start(name, flags, { "endpoints.yml": endpointsFile(endpoints) });
        return `http://${http}`;
    }

    /** The ids of the blocks that a Store serves. */
    async function served({ http }: Started): Promise<string[]> {
        const answer = await fetch(`http://${http}/api/v1/blocks?view=loaded`, { signal: AbortSignal.timeout(20_000) });
        const { data: loaded } = (await answer.json()) as { data: { blocks: { ulid: string }[] } };
        return loaded.blocks.map(({ ulid }) => ulid);
    }

    describe("that share a stream", () => {
        const shards: Started[] = [];
        before(async () => {
            for (let shard = 0; shard < SHARDS; shard++) shards.push(await startStore(`shard-${shard}`, { shards: SHARDS }, shard));
        });

        it("serve every block, and none of them twice", async () => {
            const each: string[][] = [];
            for (const shard of shards) each.push(await served(shard));
            assert.deepEqual(each.flat().sort(), blocks);
            for (const ids of each) assert.ok(ids.length > blocks.length / (2 * SHARDS), `${ids.length} of ${blocks.length} blocks`);
        });

        it("answer with every sample, and with none twice", async () => {
            const each: number[] = [];
            for (const [i, shard] of shards.entries()) each.push(await samples(await startQuery(`query-of-${i}`, [shard])));
            const together = await samples(await startQuery("query-of-shards", shards));
            assert.deepEqual([each.reduce((sum, count) => sum + count), together], [written, written]);
        });
    });

    describe("that leave recent samples to others", () => {
        const AGES = ["22h", "2d"];
        let sidecar: { grpc: string };
        before(async () => {
            const { url, path } = await startPrometheus("recent", RETENTION);
            const [http, grpc] = [await address(), await address()];
            const flags = ["sidecar", `--prometheus.url=${url}`, `--tsdb.path=${path}`, `--http-address=${http}`, `--grpc-address=${grpc}`];
            await processes.start("sidecar", binaries.thanos.path, flags, `http://${http}/-/ready`);
            sidecar = { grpc };
            assert.ok((await samples(url)) < written / 10, "Prometheus has deleted nothing");
        });

        for (const minAge of AGES) {
            const needed = keptFor({ minAge, syncInterval: "15m" });
            const observee = loadConfig(observeeConfig("blue", "local", { prometheus: { retention: RETENTION } })) as ObserveeConfig;
            const refused = retentionProblems(observee, { keptFor: needed }).length > 0;

            it(`answer for no sample of the last hours, and ${refused ? "leave the hole that the check refuses" : "leave no hole"}, with an age of ${minAge}`, async () => {
                const store = await startStore(`older-than-${minAge}`, { minAge });
                const alone = await startQuery(`query-of-${minAge}`, [store]);
                const both = await startQuery(`query-of-both-${minAge}`, [store, sidecar]);
                // A chunk of the history has 4 hours, and is read as a whole.
                assert.equal(await samples(alone, "16h"), 0);
                await eventually("both are asked", 30, async () => assert.ok((await samples(both, "16h")) > 0));
                const read = await samples(both);
                if (refused) assert.ok(read < written, `${read} of ${written} samples`);
                else assert.equal(read, written);
            });
        }

        it("would otherwise answer for them too", async () => {
            const alone = await startQuery("query-of-all", [await startStore("of-all-ages", {})]);
            assert.ok((await samples(alone, "16h")) > 0);
            assert.equal(
                await samples(await startQuery("query-of-all-and-sidecar", [await startStore("of-all-ages-2", {}), sidecar])),
                written,
            );
        });
    });
});
