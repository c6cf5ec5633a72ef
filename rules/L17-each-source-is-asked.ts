import { HASHRINGS, labelled, service, thanos } from "./example";
import { endpointsLack } from "./lacks";
import { type Backends, type Endpoint, isDynamic, NOTHING, type ThanosModel } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const eachSourceIsAsked = defineRule({
    id: "L17",
    name: "each-source-is-asked",
    title: "Query asks each pod that has samples of its own",
    why: "Behind the one address of a Service, Query finds one of its pods, and an endpoint group asks one pod for each query. Ingesters and the replicas of a Prometheus differ in what they have: answers lack what the others have, and change from query to query.",
    source: "https://thanos.io/tip/components/query.md/",
    remedy: "Name a headless Service by dns+ or dnssrv+, so that each of its pods is an endpoint. A group is for pods that have the same data, as leaf Queries do.",
    severity: "medium",
    reads: ["endpointLists"],
    scope: "deployment",
    thresholds: {},
    check: ({ endpointLists }) => {
        const problems = new Problems();
        for (const { path, address, group, backends } of endpointLists.flatMap(({ endpoints }) => endpoints))
            problems.when(
                backends !== undefined && backends.pods > 1 && (group || !isDynamic(address) || !backends.headless),
                path,
                `${address} ${group ? "is a group" : "is one endpoint"} of ${backends?.pods} pods of ${backends?.program}, each with samples of its own: one of them is asked.`,
                backends?.headless
                    ? "Write it with dns+, and as no group."
                    : "Write dns+ and the name of a headless Service of these pods, as no group.",
            );
        return problems.all();
    },
    lacks: endpointsLack,
    good: listing(
        endpoint("dns+receive-headless:10901", { program: "Receive", pods: 3, headless: true }),
        endpoint("receive:10901", { program: "Receive", pods: 1, headless: false }),
        endpoint("dns+leaf:10901"),
        { ...endpoint("store:10901"), group: true },
    ),
    bad: listing(
        endpoint("receive:10901", { program: "Receive", pods: 3, headless: false }),
        endpoint("dns+receive:10901", { program: "Receive", pods: 3, headless: false }),
        { ...endpoint("prometheus:10901", { program: "Prometheus", pods: 2, headless: true }), group: true },
    ),
    manifests: {
        good: [
            thanos("Deployment", "query", ["query", "--endpoint=dns+ingester:10901"]),
            service("ingester", "None"),
            ingesters(),
            thanos("Deployment", "router", ["receive", HASHRINGS, "--receive.replication-factor=3"], { configMap: "ring" }),
        ],
        bad: [thanos("Deployment", "query", ["query", "--endpoint=ingester.default.svc:10901"]), service("ingester"), ingesters()],
    },
});

function endpoint(address: string, backends?: Backends): Endpoint {
    return { path: "query.--endpoint", address, group: false, strict: false, ...(backends && { backends }) };
}

function listing(...endpoints: readonly Endpoint[]): ThanosModel {
    return { ...NOTHING, endpointLists: [{ path: "query", tlsByDefault: false, endpoints }] };
}

function ingesters() {
    return labelled(thanos("StatefulSet", "ingester", ["receive", "--tsdb.path=/data"], { replicas: 3 }));
}
