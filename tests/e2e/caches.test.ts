import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import {
    answersCacheFile,
    bucketCacheFile,
    existingCache,
    indexCacheFile,
    memcachedClient,
    type SharedCache,
} from "../../components/thanos/caches";
import { ITEM_MIB, memcachedFlags } from "../../components/thanos/memcached";
import { queryFrontendFlags } from "../../components/thanos/queryFrontend";
import { storeFlags } from "../../components/thanos/store";
import * as schema from "../../config/schema/thanos";
import { eventually } from "../support/eventually";
import { freePort, Processes } from "../support/processes";
import { RealThanos, type Started } from "../support/realThanos";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** Real Query Frontends and Stores, with the flags and files that a stack gives them, and a real memcached. */

describe("a shared cache", () => {
    const processes = new Processes(temporaryDirectory());
    let thanos: RealThanos;
    let memcached: { host: string; port: number };
    let cache: SharedCache;

    before(async () => {
        const binaries = await tools("thanos", "promtool", "memcached");
        thanos = new RealThanos(processes, binaries);
        memcached = { host: "127.0.0.1", port: await freePort() };
        const server = `${memcached.host}:${memcached.port}`;
        cache = { type: "MEMCACHED", config: memcachedClient([server], ITEM_MIB), ready: [] };
        const here = ["--listen=127.0.0.1", `--port=${memcached.port}`, "--user=nobody"];
        await processes.start("memcached", binaries.memcached.path, [...memcachedFlags({ memory: "1Gi" }), ...here], `tcp://${server}`);
    });
    after(() => processes.stop());

    it("takes items as large as its clients send", async () => {
        const socket = connect(memcached);
        socket.end("stats settings\r\nquit\r\n");
        const settings = await text(socket);
        for (const line of [`item_size_max ${ITEM_MIB << 20}`, `maxbytes ${819 << 20}`, "maxconns 8192"])
            assert.match(settings, new RegExp(`^STAT ${line}\\r$`, "m"));
    });

    describe("of Query Frontend", () => {
        let query: HttpServer;
        let asked = 0;
        before(async () => {
            query = createHttpServer(async (request, response) => {
                const { pathname, search } = new URL(request.url ?? "", "http://query");
                if (pathname !== "/api/v1/query_range") {
                    response.end();
                    return;
                }
                asked++;
                const asks = new URLSearchParams(request.method === "POST" ? await text(request) : search);
                const [start, end, step] = ["start", "end", "step"].map((name) => Number(asks.get(name))) as [number, number, number];
                const values = Array.from({ length: (end - start) / step + 1 }, (_, i) => [start + i * step, "1"]);
                response.setHeader("Content-Type", "application/json");
                response.end(JSON.stringify({ status: "success", data: { resultType: "matrix", result: [{ metric: {}, values }] } }));
            }).listen(0, "127.0.0.1");
            await once(query, "listening");
        });
        after(() => query.close());

        function startFrontend(name: string) {
            const downstream = `http://127.0.0.1:${(query.address() as AddressInfo).port}`;
            const flags = queryFrontendFlags({ ...schema.queryFrontend.parse({}), downstream });
            return thanos.start(name, flags, { "cache.yml": answersCacheFile(cache, "512Mi") });
        }

        it("gives the second pod what the first has answered", async () => {
            const [first, second] = [await startFrontend("frontend-1"), await startFrontend("frontend-2")];
            const midnight = Math.floor(Date.now() / 86_400_000) * 86_400;
            const range = `start=${midnight - 40_000}&end=${midnight - 36_400}&step=60`;
            const answer = async ({ http }: Started) => {
                const response = await fetch(`http://${http}/api/v1/query_range?query=up&${range}`, {
                    signal: AbortSignal.timeout(10_000),
                });
                return ((await response.json()) as { data: { result: { values: unknown[] }[] } }).data.result[0]?.values.length;
            };
            assert.equal(await answer(first), 61);
            // An answer is written to the cache after it was given.
            await eventually("the second asks the cache only", 20, async () => {
                const before = asked;
                assert.equal(await answer(second), 61);
                assert.equal(asked, before);
            });
        });
    });

    describe("of all Stores", () => {
        /** Starts a Store and answers its metrics. */
        async function startStore(stream: string, name: string): Promise<(metric: string) => Promise<number>> {
            const args = { ...schema.store.parse({}), cache, stream };
            const { http } = await thanos.start(name, storeFlags(args), {
                "objstore.yml": thanos.objectStore(stream),
                "index-cache.yml": indexCacheFile(cache),
                "bucket-cache.yml": bucketCacheFile(cache, args),
            });
            return async (metric) => {
                const metrics = await (await fetch(`http://${http}/metrics`, { signal: AbortSignal.timeout(10_000) })).text();
                const values = metrics
                    .split("\n")
                    .flatMap((line) => (line.startsWith(`${metric} `) ? [Number(line.split(" ").at(-1))] : []));
                assert.equal(values.length, 1, metric);
                return values[0] as number;
            };
        }

        const LOADED = "thanos_bucket_store_blocks_loaded";
        /** How often the list of blocks was not in the cache. */
        const listed = async (metric: (name: string) => Promise<number>) => {
            const [asked, found] = ["requests", "hits"].map((what) =>
                metric(`thanos_store_bucket_cache_operation_${what}_total{config="blocks-iter",operation="iter"}`),
            );
            return Number(await asked) - Number(await found);
        };

        it("shows each Store the blocks of its own stream, and a second pod the list of the first", async () => {
            await thanos.uploadBlock("blue");
            await thanos.uploadBlock("red");
            const blue = await startStore("blue", "store-blue-0");
            // Written to the cache after the list was read.
            await eventually("a second Store of blue finds the list in the cache", 30, async () => {
                const second = await startStore("blue", `store-blue-${Date.now()}`);
                assert.deepEqual([await listed(second), await second(LOADED)], [0, 1]);
            });
            const red = await startStore("red", "store-red");
            assert.deepEqual([await blue(LOADED), await red(LOADED)], [1, 1]);
            assert.notEqual(await listed(red), 0);
        });
    });

    describe("in Redis", () => {
        const REDIS = { type: "own-redis", username: "fleet", password: "secret", tls: false } as const;

        /** Whether a process with these files connects to its Redis. Nothing answers there, so it then ends. */
        async function connects(name: string, flags: string[], files: (redis: SharedCache) => Record<string, string>): Promise<boolean> {
            let connections = 0;
            const redis = createServer((socket) => {
                connections++;
                socket.destroy();
            }).listen(0, "127.0.0.1");
            await once(redis, "listening");
            const address = `127.0.0.1:${(redis.address() as AddressInfo).port}`;
            const { code, output } = await thanos.end(name, flags, files({ ...existingCache({ ...REDIS, address }), ready: [] }));
            redis.close();
            assert.equal(code, 1, output);
            return connections > 0;
        }

        it("is where Query Frontend connects to", async () => {
            const flags = queryFrontendFlags({ ...schema.queryFrontend.parse({}), downstream: "http://127.0.0.1:1" });
            assert.ok(await connects("frontend-redis", flags, (redis) => ({ "cache.yml": answersCacheFile(redis, "512Mi") })));
        });

        it("is where Store connects to", async () => {
            const args = { ...schema.store.parse({}), stream: "blue" };
            const flags = storeFlags({ ...args, cache: { type: "REDIS", config: {}, ready: [] } });
            const files = (redis: SharedCache) => ({
                "objstore.yml": thanos.objectStore("blue"),
                "index-cache.yml": indexCacheFile(redis),
                "bucket-cache.yml": bucketCacheFile(redis, args),
            });
            assert.ok(await connects("store-redis", flags, files));
        });
    });
});
