import assert from "node:assert/strict";
import { configMap, thanos } from "../../../rules/example";
import { cachesKeepTheirPlaces as rule } from "../../../rules/L16-caches-keep-their-places";
import { findingsIn, reports } from "../../support/ruleExamples";

const BY_NAME = "Write dnssrvnoa+_PORT._tcp. and the name of a headless Service of these servers.";

describe("rule L16, caches-keep-their-places", () => {
    reports(
        rule,
        [
            `store.addresses: dnssrv+_memcached._tcp.memcached (--index-cache.config) leads to 3 servers by their IP addresses: when a pod restarts, the keys of all of them move. ${BY_NAME}`,
            `store.addresses: memcached:11211 (--index-cache.config) is one address of 3 servers: a key is looked for in one of them, whichever answers. ${BY_NAME}`,
            "store.max_item_size: items of up to 16MiB (--index-cache.config) are sent to servers that take 1MiB: larger ones are refused each time. Write what the servers take, or raise their -I.",
            "store.max_item_size: items of any size (--index-cache.config) are sent to servers that take 1MiB: larger ones are refused each time. Write what the servers take, or raise their -I.",
        ],
        [
            `StatefulSet store.addresses: dnssrv+_client._tcp.memcached (--index-cache.config-file) leads to 3 servers by their IP addresses: when a pod restarts, the keys of all of them move. ${BY_NAME}`,
            "StatefulSet store.max_item_size: items of up to 16MiB (--index-cache.config-file) are sent to servers that take 1MiB: larger ones are refused each time. Write what the servers take, or raise their -I.",
        ],
    );

    const [, store, service, memcached] = rule.manifests.good;
    assert.ok(store && service && memcached);
    interface Servers {
        readonly address?: string;
        readonly config?: string;
        readonly headless?: boolean;
        readonly replicas?: number;
        readonly container?: object;
    }
    /** What is found with this address of these servers. */
    function found({ address = "dnssrvnoa+_client._tcp.memcached", config = "", headless = true, replicas = 3, container = {} }: Servers) {
        const file = configMap("cache", { "cache.yml": `type: memcached\nconfig: {addresses: ["${address}"]${config}}` });
        const spec = memcached?.spec as { template: { metadata: object; spec: { containers: object[] } } };
        const containers = [{ name: "memcached", image: "memcached:1.6.39", ...container }];
        const servers = { ...memcached, spec: { replicas, template: { ...spec.template, spec: { containers } } } };
        const selecting = { ...service, spec: { ...(headless && { clusterIP: "None" }), selector: { app: "memcached" } } };
        const { problems, undecided } = findingsIn(rule, [file, store ?? {}, selecting, servers]);
        return [...problems.map((problem) => problem.split(":")[0]?.replace("StatefulSet store.", "")), ...undecided];
    }

    it("knows servers by the name of their Service, alone and in full, and by each kind of lookup", () => {
        for (const address of [
            "dns+memcached:11211",
            "dnssrv+_client._tcp.memcached.default.svc",
            "dnsdualstack+memcached.default.svc.cluster.local:11211",
        ])
            assert.deepEqual(found({ address }), ["addresses"], address);
        for (const address of ["memcached:11211", "dnssrvnoa+_client._tcp.memcached"])
            assert.deepEqual(
                [found({ address, headless: false }), found({ address, replicas: 1, headless: false })],
                [["addresses"], []],
                address,
            );
        assert.deepEqual(found({ address: "memcached:11211" }), ["addresses"]);
        assert.deepEqual(found({ address: "memcached-0.memcached:11211" }), []);
        assert.deepEqual(found({ address: "memcached:11211", headless: false, config: ", auto_discovery: true" }), []);
    });

    it("is undecided where servers are looked up by IP address and are not among the manifests", () => {
        const lack = (address: string) => `StatefulSet store: how many servers ${address} leads to is not known`;
        for (const address of ["dns+cache.example.com:11211", "dnssrv+_client._tcp.other.storage.svc"])
            assert.deepEqual(found({ address }), [lack(address)]);
        assert.deepEqual(found({ address: "dnssrvnoa+_client._tcp.other" }), []);
    });

    it("compares the items that are sent with those that the servers take, however that is written", () => {
        const sizes = (maxItemSize: string, container: object) => found({ config: `, max_item_size: ${maxItemSize}`, container });
        const too = ["max_item_size"];
        assert.deepEqual(sizes("1MB", {}), []);
        assert.deepEqual(sizes("1MiB", { args: ["-m", "64", "-I", "512k"] }), too);
        assert.deepEqual(sizes("5MiB", { args: ["-m 64", "-I 5m"] }), []);
        assert.deepEqual(sizes("5MiB", { args: ["-I5m"] }), []);
        assert.deepEqual(sizes("6MiB", { command: ["memcached", "--max-item-size=5m"] }), too);
        assert.deepEqual(sizes("6MiB", { args: ["--max-item-size=6291456"] }), []);
        assert.deepEqual(sizes("0", {}), too);
    });

    it("says nothing of items where a script, a variable or something else decides", () => {
        const larger = ", max_item_size: 16MiB";
        for (const container of [
            { command: ["/run.sh"] },
            { command: ["sh", "-c", "memcached -m 64"] },
            { env: [{ name: "MEMCACHED_EXTRA_FLAGS" }] },
        ])
            assert.deepEqual(found({ config: larger, container }), [], JSON.stringify(container));
        assert.deepEqual(found({ config: ", max_item_size: $(SIZE)" }), []);
    });

    it("reads the caches of Query Frontend and of the bucket, and no others", () => {
        const reading = (args: string[]) =>
            findingsIn(rule, [
                ...rule.manifests.bad.filter(({ kind, metadata }) => kind !== "StatefulSet" || metadata.name !== "store"),
                thanos("Deployment", "it", args, { configMap: "cache" }),
            ]).problems.length;
        const file = (flag: string) => `--${flag}-config-file=/etc/thanos/cache.yml`;
        assert.equal(reading(["query-frontend", file("query-range.response-cache"), file("labels.response-cache")]), 4);
        assert.equal(reading(["store", "--store.caching-bucket.config-file=/etc/thanos/cache.yml"]), 2);
        assert.equal(reading(["query", file("query-range.response-cache")]), 0);
        const inMemory = ["store", "--index-cache.config=type: IN-MEMORY"];
        assert.equal(reading(inMemory), 0);
    });
});
