import assert from "node:assert/strict";
import { answersCacheFile, bucketCacheFile, existingCache, indexCacheFile, memcachedClient } from "../../../../components/thanos/caches";
import { ITEM_MIB, memcachedFlags } from "../../../../components/thanos/memcached";
import { type CacheConfig, cache } from "../../../../config/schema/cache";

const MEMCACHED = { type: "MEMCACHED" as const, config: memcachedClient(["dnssrvnoa+_memcached._tcp.cache"], ITEM_MIB), ready: [] };

const existing = (given: unknown) => existingCache(cache.parse(given) as Extract<CacheConfig, { type: "own-memcached" | "own-redis" }>);

describe("the cache of Query Frontend", () => {
    it("takes half of the pod's memory where no other pod shares it", () =>
        assert.equal(answersCacheFile(undefined, "512Mi"), "type: IN-MEMORY\nconfig:\n  max_size: 256MiB\n  validity: 6h\n"));

    it("keeps answers as long in shared servers", () =>
        assert.equal(
            answersCacheFile(MEMCACHED, "512Mi"),
            [
                "type: MEMCACHED",
                "config:",
                "  addresses:",
                "    - dnssrvnoa+_memcached._tcp.cache",
                "  timeout: 500ms",
                "  max_item_size: 5MiB",
                "  expiration: 6h",
                "",
            ].join("\n"),
        ));
});

describe("the caches of Store", () => {
    const file = (stream: string, syncInterval: string) => bucketCacheFile(MEMCACHED, { stream, syncInterval });

    it("are one client's settings, and how long an old list may be believed", () => {
        const client = "config:\n  addresses:\n    - dnssrvnoa+_memcached._tcp.cache\n  timeout: 500ms\n  max_item_size: 5MiB\n";
        assert.equal(indexCacheFile(MEMCACHED), `type: MEMCACHED\n${client}`);
        assert.equal(
            file("blue", "1d"),
            `# The blocks of blue.\ntype: MEMCACHED\n${client}blocks_iter_ttl: 5m\nmetafile_doesnt_exist_ttl: 15m\n`,
        );
    });

    it("differ from stream to stream, since Thanos takes equal files for the same bucket", () =>
        assert.notEqual(file("blue", "15m"), file("red", "15m")));

    it("forget what was missing before the next look for new blocks", () =>
        assert.match(file("blue", "20s"), /\nblocks_iter_ttl: 20s\nmetafile_doesnt_exist_ttl: 20s\n$/));
});

describe("servers that exist", () => {
    it("are memcached with the item size of its servers, or with a configuration endpoint", () => {
        const addresses = ["a:11211", "b:11211"];
        assert.deepEqual(existing({ type: "own-memcached", addresses }), {
            type: "MEMCACHED",
            config: { addresses, timeout: "500ms", max_item_size: "1MiB" },
        });
        assert.deepEqual(existing({ type: "own-memcached", addresses: ["c:11211"], autoDiscovery: true, itemSize: "8Mi" }), {
            type: "MEMCACHED",
            config: { addresses: ["c:11211"], timeout: "500ms", max_item_size: "8MiB", auto_discovery: true },
        });
    });

    it("are Redis, with or without a password", () => {
        assert.deepEqual(existing({ type: "own-redis", address: "r:6379" }), {
            type: "REDIS",
            config: { addr: "r:6379", tls_enabled: false },
        });
        assert.deepEqual(existing({ type: "own-redis", address: "r:6379", username: "u", password: "p", tls: true }), {
            type: "REDIS",
            config: { addr: "r:6379", username: "u", password: "p", tls_enabled: true },
        });
    });

    it("are not found by a kind of name that changes their order", () => {
        const refused = (address: string) => !cache.safeParse({ type: "own-memcached", addresses: [address] }).success;
        assert.deepEqual(["a:11211", "dnssrvnoa+_memcached._tcp.a.svc", "dnssrv+_memcached._tcp.a.svc", "dns+a:11211", "a"].map(refused), [
            false,
            false,
            true,
            true,
            true,
        ]);
    });
});

describe("memcached", () => {
    it("has four fifths of the pod's memory for items, of which none is larger than its clients send", () =>
        assert.deepEqual(memcachedFlags({ memory: "1Gi" }), ["--memory-limit=819", "--max-item-size=5m", "--conn-limit=8192"]));
});
