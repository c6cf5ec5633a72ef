import { configMap, thanos } from "./example";
import { isKnown, NOTHING, type QueryFrontend } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const frontendsShareACache = defineRule({
    id: "L14",
    name: "frontends-share-a-cache",
    title: "Several Query Frontends share a cache",
    why: "A cache in memory belongs to one pod. With two pods the same graph differs from reload to reload while samples arrive late, and what one pod has cached, the other asks for again.",
    source: "https://github.com/thanos-io/thanos/issues/8276",
    remedy: "Run one Query Frontend, or let them share a cache: MEMCACHED or REDIS.",
    severity: "medium",
    reads: ["frontends"],
    scope: "deployment",
    thresholds: {},
    settings: ["queryFrontend.replicas", "queryFrontend.autoscale", "queryFrontend.cache.type"],
    check: ({ frontends }) => {
        const problems = new Problems();
        const each =
            "pods would each have a cache of their own: the same graph differs from pod to pod while samples arrive late (thanos#8276).";
        const share = "let them share a cache: memcached or Redis.";
        for (const { path, replicas, mostReplicas = 1 } of frontends.filter(({ cache }) => cache === "IN-MEMORY"))
            problems
                .when(replicas > 1, `${path}.replicas`, `${replicas} ${each}`, `Write 1, or ${share}`)
                .when(mostReplicas > 1, `${path}.autoscale`, `up to ${mostReplicas} ${each}`, `Remove it, or ${share}`);
        return problems.all();
    },
    lacks: ({ frontends }) =>
        frontends.flatMap(({ path, replicas, mostReplicas = 1, cache }) =>
            (replicas > 1 || mostReplicas > 1) && cache !== undefined && !isKnown(cache)
                ? [{ path, fact: `its cache is not known: ${cache.notKnown}` }]
                : [],
        ),
    good: { ...NOTHING, frontends: [frontend(1, "IN-MEMORY"), frontend(2, "MEMCACHED"), frontend(2)] },
    bad: { ...NOTHING, frontends: [frontend(2, "IN-MEMORY"), { ...frontend(1, "IN-MEMORY"), mostReplicas: 3 }] },
    manifests: {
        good: [
            configMap("cache", { "cache.yml": "type: MEMCACHED\nconfig:\n  addresses: [dnssrvnoa+_client._tcp.memcached]\n" }),
            thanos("Deployment", "query-frontend", fronting(), { replicas: 2, configMap: "cache" }),
        ],
        bad: [
            configMap("cache", { "cache.yml": "type: IN-MEMORY\nconfig:\n  max_size: 512MB\n" }),
            thanos("Deployment", "query-frontend", fronting(), { replicas: 2, configMap: "cache" }),
        ],
    },
});

function fronting(): string[] {
    return [
        "query-frontend",
        "--query-frontend.downstream-url=http://query:10902",
        "--query-range.response-cache-config-file=/etc/thanos/cache.yml",
    ];
}

function frontend(replicas: number, cache?: string): QueryFrontend {
    return { path: "query-frontend", replicas, ...(cache && { cache }) };
}
