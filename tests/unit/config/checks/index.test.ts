import assert from "node:assert/strict";
import { problemsOf } from "../../../support/problemsOf";
import { observeeConfig, observerConfig } from "../../../support/testFleet";

describe("checks of a configuration", () => {
    it("refuse an observee with the observer's own name", () => {
        assert.deepEqual(problemsOf(observerConfig("local", { observees: [{ name: "observer", mode: "sidecar" }] })), [
            'observees[0].name: "observer" is used twice (also cluster). External labels must differ, or blocks of two clusters are merged and Compact halts. Rename one.',
        ]);
    });

    it("refuse fewer ingesters than copies", () => {
        assert.deepEqual(
            problemsOf(observerConfig("local", { receive: { ingesters: 2 } })).map((p) => p.split(":")[0]),
            ["receive.ingesters"],
        );
    });

    it("refuse a single Prometheus", () => {
        assert.deepEqual(
            problemsOf(observeeConfig("blue", "local", { prometheus: { replicas: 1 } })).map((p) => p.split(":")[0]),
            ["prometheus.replicas"],
        );
    });

    it("refuse autoscaling that could add no pod, and a number of Query Frontends that each have a cache", () => {
        const settings = (maxReplicas: number) => ({
            query: { autoscale: { maxReplicas } },
            receive: { routers: 3, routerAutoscale: { maxReplicas } },
            queryFrontend: { autoscale: { maxReplicas }, cache: { type: "memcached" } },
        });
        assert.deepEqual(problemsOf(observerConfig("local", settings(4))), []);
        assert.deepEqual(problemsOf(observerConfig("local", settings(2))), [
            "query.autoscale.maxReplicas: 2 are not more than query.replicas (2): nothing would ever be added. Write 3 or more, or remove query.autoscale.",
            "receive.routerAutoscale.maxReplicas: 2 are not more than receive.routers (3): nothing would ever be added. Write 4 or more, or remove receive.routerAutoscale.",
        ]);
        assert.deepEqual(problemsOf(observerConfig("local", { queryFrontend: { autoscale: { maxReplicas: 3 } } })), [
            "queryFrontend.autoscale: up to 3 pods would each have a cache of their own: the same graph differs from pod to pod while samples arrive late (thanos#8276). Remove it, or let them share a cache: memcached or Redis.",
        ]);
    });

    it("refuse two Query Frontends with a cache each, and allow them one that they share", () => {
        assert.deepEqual(problemsOf(observerConfig("local", { queryFrontend: { replicas: 2 } })), [
            "queryFrontend.replicas: 2 pods would each have a cache of their own: the same graph differs from pod to pod while samples arrive late (thanos#8276). Write 1, or let them share a cache: memcached or Redis.",
        ]);
        assert.deepEqual(problemsOf(observerConfig("local", { queryFrontend: { replicas: 2, cache: { type: "memcached" } } })), []);
    });

    it("refuse a Store that serves marked blocks longer than Compact keeps them", () => {
        assert.deepEqual(problemsOf(observerConfig("local", { store: { ignoreDeletionMarksDelay: "48h" } })), [
            "store.ignoreDeletionMarksDelay: 2d is not shorter than the 2d after which compact deletes a block (deleteDelay): Store would ask for deleted blocks. Write half of it, as Thanos's defaults do.",
        ]);
    });

    it("let retentions differ where L34 is eased", () => {
        const compact = { retention: { raw: "30d", fiveMinutes: "90d", oneHour: "0d" } };
        const easedRules = [{ rule: "L34", reason: "years are looked at in hours only" }];
        assert.deepEqual(problemsOf(observerConfig("local", { compact, easedRules })), []);
    });

    it("refuse certificates that are renewed after their end, and parts of hours", () =>
        assert.deepEqual(problemsOf(observerConfig("local", { certificates: { validity: "30m", renewBefore: "1d" } })), [
            "certificates.validity: 30m is not a number of whole hours. Write whole hours, days or weeks.",
            "certificates.renewBefore: 1d is not shorter than certificates.validity (30m): every update would renew every certificate. Write a third of the validity, which leaves time for a failed update.",
        ]));

    it("refuse settings of an Alertmanager that have no effect, and alerts that would reach nobody", () => {
        const problems = (alerting: object) => problemsOf(observeeConfig("blue", "local", { alerting }));
        assert.deepEqual(problems({ alertmanager: "external" }), [
            "alerting.external: is empty, but alerting.alertmanager is external: alerts would reach nobody. List the addresses of your Alertmanagers, or set alerting.alertmanager to install.",
        ]);
        assert.deepEqual(problems({ external: [{ url: "https://a.example.com" }] }), [
            "alerting.external: has no effect, because alerting.alertmanager is install. Set alerting.alertmanager to external, or remove the list.",
        ]);
        assert.deepEqual(problems({ alertmanager: "off", configSecret: "receivers" }), [
            "alerting.configSecret: has no effect, because alerting.alertmanager is off. Set alerting.alertmanager to install, or remove it.",
        ]);
        assert.deepEqual(problems({ alertmanager: "fleet", configSecret: "receivers", external: [{ url: "https://a.example.com" }] }), [
            "alerting.external: has no effect, because alerting.alertmanager is fleet. Set alerting.alertmanager to external, or remove the list.",
            "alerting.configSecret: has no effect, because alerting.alertmanager is fleet, which is the observer's. Write it in the observer's stack, or set alerting.alertmanager to install.",
        ]);
        assert.deepEqual(problemsOf(observerConfig("local", { alerting: { alertmanager: "fleet", configSecret: "receivers" } })), []);
        assert.deepEqual(problems({ alertmanager: "external", external: [{ url: "a.example.com:9093" }] }), [
            'alerting.external[0].url: "a.example.com:9093" is not an address. Write for instance https://alertmanager.example.com.',
        ]);
    });

    it("refuse a Prometheus that keeps fewer than three blocks", () =>
        assert.deepEqual(problemsOf(observeeConfig("blue", "local", { prometheus: { blockDuration: "12h" } })), [
            "prometheus.retention: 24h is shorter than three blocks (36h): a block could be deleted before it is uploaded. Write 36h or longer; 24h survives a night without S3.",
        ]));

    it("refuse streams that share a prefix, and clusters that would upload to two streams or to none of the fleet's", () => {
        const streams = [
            { name: "small", writers: ["blue", "green"] },
            { name: "small", writers: [] },
            { name: "red", writers: ["blue"] },
            { name: "other", writers: ["observer"] },
        ];
        assert.deepEqual(problemsOf(observerConfig("local", { streams })), [
            'streams[0].writers[1]: "green" is not a cluster of this fleet (observer, blue, red). Add it to `observees`, or remove it here; what it wrote stays in the stream.',
            'streams[1].name: "small" is used twice (also streams[0].name). Rename one, or list all writers in one of them.',
            'streams[2].name: "red" is also the stream of cluster red, which is in no list of writers: two compactors would work on one prefix. Add red to a list of writers, or rename the stream.',
            'streams[2].writers[0]: "blue" is a writer already (streams[0].writers[0]): a cluster uploads to one stream. Remove one of the two.',
            'streams[3].writers[0]: "observer" is the observer, whose blocks are always a stream of its own. Remove it, or name the stream observer.',
        ]);
    });

    it("accept a stream that a cluster left, and a retention for one cluster", () => {
        const streams = [
            { name: "small", writers: ["blue"] },
            { name: "blue", writers: [] },
            { name: "observer", writers: ["observer"], retention: "30d" },
        ];
        assert.deepEqual(problemsOf(observerConfig("local", { streams })), []);
    });

    it("refuse prefixes on which two compactors would work, and one in a bucket that the stack creates", () => {
        const objectStore = { type: "GCS", config: { bucket: "mine" } };
        const streams = [
            { name: "old", writers: [], prefix: "" },
            { name: "older", writers: [], prefix: "" },
            { name: "oldest", writers: [], prefix: "blue" },
            { name: "recorded", writers: [], prefix: "rule" },
        ];
        const rule = { files: ["tests/support/rules/fleet.yml"] };
        assert.deepEqual(problemsOf(observerConfig("local", { streams, objectStore, rule })), [
            'streams[1].prefix: "" is used twice (also streams[0]): two compactors would work on one prefix. List all writers in one of the two streams.',
            'streams[2].prefix: "blue" is also the prefix of the stream blue: two compactors would work on one prefix. List its writers in this stream.',
            'streams[3].prefix: "rule" is also the prefix of the stream rule: two compactors would work on one prefix. Write another prefix.',
        ]);
        assert.deepEqual(problemsOf(observerConfig("local", { streams: streams.slice(0, 1) })), [
            "streams[0].prefix: needs an objectStore: the bucket that the stack creates has no blocks of others. Remove it, or name the existing store in `objectStore`.",
        ]);
    });

    it("accept the root of an existing bucket for the clusters that upload there, the observer among them", () => {
        const objectStore = { type: "GCS", config: { bucket: "mine" } };
        const streams = [{ name: "observer", writers: ["observer", "blue", "red"], prefix: "" }];
        assert.deepEqual(problemsOf(observerConfig("local", { streams, objectStore })), []);
    });

    it("refuse a folder with slashes at its ends", () =>
        assert.deepEqual(
            problemsOf(
                observerConfig("local", {
                    streams: [{ name: "old", writers: [], prefix: "/metrics/" }],
                    objectStore: { type: "GCS", config: { bucket: "b" } },
                }),
            ),
            [
                'streams[0].prefix: "/metrics/" is not a folder of a bucket. Write names with slashes between them, none before or after: metrics/thanos.',
            ],
        ));

    it("refuse to merge the series of all clusters as copies", () =>
        assert.deepEqual(problemsOf(observerConfig("local", { query: { replicaLabels: ["replica", "cluster"] } })), [
            'query.replicaLabels[1]: "cluster" would make one series of those of all clusters. Remove it.',
        ]));

    it("hold the retention of each stream to the same rule", () => {
        const streams = [{ name: "small", writers: ["blue"], retention: "5d" }];
        assert.deepEqual(
            problemsOf(observerConfig("local", { streams })).map((p) => p.split(" ").slice(0, 6).join(" ")),
            ["streams[0].retention: 5d is shorter than 10d."],
        );
    });
});
