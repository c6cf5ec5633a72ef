import { configMap, thanos } from "./example";
import { endpointsLack } from "./lacks";
import { type Endpoint, isDynamic, NOTHING } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const strictEndpointsAreStatic = defineRule({
    id: "L18",
    name: "strict-endpoints-are-static",
    title: "A strict endpoint is no DNS lookup",
    why: "Query refuses to start with a strict endpoint that begins with dns+, dnssrv+ or the like. With a file that is read again while it runs, it goes on with the last good one, until the next restart.",
    source: "https://github.com/thanos-community/thanos-operator/issues/619",
    remedy: "Write the address of a strict endpoint without a prefix; with group: true it may stand for several pods.",
    severity: "medium",
    reads: ["endpointLists"],
    scope: "deployment",
    thresholds: {},
    check: ({ endpointLists }) => {
        const problems = new Problems();
        for (const { path, address, strict } of endpointLists.flatMap(({ endpoints }) => endpoints))
            problems.when(
                strict && isDynamic(address),
                `${path}.strict`,
                `${address} is looked up, and a strict endpoint may not be: Query does not start.`,
                "Remove the prefix before the plus, or do not make it strict.",
            );
        return problems.all();
    },
    lacks: endpointsLack,
    good: { ...NOTHING, endpointLists: [list({ strict: true }), list({ address: "dns+store:10901" })] },
    bad: { ...NOTHING, endpointLists: [list({ address: "dns+store:10901", strict: true })] },
    manifests: {
        good: [endpoints("endpoints:\n- address: leaf.blue.example:10901\n  group: true\n  strict: true\n"), query()],
        bad: [
            endpoints("endpoints:\n- address: dns+leaf.blue.example:10901\n  strict: true\n"),
            query("--endpoint-strict=dnssrv+_grpc._tcp.store"),
        ],
    },
});

function endpoints(file: string) {
    return configMap("endpoints", { "endpoints.yml": file });
}

function query(...more: string[]) {
    return thanos("Deployment", "query", ["query", "--endpoint.sd-config-file=/etc/thanos/endpoints.yml", ...more], {
        configMap: "endpoints",
    });
}

function list(differences: Partial<Endpoint>) {
    const endpoint = { path: "query.endpoints[0]", address: "store:10901", group: false, strict: false, ...differences };
    return { path: "query", tlsByDefault: false, endpoints: [endpoint] };
}
