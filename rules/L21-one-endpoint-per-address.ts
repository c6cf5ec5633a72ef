import { configMap, thanos } from "./example";
import { endpointsLack } from "./lacks";
import { type Endpoint, type EndpointList, NOTHING } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const oneEndpointPerAddress = defineRule({
    id: "L21",
    name: "one-endpoint-per-address",
    title: "Each endpoint of a Query has an address of its own",
    why: "Query knows endpoints by their address: of two with the same one, told apart by server_name for instance, the last is asked and the other never. Its cluster is missing, without an error.",
    source: "https://github.com/thanos-io/thanos/blob/v0.42.4/pkg/query/endpointset.go",
    remedy: "Give each endpoint a DNS name of its own.",
    severity: "medium",
    reads: ["endpointLists"],
    scope: "deployment",
    thresholds: {},
    check: ({ endpointLists }) => {
        const problems = new Problems();
        for (const { path, address, first } of endpointLists.flatMap(repeated))
            problems.when(
                true,
                `${path}.address`,
                `${address} is the address of another endpoint (${first}), which has other settings: only the last of them is asked.`,
                "Give each a DNS name of its own, or remove one.",
            );
        return problems.all();
    },
    lacks: endpointsLack,
    good: {
        ...NOTHING,
        endpointLists: [list("a:10901", "b:10901"), { ...list("a:10901"), endpoints: [endpoint(0, "a", "x"), endpoint(1, "a", "x")] }],
    },
    bad: { ...NOTHING, endpointLists: [list("a:10901", "a:10901")] },
    manifests: {
        good: [endpoints("blue.proxy.example", "red.proxy.example"), query()],
        bad: [endpoints("proxy.example", "proxy.example"), query()],
    },
});

/** Endpoints with the address of an earlier one. The same entry twice is harmless. */
function repeated({ endpoints }: EndpointList) {
    return endpoints.flatMap((endpoint, i) => {
        const first = endpoints
            .slice(0, i)
            .find((other) => other.address === endpoint.address && settingsOf(other) !== settingsOf(endpoint));
        return first === undefined ? [] : [{ ...endpoint, first: first.path }];
    });
}

function settingsOf({ path, ...settings }: Endpoint): string {
    return JSON.stringify(settings);
}

function endpoints(...names: string[]) {
    const entry = (name: string, i: number) =>
        `- address: ${name}:10901\n  client_config:\n    server_name: leaf-${i}.example\n    tls_config: {enabled: true}\n`;
    return configMap("endpoints", { "endpoints.yml": `endpoints:\n${names.map(entry).join("")}` });
}

function query() {
    return thanos("Deployment", "query", ["query", "--endpoint.sd-config-file=/etc/thanos/endpoints.yml"], { configMap: "endpoints" });
}

function endpoint(i: number, address: string, serverName: string): Endpoint {
    const client = { serverName, tls: true, impliesTls: false, text: serverName };
    return { path: `query.endpoints[${i}]`, address, group: false, strict: false, client };
}

function list(...addresses: string[]): EndpointList {
    return { path: "query", tlsByDefault: false, endpoints: addresses.map((address, i) => endpoint(i, address, `leaf-${i}`)) };
}
