import { configMap, thanos } from "./example";
import { endpointsLack, releaseLack } from "./lacks";
import { type EndpointClient, NOTHING } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";
import { isIn } from "./version";

const CONCERNED = ">=0.42.0";

export const tlsIsEnabled = defineRule({
    id: "L20",
    name: "tls-is-enabled",
    title: "An endpoint with a server name is asked over TLS",
    why: "server_name and min_version do not switch TLS on. Without enabled: true, and without a file of a certificate, Query asks such an endpoint in clear text and shows it as healthy.",
    source: "https://github.com/thanos-io/thanos/blob/v0.42.4/cmd/thanos/endpointset.go#L96-L100",
    remedy: "Write tls_config.enabled: true for each endpoint with settings of its own; or false, if it is meant to be asked in clear text.",
    severity: "high",
    reads: ["endpointLists"],
    scope: "deployment",
    versions: { Thanos: CONCERNED },
    thresholds: {},
    check: ({ endpointLists }) => {
        const problems = new Problems();
        for (const { version, tlsByDefault, endpoints } of endpointLists)
            for (const { path, address, client } of endpoints)
                problems.when(
                    !tlsByDefault && client !== undefined && looksLikeTls(client) && isIn(CONCERNED, version) === true,
                    `${path}.client_config`,
                    `has a server name or a least version of TLS, and does not switch TLS on: ${address} is asked in clear text.`,
                    "Write tls_config: {enabled: true}.",
                );
        return problems.all();
    },
    lacks: (model) => [
        ...endpointsLack(model),
        ...releaseLack(
            model.endpointLists.filter(
                ({ version, endpoints }) => version === undefined && endpoints.some(({ client }) => client && looksLikeTls(client)),
            ),
        ),
    ],
    good: { ...NOTHING, endpointLists: [list({ tls: true }), list({ impliesTls: true }), list({ tls: false })] },
    bad: { ...NOTHING, endpointLists: [list({})] },
    manifests: {
        good: [endpoints('{enabled: true, min_version: "1.3"}'), query()],
        bad: [endpoints('{min_version: "1.3"}'), query()],
    },
});

/** Says how TLS is to be, but neither that it is on nor that it is off. */
function looksLikeTls({ serverName, minVersion, tls, impliesTls }: EndpointClient): boolean {
    return (serverName !== undefined || minVersion !== undefined) && tls === undefined && !impliesTls;
}

function endpoints(tls: string) {
    const entry = `- address: leaf.blue.example:10901\n  client_config:\n    server_name: leaf.blue.example\n    tls_config: ${tls}\n`;
    return configMap("endpoints", { "endpoints.yml": `endpoints:\n${entry}` });
}

function query() {
    return thanos("Deployment", "query", ["query", "--endpoint.sd-config-file=/etc/thanos/endpoints.yml"], { configMap: "endpoints" });
}

function list(differences: Partial<EndpointClient>) {
    const client = { serverName: "leaf", impliesTls: false, text: "", ...differences };
    const endpoint = { path: "query.endpoints[0]", address: "leaf:10901", group: false, strict: false, client };
    return { path: "query", version: "0.42.4", tlsByDefault: false, endpoints: [endpoint] };
}
