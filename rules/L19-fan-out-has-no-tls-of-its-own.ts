import { configMap, thanos } from "./example";
import { endpointsLack, releaseLack } from "./lacks";
import { type Endpoint, isDynamic, NOTHING } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";
import { isIn } from "./version";

const CONCERNED = ">=0.42.0";

export const fanOutHasNoTlsOfItsOwn = defineRule({
    id: "L19",
    name: "fan-out-has-no-tls-of-its-own",
    title: "An endpoint with TLS settings of its own is no fan-out",
    why: "Query asks each address behind dns+ or dnssrv+ by default_client_config: client_config of such an entry is read and ignored, so it is asked in clear text, or with a certificate that it does not trust.",
    source: "https://github.com/thanos-io/thanos/blob/v0.42.4/cmd/thanos/endpointset.go#L543-L549",
    remedy: "Set group: true, or write an address without dns+, or put the settings into default_client_config.",
    severity: "high",
    reads: ["endpointLists"],
    scope: "deployment",
    versions: { Thanos: CONCERNED },
    thresholds: {},
    check: ({ endpointLists }) => {
        const problems = new Problems();
        for (const { version, endpoints } of endpointLists)
            for (const { path, address, client } of endpoints.filter(isConfiguredFanOut))
                problems.when(
                    client !== undefined && isIn(CONCERNED, version) === true,
                    `${path}.client_config`,
                    `is ignored, because each address behind ${address} is asked by default_client_config.`,
                    "Set group: true, or put it into default_client_config.",
                );
        return problems.all();
    },
    lacks: (model) => [
        ...endpointsLack(model),
        ...releaseLack(model.endpointLists.filter(({ version, endpoints }) => version === undefined && endpoints.some(isConfiguredFanOut))),
    ],
    good: { ...NOTHING, endpointLists: [list("0.42.4", { group: true }), list("0.42.4", { address: "leaf:10901" })] },
    bad: { ...NOTHING, endpointLists: [list("0.42.4", {})] },
    manifests: {
        good: [endpoints("group: true"), query()],
        bad: [endpoints("group: false"), query()],
    },
});

function isConfiguredFanOut({ address, group, client }: Endpoint): boolean {
    return client !== undefined && !group && isDynamic(address);
}

function endpoints(line: string) {
    const entry = `- address: dns+leaf.blue.example:10901\n  ${line}\n  client_config:\n    tls_config: {enabled: true, ca_file: /etc/tls/ca.crt}\n`;
    return configMap("endpoints", { "endpoints.yml": `endpoints:\n${entry}` });
}

function query() {
    return thanos("Deployment", "query", ["query", "--endpoint.sd-config-file=/etc/thanos/endpoints.yml"], { configMap: "endpoints" });
}

function list(version: string, differences: Partial<Endpoint>) {
    const client = { tls: true, impliesTls: true, text: "" };
    const endpoint = { path: "query.endpoints[0]", address: "dns+leaf:10901", group: false, strict: false, client, ...differences };
    return { path: "query", version, tlsByDefault: false, endpoints: [endpoint] };
}
