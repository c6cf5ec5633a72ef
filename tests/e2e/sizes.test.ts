import assert from "node:assert/strict";
import { answersCacheFile, bucketCacheFile, indexCacheFile, memcachedClient, type SharedCache } from "../../components/thanos/caches";
import { compactFlags } from "../../components/thanos/compact";
import { endpointsFile } from "../../components/thanos/endpoints";
import { limitsFile } from "../../components/thanos/limits";
import { ITEM_MIB, memcachedFlags } from "../../components/thanos/memcached";
import { queryFlags } from "../../components/thanos/query";
import { queryFrontendFlags } from "../../components/thanos/queryFrontend";
import { storeFlags } from "../../components/thanos/store";
import { loadConfig } from "../../config/load";
import type { CacheConfig } from "../../config/schema";
import { SIZES } from "../../config/sizes";
import { LoopbackRing } from "../support/loopbackRing";
import { freePort, Processes } from "../support/processes";
import { RealThanos } from "../support/realThanos";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";
import { observerConfig } from "../support/testFleet";

/** Real Thanos and memcached get ready with the flags and files of each size. */

describe("the components of an observer", () => {
    const processes = new Processes(temporaryDirectory());
    let binaries: Awaited<ReturnType<typeof tools<"thanos" | "promtool" | "memcached">>>;
    let thanos: RealThanos;

    before(async () => {
        binaries = await tools("thanos", "promtool", "memcached");
        thanos = new RealThanos(processes, binaries);
        await thanos.uploadBlock("blue");
    });
    afterEach(() => processes.stop());

    async function servers(name: string, cache: CacheConfig): Promise<SharedCache | undefined> {
        if (cache.type !== "memcached") return undefined;
        const server = `127.0.0.1:${await freePort()}`;
        const here = ["--listen=127.0.0.1", `--port=${server.split(":")[1]}`, "--user=nobody"];
        await processes.start(name, binaries.memcached.path, [...memcachedFlags(cache), ...here], `tcp://${server}`);
        return { type: "MEMCACHED", config: memcachedClient([server], ITEM_MIB), ready: [] };
    }

    for (const size of SIZES) {
        it(`start in size ${size}`, async () => {
            const config = loadConfig({ ...observerConfig("aws"), size });
            assert.ok(config.role === "observer");
            const named = (name: string) => `${name}-${size}`;
            const blocks = await servers(named("memcached-blocks"), config.store.cache);
            const store = await thanos.start(named("store"), storeFlags({ ...config.store, cache: blocks }), {
                "objstore.yml": thanos.objectStore("blue"),
                ...(blocks && {
                    "index-cache.yml": indexCacheFile(blocks),
                    "bucket-cache.yml": bucketCacheFile(blocks, { stream: "blue", syncInterval: config.store.syncInterval }),
                }),
            });
            const query = await thanos.start(named("query"), queryFlags({ ...config.query, leaf: false }), {
                "endpoints.yml": endpointsFile([{ address: store.grpc, equalReplicas: true }]),
            });
            const answers = await servers(named("memcached-answers"), config.queryFrontend.cache);
            const { memory } = config.queryFrontend;
            await thanos.start(named("frontend"), queryFrontendFlags({ ...config.queryFrontend, downstream: `http://${query.http}` }), {
                "cache.yml": answersCacheFile(answers, memory),
            });
            await thanos.start(named("compact"), compactFlags({ ...config.compact, receiveUploads: false }), {
                "objstore.yml": thanos.objectStore("blue"),
            });
            // What a size says of ingesters are their number and resources; the routers' limits follow from these.
            const { receive } = config;
            const ring = new LoopbackRing(binaries.thanos.path, processes, [{ tenants: ["red"], zones: [], ingesters: 3 }]);
            await ring.startIngesters();
            const pods = Array.from({ length: receive.ingesters }, (_, i) => `thanos-receive-ingester-${i}`);
            const rings = [{ tenants: ["red"], pods, memory: receive.memory }];
            await ring.startRouter(limitsFile({ ...receive, rings, namespace: "monitoring", metaMonitoring: "http://127.0.0.1:1" }));
        });
    }
});
