import { configMap, thanos } from "./example";
import { endpointsLack } from "./lacks";
import { NOTHING } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const retriesArePerMethod = defineRule({
    id: "L22",
    name: "retries-are-per-method",
    title: "The retry policy of an endpoint group is where gRPC reads it",
    why: "gRPC reads retryPolicy inside methodConfig only. At the top of service_config, where Thanos's own default has it, it does nothing: a lost pod of the group fails the query.",
    source: "https://github.com/grpc/grpc/blob/master/doc/service_config.md",
    remedy: 'Write {"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": [{"name": [{}], "retryPolicy": {...}}]}.',
    severity: "medium",
    reads: ["endpointLists"],
    scope: "deployment",
    thresholds: {},
    check: ({ endpointLists }) => {
        const problems = new Problems();
        for (const { path, serviceConfig } of endpointLists.flatMap(({ endpoints }) => endpoints))
            problems.when(
                serviceConfig !== undefined && isAtTop(serviceConfig),
                `${path}.service_config`,
                "has a retryPolicy at the top, where gRPC does not read it: nothing is tried again.",
                "Move it into methodConfig.",
            );
        return problems.all();
    },
    lacks: endpointsLack,
    good: { ...NOTHING, endpointLists: [list('{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3}}]}')] },
    bad: { ...NOTHING, endpointLists: [list('{"retryPolicy": {"maxAttempts": 3}}')] },
    manifests: {
        good: [endpoints('{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3}}]}'), query()],
        bad: [endpoints('{"loadBalancingPolicy": "round_robin", "retryPolicy": {"maxAttempts": 3}}'), query()],
    },
});

function isAtTop(serviceConfig: string): boolean {
    try {
        const { retryPolicy } = JSON.parse(serviceConfig) as { retryPolicy?: unknown };
        return retryPolicy !== undefined;
    } catch {
        // Query says so itself.
        return false;
    }
}

function endpoints(serviceConfig: string) {
    const entry = `- address: leaf.blue.example:10901\n  group: true\n  service_config: '${serviceConfig}'\n`;
    return configMap("endpoints", { "endpoints.yml": `endpoints:\n${entry}` });
}

function query() {
    return thanos("Deployment", "query", ["query", "--endpoint.sd-config-file=/etc/thanos/endpoints.yml"], { configMap: "endpoints" });
}

function list(serviceConfig: string) {
    const endpoint = { path: "query.endpoints[0]", address: "leaf:10901", group: true, strict: false, serviceConfig };
    return { path: "query", tlsByDefault: false, endpoints: [endpoint] };
}
