import assert from "node:assert/strict";
import { problemsOf } from "../../../support/problemsOf";
import { observeeConfig } from "../../../support/testFleet";

const problems = (scrapeConfigs: object[], more: object = {}) =>
    problemsOf(observeeConfig("blue", "local", { prometheus: { scrapeConfigs, ...more } }));
/** Problems of one scrape config, without the beginning of their paths. */
const of = (config: object, more: object = {}) =>
    problems([{ name: "shop", ...config }], more).map((problem) => problem.replace("prometheus.scrapeConfigs[0]", ""));
const targets = ["10.0.0.7:9100"];

describe("scrape configs", () => {
    it("may be of every kind, several at once", () =>
        assert.deepEqual(
            problems([
                { name: "machines", targets: ["10.0.0.7:9100", "[fd00::1]:9100", "shop.example.com"], shard: { index: 1, of: 2 } },
                { name: "legacy", targets: ["prometheus.legacy:9090"], federate: { match: ['{__name__=~"job:.*"}', "up"] } },
                { name: "vms", consul: { server: "consul:8500", services: ["group-1"] } },
                { name: "listed", http: { url: "https://sd.example.com/targets", caSecret: "sd-ca", basicAuthSecret: "sd" } },
                { name: "remote", kubernetes: { apiServer: "https://api.example.com", caSecret: "remote", tokenSecret: "remote" } },
                {
                    name: "nodes",
                    kubernetes: { role: "Node" },
                    scheme: "https",
                    path: "/metrics/cadvisor",
                    tokenSecret: "kubelet",
                    insecureSkipVerify: true,
                },
            ]),
            [],
        ));

    it("have different names, which no part of the cluster has", () => {
        assert.deepEqual(
            problems([
                { name: "shop", targets },
                { name: "shop", targets },
                { name: "kubelet", targets },
                { name: "thanos-store", targets },
            ]),
            [
                'prometheus.scrapeConfigs[1].name: "shop" is used twice (also prometheus.scrapeConfigs[0]). Rename one, or list all targets in one of them.',
                'prometheus.scrapeConfigs[2].name: "kubelet" is the job of a part of this cluster: its rules and alerts would take these targets for that part. Use another name.',
                'prometheus.scrapeConfigs[3].name: "thanos-store" is the job of a part of this cluster: its rules and alerts would take these targets for that part. Use another name.',
            ],
        );
        const nodes = [{ name: "node-exporter", targets }];
        assert.equal(problems(nodes).length, 1);
        assert.deepEqual(problems(nodes, { nodeExporter: "unmanaged" }), []);
    });

    it("say in exactly one way where their targets are", () => {
        assert.deepEqual(of({}), [": says nowhere where its targets are. Write one of targets, consul, http, kubernetes."]);
        assert.deepEqual(of({ targets, kubernetes: {} }), [
            ": says in several ways where its targets are (targets, kubernetes). Write one of targets, consul, http, kubernetes.",
        ]);
    });

    it("name targets without scheme and path, and services of Consul", () => {
        assert.deepEqual(of({ targets: ["http://a:1", "a:1/metrics"] }), [
            '.targets[0]: "http://a:1" is not a target. Write host:port; scheme and path are settings of their own.',
            '.targets[1]: "a:1/metrics" is not a target. Write host:port; scheme and path are settings of their own.',
        ]);
        assert.deepEqual(of({ consul: { server: "consul:8500", services: [] } }), [
            ".consul.services: [] has too few entries: write at least 1.",
        ]);
    });

    it("federate series that a selector chooses, never all", () => {
        const of = (match: string) =>
            problems([{ name: "legacy", targets, federate: { match: [match] } }]).map((problem) => problem.split(": ")[1]?.split(". ")[0]);
        for (const good of ["up", 'up{job="a"}', '{__name__=~"job:.*"}', '{"job:up"}', '{job="a", instance=~".+"}', '{job!="a"}'])
            assert.deepEqual(of(good), [], good);
        for (const all of ['{__name__=~".+"}', '{job=~".*"}', '{job!=""}', "{job=~`.+`, instance!=''}", '{__name__!~""}'])
            assert.deepEqual(of(all), [`${all} selects every series`], all);
        for (const wrong of ["sum(up)", "up[5m]", "up offset 5m", "{", "up or up", "1", "up @ 5", "{}"])
            assert.equal(of(wrong).length, 1, wrong);
    });

    it("take a shard that exists", () =>
        assert.deepEqual(of({ targets, shard: { index: 4, of: 4 } }), [
            ".shard.index: 4 is none of 4 parts, which are counted from 0: nothing would be scraped. Write at most 3.",
        ]));

    it("end a scrape before the next one", () => {
        const timeout = (config: object) => of({ targets, timeout: "40s", ...config });
        assert.deepEqual(timeout({ interval: "40s" }), []);
        assert.deepEqual(timeout({}), [
            ".timeout: 40s is longer than the time between two scrapes (30s): the operator would leave this scrape config out. Write at most the interval.",
        ]);
    });

    it("use each credential for a connection that has it", () => {
        assert.deepEqual(
            of({
                kubernetes: { caSecret: "a", tokenSecret: "b" },
                tokenSecret: "c",
                basicAuthSecret: "d",
                caSecret: "e",
                insecureSkipVerify: true,
            }),
            [
                ".basicAuthSecret: goes into the same header as tokenSecret. Remove one of the two.",
                ".caSecret: has no effect on plain HTTP. Use https, or remove it.",
                ".insecureSkipVerify: has no effect on plain HTTP. Use https, or remove it.",
                ".kubernetes.caSecret: is for an API server that is named: without one Prometheus refuses its whole configuration. Write kubernetes.apiServer, or remove it: the stack's own cluster is asked as Prometheus's service account.",
                ".kubernetes.tokenSecret: is for an API server that is named: without one Prometheus refuses its whole configuration. Write kubernetes.apiServer, or remove it: the stack's own cluster is asked as Prometheus's service account.",
            ],
        );
        assert.deepEqual(of({ consul: { server: "consul:8500", services: ["a"], caSecret: "a" } }), [
            ".consul.caSecret: has no effect on plain HTTP. Use https, or remove it.",
        ]);
        assert.deepEqual(of({ http: { url: "http://sd/targets", certificateSecret: "a" } }), [
            ".http.certificateSecret: has no effect on plain HTTP. Use https, or remove it.",
        ]);
    });

    it("ask of nodes nothing that they do not have", () =>
        assert.deepEqual(of({ kubernetes: { role: "Node", port: "metrics", namespaces: ["shop"] } }), [
            ".kubernetes.port: has no effect on nodes, whose target is the kubelet. Remove it.",
            ".kubernetes.namespaces: has no effect on nodes, which are in no namespace. Remove it.",
        ]));

    it("leave the fleet's labels alone, and those by which Prometheus tells targets apart", () =>
        assert.deepEqual(
            of(
                {
                    targets,
                    labels: { team: "a", cluster: "old", region: "eu", job: "b" },
                    relabelings: [{ targetLabel: "prometheus_replica" }, { targetLabel: "instance", sourceLabels: ["host"] }],
                },
                { externalLabels: { region: "eu" } },
            ),
            [
                ".labels.cluster: is a label of the fleet's own: everything behind Prometheus shows the fleet's value instead. Use another name.",
                ".labels.region: is a label of the fleet's own: everything behind Prometheus shows the fleet's value instead. Use another name.",
                ".labels.job: is set by Prometheus: it tells targets apart. Use another name.",
                ".relabelings[0].targetLabel: is a label of the fleet's own: everything behind Prometheus shows the fleet's value instead. Use another name.",
            ],
        ));

    it("have relabelings that do something", () =>
        assert.deepEqual(
            of({
                targets,
                relabelings: [
                    { sourceLabels: ["a"] },
                    { action: "keep", regex: "a" },
                    { action: "drop", sourceLabels: ["a"], regex: "b", targetLabel: "c" },
                    { action: "labelmap" },
                ],
            }),
            [
                ".relabelings[0]: replaces no label. Write targetLabel, the label that gets the value.",
                ".relabelings[1]: decides nothing: keep needs a label and what its value is held against. Write sourceLabels and regex.",
                ".relabelings[2].targetLabel: has no effect with drop. Remove it, or write action: replace.",
                ".relabelings[3]: copies every label to itself. Write regex.",
            ],
        ));

    it("are not left out by values of the chart", () => {
        const values = { prometheus: { prometheusSpec: { scrapeConfigSelector: { matchLabels: { team: "a" } } } } };
        assert.deepEqual(problems([], { values }), []);
        assert.deepEqual(problems([{ name: "shop", targets }], { values }), [
            "prometheus.values.prometheus.prometheusSpec.scrapeConfigSelector: can leave out prometheus.scrapeConfigs. Remove it.",
        ]);
    });
});
