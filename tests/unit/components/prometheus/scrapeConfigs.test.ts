import assert from "node:assert/strict";
import { scrapeConfigSpec } from "../../../../components/prometheus/scrapeConfigs";
import { scrapeConfig } from "../../../../config/schema/scrape";
import { runInProcess } from "../../../../engine/runInProcess";
import { toEngineConfig } from "../../../../engine/stackFile";
import { observerConfig } from "../../../support/testFleet";

const spec = (config: object, externalLabels = {}) => scrapeConfigSpec(scrapeConfig.parse({ name: "shop", ...config }), externalLabels);

/** What every scrape config has. */
const common = {
    jobName: "shop",
    scheme: "http",
    sampleLimit: 100_000,
    metricRelabelings: [
        { action: "Replace", sourceLabels: ["cluster"], regex: "(.+)", targetLabel: "exported_cluster" },
        { action: "Replace", sourceLabels: ["prometheus"], regex: "(.+)", targetLabel: "exported_prometheus" },
        { action: "LabelDrop", regex: "cluster|prometheus|prometheus_replica|receive_replica|rule_replica" },
    ],
};

describe("a ScrapeConfig", () => {
    it("has static targets, with the stack's interval and Prometheus's own path where none is given", () =>
        assert.deepEqual(spec({ targets: ["10.0.0.7:9100"] }), { ...common, staticConfigs: [{ targets: ["10.0.0.7:9100"] }] }));

    it("has what is given of the scrape, and refers to Secrets", () =>
        assert.deepEqual(
            spec({
                targets: ["shop.example.com"],
                interval: "1m",
                timeout: "30s",
                scheme: "https",
                path: "/stats",
                caSecret: "shop-ca",
                certificateSecret: "shop-client",
                basicAuthSecret: "shop-user",
                serverName: "shop",
                insecureSkipVerify: true,
                sampleLimit: 500,
                labels: { team: "a$1" },
                relabelings: [
                    { sourceLabels: ["__address__"], regex: "(.*):.*", targetLabel: "host", replacement: "$1" },
                    { action: "drop", sourceLabels: ["host"], regex: "test" },
                    { action: "labelmap", regex: "__meta_(.+)" },
                ],
            }),
            {
                ...common,
                scrapeInterval: "1m",
                scrapeTimeout: "30s",
                scheme: "https",
                metricsPath: "/stats",
                tlsConfig: {
                    ca: { secret: { name: "shop-ca", key: "ca.crt" } },
                    cert: { secret: { name: "shop-client", key: "tls.crt" } },
                    keySecret: { name: "shop-client", key: "tls.key" },
                    serverName: "shop",
                    insecureSkipVerify: true,
                },
                basicAuth: { username: { name: "shop-user", key: "username" }, password: { name: "shop-user", key: "password" } },
                sampleLimit: 500,
                staticConfigs: [{ targets: ["shop.example.com"] }],
                relabelings: [
                    { action: "Replace", targetLabel: "team", replacement: "a$$1" },
                    { action: "Replace", sourceLabels: ["__address__"], regex: "(.*):.*", targetLabel: "host", replacement: "$1" },
                    { action: "Drop", sourceLabels: ["host"], regex: "test" },
                    { action: "LabelMap", regex: "__meta_(.+)" },
                ],
            },
        ));

    it("federates by selectors, keeps the labels of the copied series, and ends them with their originals", () =>
        assert.deepEqual(spec({ targets: ["legacy:9090"], federate: { match: ["job:up:sum", '{__name__=~"node:.*"}'] } }), {
            ...common,
            metricsPath: "/federate",
            params: { "match[]": ["job:up:sum", '{__name__=~"node:.*"}'] },
            honorLabels: true,
            trackTimestampsStaleness: true,
            staticConfigs: [{ targets: ["legacy:9090"] }],
        }));

    it("federates below the path that a Prometheus has", () =>
        assert.equal(
            spec({ targets: ["legacy:9090"], path: "/prometheus/federate", federate: { match: ["up"] } }).metricsPath,
            "/prometheus/federate",
        ));

    it("asks Consul for services, with an ACL token", () =>
        assert.deepEqual(
            spec({
                consul: {
                    server: "consul:8501",
                    scheme: "https",
                    datacenter: "dc1",
                    services: ["group-1"],
                    tags: ["prod"],
                    tokenSecret: "acl",
                    caSecret: "ca",
                },
            }),
            {
                ...common,
                consulSDConfigs: [
                    {
                        server: "consul:8501",
                        scheme: "https",
                        datacenter: "dc1",
                        services: ["group-1"],
                        tags: ["prod"],
                        tokenRef: { name: "acl", key: "token" },
                        tlsConfig: { ca: { secret: { name: "ca", key: "ca.crt" } } },
                    },
                ],
            },
        ));

    it("asks an HTTP server for targets", () =>
        assert.deepEqual(spec({ http: { url: "https://sd.example.com/targets", tokenSecret: "sd" } }), {
            ...common,
            httpSDConfigs: [
                {
                    url: "https://sd.example.com/targets",
                    refreshInterval: "1m",
                    authorization: { credentials: { name: "sd", key: "token" } },
                },
            ],
        }));

    it("finds the addresses behind Services, with the labels that a ServiceMonitor gives", () =>
        assert.deepEqual(spec({ kubernetes: { namespaces: ["shop"], selector: "app=shop", port: "metrics" } }), {
            ...common,
            kubernetesSDConfigs: [
                { role: "EndpointSlice", namespaces: { names: ["shop"] }, selectors: [{ role: "EndpointSlice", label: "app=shop" }] },
            ],
            relabelings: [
                { action: "Keep", sourceLabels: ["__meta_kubernetes_endpointslice_port_name"], regex: "metrics" },
                { action: "Replace", sourceLabels: ["__meta_kubernetes_namespace"], targetLabel: "namespace" },
                { action: "Replace", sourceLabels: ["__meta_kubernetes_service_name"], targetLabel: "service" },
                { action: "Replace", sourceLabels: ["__meta_kubernetes_pod_name"], targetLabel: "pod" },
                { action: "Replace", sourceLabels: ["__meta_kubernetes_endpointslice_port_name"], targetLabel: "endpoint" },
            ],
        }));

    it("finds pods, and the nodes of another cluster", () => {
        assert.deepEqual(spec({ kubernetes: { role: "Pod", port: "metrics" } }), {
            ...common,
            kubernetesSDConfigs: [{ role: "Pod" }],
            relabelings: [
                { action: "Keep", sourceLabels: ["__meta_kubernetes_pod_container_port_name"], regex: "metrics" },
                { action: "Replace", sourceLabels: ["__meta_kubernetes_namespace"], targetLabel: "namespace" },
                { action: "Replace", sourceLabels: ["__meta_kubernetes_pod_name"], targetLabel: "pod" },
                { action: "Replace", sourceLabels: ["__meta_kubernetes_pod_container_name"], targetLabel: "container" },
                { action: "Replace", sourceLabels: ["__meta_kubernetes_pod_container_port_name"], targetLabel: "endpoint" },
            ],
        });
        assert.deepEqual(
            spec({ kubernetes: { role: "Node", apiServer: "https://api.example.com", tokenSecret: "remote", caSecret: "remote" } }),
            {
                ...common,
                kubernetesSDConfigs: [
                    {
                        role: "Node",
                        apiServer: "https://api.example.com",
                        tlsConfig: { ca: { secret: { name: "remote", key: "ca.crt" } } },
                        authorization: { credentials: { name: "remote", key: "token" } },
                    },
                ],
                relabelings: [{ action: "Replace", sourceLabels: ["__meta_kubernetes_node_name"], targetLabel: "node" }],
            },
        );
    });

    it("takes a shard by the address as it was found, before any other change of labels", () =>
        assert.deepEqual(spec({ targets: ["a:1", "b:1"], shard: { index: 2, of: 4 }, labels: { team: "a" } }).relabelings, [
            { action: "HashMod", sourceLabels: ["__address__"], modulus: 4, targetLabel: "__tmp_fleet_shard" },
            { action: "Keep", sourceLabels: ["__tmp_fleet_shard"], regex: "2" },
            { action: "Replace", targetLabel: "team", replacement: "a" },
        ]));

    it("keeps the value of the user's external labels under another name, too", () =>
        assert.deepEqual(spec({ targets: ["a:1"] }, { region: "eu" }).metricRelabelings, [
            ...common.metricRelabelings.slice(0, 2),
            { action: "Replace", sourceLabels: ["region"], regex: "(.+)", targetLabel: "exported_region" },
            { action: "LabelDrop", regex: "cluster|prometheus|region|prometheus_replica|receive_replica|rule_replica" },
        ]));

    it("is an object of the stack, named after its job", async () => {
        const config = observerConfig("local", {
            prometheus: { scrapeConfigs: [{ name: "shop", targets: ["a:1"] }], externalLabels: { region: "eu" } },
        });
        const { resources } = await runInProcess("observer", toEngineConfig(config));
        assert.deepEqual(
            resources.filter(({ type }) => type.endsWith(":ScrapeConfig")).map(({ name, props }) => ({ name, props })),
            [
                {
                    name: "scrape-shop",
                    props: {
                        apiVersion: "monitoring.coreos.com/v1alpha1",
                        kind: "ScrapeConfig",
                        metadata: { name: "shop", namespace: "monitoring", labels: { "app.kubernetes.io/part-of": "thanos-fleet" } },
                        spec: spec({ targets: ["a:1"] }, { region: "eu" }),
                    },
                },
            ],
        );
    });
});
