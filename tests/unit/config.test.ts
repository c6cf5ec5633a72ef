import assert from "node:assert/strict";
import { loadConfig } from "../../config/load";
import { ConfigError } from "../../config/problems";
import { observeeConfig, observerConfig } from "./fleet";

function problemsOf(raw: Record<string, unknown>): string[] {
    try {
        loadConfig(raw);
    } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        return error.problems.map((p) => `${p.path}: ${p.problem} ${p.remedy}`);
    }
    return [];
}

describe("configuration", () => {
    it("of every role and cloud is accepted", () => {
        for (const raw of [observerConfig("aws"), observerConfig("local"), observeeConfig("blue", "aws"), observeeConfig("blue", "local")])
            assert.deepEqual(problemsOf(raw), []);
    });

    it("gets its defaults", () => {
        const config = loadConfig(observerConfig("aws"));
        assert.equal(config.role, "observer");
        assert.deepEqual(config.role === "observer" && config.compact, {
            retention: { raw: "90d", fiveMinutes: "90d", oneHour: "90d" },
            allowUnequalRetention: false,
            consistencyDelay: "30m",
            deleteDelay: "48h",
            waitInterval: "5m",
            storage: "100Gi",
            memory: "4Gi",
        });
        assert.deepEqual(config.prometheus, {
            replicas: 2,
            retention: "24h",
            blockDuration: "2h",
            scrapeInterval: "30s",
            storage: "50Gi",
            memory: "4Gi",
        });
    });

    it("names every problem at once, each with its path and the remedy", () => {
        const wrong = observerConfig("aws", {
            role: "observator",
            cluster: "Blue",
            aws: { region: "eu-west-1", eksCluster: "eks" },
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
            'observees[2].mode: "push" is not known. Write sidecar or sidecar-remote-write.',
            "compact.retentoin: is not a setting here. Remove it, or look at docs/configuration.md for its name.",
            "aws.bucket: is missing. Name the bucket to make for the fleet's blocks: `pulumi config set --path aws.bucket NAME`.",
            "prometheus.retention: 1h is shorter than three blocks (6h): a block could be deleted before it is uploaded. Write 6h or longer; 24h survives a night without S3.",
            'observees[1].name: "blue" is used twice (also observees[0].name). External labels must differ, or blocks of two clusters are merged and Compact halts. Rename one.',
            "compact.retention.raw: 1d is shorter than 40h. Blocks are downsampled to 5m only at the age of 40h, so compact refuses to start: nothing is compacted or expired. Set --retention.resolution-raw to 40h or longer, or to 0d to keep for ever.",
            "compact.retention: raw 1d, 5m 90d and 1h 90d differ. Past the shortest of them, a graph changes or goes empty as it is zoomed. Make the three equal; where the difference is meant, set allowUnequal.",
        ]);
    });

    it("of nothing at all asks for what has no default", () => {
        assert.deepEqual(problemsOf({}), [
            "role: is missing. Write observer or observee.",
            "cloud: is missing. Write aws or local.",
            "cluster: is missing. Name this cluster, for instance blue: `pulumi config set cluster blue`.",
            "domain: is missing. Set the fleet's DNS domain, the same in every stack: `pulumi config set domain fleet.example.internal`.",
        ]);
    });

    it("suggests the setting that was meant", () => {
        assert.deepEqual(problemsOf(observerConfig("local", { observee: [] })), [
            "observee: is not a setting here. Did you mean observees?",
        ]);
    });

    it("refuses an observee with the observer's own name", () => {
        assert.deepEqual(problemsOf(observerConfig("local", { observees: [{ name: "observer", mode: "sidecar" }] })), [
            'observees[0].name: "observer" is used twice (also cluster). External labels must differ, or blocks of two clusters are merged and Compact halts. Rename one.',
        ]);
    });

    it("refuses fewer ingesters than copies", () => {
        assert.deepEqual(
            problemsOf(observerConfig("local", { receive: { ingesters: 2 } })).map((p) => p.split(":")[0]),
            ["receive.ingesters"],
        );
    });

    it("refuses a single Prometheus", () => {
        assert.deepEqual(
            problemsOf(observeeConfig("blue", "local", { prometheus: { replicas: 1 } })).map((p) => p.split(":")[0]),
            ["prometheus.replicas"],
        );
    });

    it("refuses a Store that looks for blocks longer than Compact keeps them", () => {
        assert.deepEqual(problemsOf(observerConfig("local", { store: { ignoreDeletionMarksDelay: "48h" } })), [
            "store.ignoreDeletionMarksDelay: 48h is not shorter than compact.deleteDelay (48h): Store would ask for blocks that are gone. Half of compact.deleteDelay is Thanos's own choice.",
        ]);
    });

    it("lets retentions differ where it is meant", () => {
        const compact = { allowUnequalRetention: true, retention: { raw: "30d", fiveMinutes: "90d", oneHour: "0d" } };
        assert.deepEqual(problemsOf(observerConfig("local", { compact })), []);
    });

    it("says everything in one message", () => {
        assert.throws(() => loadConfig({ ...observerConfig("local"), domain: "no domain", cluster: "" }, "configuration of stack x"), {
            message: [
                "configuration of stack x: 2 problems. Nothing was changed.",
                '  cluster: "" is not a cluster name. Use 1 to 32 lower-case letters, digits and hyphens, beginning with a letter.',
                '  domain: "no domain" is not a DNS domain. Write for instance fleet.example.internal.',
            ].join("\n"),
        });
    });
});
