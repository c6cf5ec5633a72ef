import { configMap, labelled, service, thanos } from "./example";
import { type MemcachedCache, type MemcachedServers, NOTHING } from "./model";
import { type Problem, Problems } from "./problem";
import { defineRule } from "./rule";

export const cachesKeepTheirPlaces = defineRule({
    id: "L16",
    name: "caches-keep-their-places",
    title: "Keys stay on their memcached servers",
    why:
        "Clients spread keys over the servers by the order of their addresses. Where those are IP addresses, one restarted pod changes the order, and the keys of all servers move; behind one " +
        "address of a Service, each connection leads to another server. What was cached is fetched and computed again. Items that a server does not take are sent, refused, and never cached.",
    source: "https://thanos.io/tip/components/store.md/#memcached-index-cache",
    remedy: "Run memcached in a StatefulSet with a headless Service, write its address as dnssrvnoa+_PORT._tcp.SERVICE, and let max_item_size be what the servers take (-I).",
    severity: "medium",
    reads: ["caches"],
    scope: "deployment",
    thresholds: {},
    check: ({ caches }) =>
        caches.flatMap((cache) =>
            cache.addresses.flatMap(({ address, servers }) => (servers === undefined ? [] : wrongServers(cache, address, servers))),
        ),
    lacks: ({ caches }) =>
        caches.flatMap(({ path, flag, lack, addresses }) => [
            ...(lack ? [{ path, fact: `the cache of --${flag} is not known: ${lack.notKnown}` }] : []),
            ...addresses
                .filter(({ address, servers }) => servers === undefined && BY_IP.test(address))
                .map(({ address }) => ({ path, fact: `how many servers ${address} leads to is not known` })),
        ]),
    good: {
        ...NOTHING,
        caches: [
            cache("dnssrvnoa+_memcached._tcp.memcached", { pods: 3, headless: true, itemBytes: 2 ** 20 }),
            cache("dns+memcached:11211", { pods: 1, headless: true, itemBytes: 2 ** 20 }),
            cache("memcached-0.memcached:11211"),
        ],
    },
    bad: {
        ...NOTHING,
        caches: [
            cache("dnssrv+_memcached._tcp.memcached", { pods: 3, headless: true, itemBytes: 2 ** 20 }),
            cache("memcached:11211", { pods: 3, headless: false, itemBytes: 2 ** 20 }),
            { ...cache("dnssrvnoa+_memcached._tcp.memcached", { pods: 3, headless: true, itemBytes: 2 ** 20 }), maxItemBytes: 2 ** 24 },
            { ...cache("dnssrvnoa+_memcached._tcp.memcached", { pods: 3, headless: true, itemBytes: 2 ** 20 }), maxItemBytes: 0 },
        ],
    },
    manifests: {
        good: [file("dnssrvnoa+_client._tcp.memcached"), store(), service("memcached", "None"), memcached("--max-item-size=16m")],
        bad: [file("dnssrv+_client._tcp.memcached"), store(), service("memcached", "None"), memcached()],
    },
});

/** Addresses that are looked up, and become IP addresses (pkg/discovery/dns/resolver.go). */
const BY_IP = /^(dns|dnssrv|dnsdualstack)\+/;

function wrongServers(
    { path, flag, maxItemBytes }: MemcachedCache,
    address: string,
    { pods, headless, itemBytes }: MemcachedServers,
): Problem[] {
    const remedy = "Write dnssrvnoa+_PORT._tcp. and the name of a headless Service of these servers.";
    const byIp = BY_IP.test(address) && headless;
    const byName = address.startsWith("dnssrvnoa+") && headless;
    return new Problems()
        .when(
            pods > 1 && byIp,
            `${path}.addresses`,
            `${address} (--${flag}) leads to ${pods} servers by their IP addresses: when a pod restarts, the keys of all of them move.`,
            remedy,
        )
        .when(
            pods > 1 && !byIp && !byName,
            `${path}.addresses`,
            `${address} (--${flag}) is one address of ${pods} servers: a key is looked for in one of them, whichever answers.`,
            remedy,
        )
        .when(
            maxItemBytes !== undefined && itemBytes !== undefined && (maxItemBytes === 0 || maxItemBytes > itemBytes),
            `${path}.max_item_size`,
            `items of ${maxItemBytes ? `up to ${sizeText(maxItemBytes)}` : "any size"} (--${flag}) are sent to servers that take ${sizeText(itemBytes ?? 0)}: larger ones are refused each time.`,
            "Write what the servers take, or raise their -I.",
        )
        .all();
}

const sizeText = (bytes: number) => (bytes % 2 ** 20 === 0 ? `${bytes / 2 ** 20}MiB` : `${bytes / 2 ** 10}KiB`);

function cache(address: string, servers?: MemcachedServers): MemcachedCache {
    return { path: "store", flag: "index-cache.config", addresses: [{ address, ...(servers && { servers }) }], maxItemBytes: 2 ** 20 };
}

function file(address: string) {
    return configMap("cache", { "cache.yml": `type: MEMCACHED\nconfig:\n  addresses: [${address}]\n  max_item_size: 16MiB\n` });
}

function store() {
    return thanos("StatefulSet", "store", ["store", "--index-cache.config-file=/etc/thanos/cache.yml"], { configMap: "cache" });
}

function memcached(...args: string[]) {
    const containers = [{ name: "memcached", image: "memcached:1.6.39", args: ["--memory-limit=1024", ...args] }];
    const spec = { replicas: 3, template: { spec: { containers } } };
    return labelled({ apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name: "memcached" }, spec });
}
