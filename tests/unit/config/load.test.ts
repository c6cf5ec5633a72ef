import assert from "node:assert/strict";
import { loadConfig } from "../../../config/load";
import { problemsOf } from "../../support/problemsOf";
import { observeeConfig, observerConfig } from "../../support/testFleet";

describe("configuration", () => {
    it("is accepted for every role and cloud", () => {
        for (const raw of [observerConfig("aws"), observerConfig("local"), observeeConfig("blue", "aws"), observeeConfig("blue", "local")])
            assert.deepEqual(problemsOf(raw), []);
    });

    it("has the documented defaults", () => {
        const config = loadConfig(observerConfig("aws"));
        assert.equal(config.role, "observer");
        assert.deepEqual(config.role === "observer" && config.compact, {
            retention: { raw: "90d", fiveMinutes: "90d", oneHour: "90d" },
            consistencyDelay: "30m",
            deleteDelay: "48h",
            waitInterval: "5m",
            concurrency: { compactions: 1, downsamplings: 1, blockFetches: 1, blockFiles: 1 },
            mergeReplicas: false,
            blockDiscovery: "concurrent",
            storage: "100Gi",
            memory: "4Gi",
            cpu: "1",
        });
        assert.deepEqual(config.prometheus, {
            replicas: 2,
            retention: "24h",
            blockDuration: "2h",
            scrapeConfigs: [],
            scrapeInterval: "30s",
            storage: "50Gi",
            memory: "4Gi",
            cpu: "500m",
            nodeExporter: "install",
            kubeStateMetrics: "install",
            defaultRules: true,
            omittedRules: [],
            externalLabels: {},
            values: {},
        });
        assert.deepEqual(config.alerting, { alertmanager: "install", replicas: 2, external: [], runbooks: "docs/runbooks" });
    });

    it("reports every problem at once, each with its path and remedy", () => {
        const wrong = observerConfig("aws", {
            role: "observator",
            cluster: "Blue",
            aws: { region: "eu-west-1", cluster: { name: "eks" } },
            observees: [
                { name: "blue", mode: "sidecar" },
                { name: "blue", mode: "sidecar" },
                { name: "red", mode: "push" },
            ],
            compact: { retention: { raw: "24h" }, retentoin: "1d" },
            prometheus: { retention: "1h" },
        });
        assert.deepEqual(problemsOf(wrong), [
            'role: "observator" is not known. Write observer or observee.',
            'cluster: "Blue" is not a cluster name. Use 1 to 32 lower-case letters, digits and hyphens, beginning with a letter.',
            'observees[2].mode: "push" is not known. Write sidecar, sidecar-remote-write or agent.',
            "compact.retentoin: is not a setting here. Remove it, or look up its name in docs/configuration.md.",
            "prometheus.retention: 1h is shorter than three blocks (6h): a block could be deleted before it is uploaded. Write 6h or longer; 24h survives a night without S3.",
            "aws.bucket: is missing. Name the bucket that this stack creates for the fleet's blocks: `pulumi config set --path aws.bucket NAME`. To use an existing store, set objectStore instead.",
            'observees[1].name: "blue" is used twice (also observees[0].name). External labels must differ, or blocks of two clusters are merged and Compact halts. Rename one.',
            "compact.retention.raw: 1d is shorter than 40h. Blocks are downsampled to 5m only at the age of 40h, so compact refuses to start: nothing is compacted or expired. Set it to 40h or longer (--retention.resolution-raw), or to 0d to keep for ever.",
            "compact.retention: raw 1d, 5m 90d and 1h 90d differ. Past the shortest of them, a graph changes or goes empty as it is zoomed. Make the three equal. If they are meant to differ, ease L34 with the reason (easedRules).",
        ]);
    });

    it("must have every setting without a default", () => {
        assert.deepEqual(problemsOf({}), [
            "role: is missing. Write observer or observee.",
            "cloud: is missing. Write aws or local.",
            "cluster: is missing. Name this cluster, for instance blue: `pulumi config set cluster blue`.",
            "domain: is missing. Set the fleet's DNS domain, the same in every stack: `pulumi config set domain fleet.example.internal`.",
        ]);
    });

    it("suggests the setting that a wrong name resembles", () => {
        assert.deepEqual(problemsOf(observerConfig("local", { observee: [] })), [
            "observee: is not a setting here. Did you mean observees?",
        ]);
    });

    it("does not show credentials, also where they are not in their place", () => {
        const gcs = (service_account: unknown) => ({ type: "GCS", config: { bucket: "b", service_account } });
        const shown = (objectStore: unknown) => problemsOf(observerConfig("local", { objectStore }));
        assert.deepEqual(shown(gcs(["key"])), ["objectStore.config.service_account: (not shown) is not text. Put it in quotes."]);
        assert.deepEqual(shown({ type: "GCS", config: "key" }), ["objectStore.config: (not shown) is not a map of settings."]);
        assert.deepEqual(shown("key"), [
            "objectStore: (not shown) is not a type of object store that Thanos knows. Write S3, GCS, AZURE, SWIFT, COS, ALIYUNOSS, BOS, OBS, OCI or FILESYSTEM.",
        ]);
        const cache = { type: "own-redis", address: "redis:6379", password: 12345 };
        assert.deepEqual(problemsOf(observerConfig("local", { store: { cache } })), [
            "store.cache.password: (not shown) is not text. Put it in quotes.",
        ]);
    });

    it("refuses the placeholder of an encrypted value where a value decides what is planned", () =>
        assert.deepEqual(problemsOf(observerConfig("local", { domain: "<secret>", kubeconfig: "<secret>" })), [
            "domain: is encrypted, but the plan depends on its value. Write it in the clear: `pulumi config set --plaintext`.",
        ]));

    it("reports all problems in one error message", () => {
        assert.throws(() => loadConfig({ ...observerConfig("local"), domain: "no domain", cluster: "" }, "configuration of stack x"), {
            message: [
                "configuration of stack x: 2 problems. Nothing was changed.",
                '  cluster: "" is not a cluster name. Use 1 to 32 lower-case letters, digits and hyphens, beginning with a letter.',
                '  domain: "no domain" is not a DNS domain. Write for instance fleet.example.internal.',
            ].join("\n"),
        });
    });
});
