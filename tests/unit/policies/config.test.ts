import assert from "node:assert/strict";
import { configProblems } from "../../../policies/config";
import { RULES } from "../../../rules";
import { problemText } from "../../../rules/problem";

const problemsOf = (config: unknown, rules = RULES) => configProblems("pack.json", config, rules).map(problemText);
const LEVELS = "Write advisory, mandatory, remediate or disabled.";

describe("the configuration of the policy pack", () => {
    it("is a level, or thresholds and a level, by the name of a policy", () =>
        assert.deepEqual(
            problemsOf({
                all: "advisory",
                "eased-rules": "mandatory",
                "retention-outlives-downsampling": { enforcementLevel: "disabled", minRaw: "180d" },
                "receive-replicates": { minReplicationFactor: 2 },
                environments: ["fleet/policies"],
            }),
            [],
        ));

    it("is refused with every problem at once", () => {
        const [unknown = "", ...others] = problemsOf({
            "recieve-replicates": "mandatory",
            "one-compactor-per-stream": "forbidden",
            "only-compact-deletes": { enforcementLevel: 1 },
            "redundant-prometheus": 2,
            "receive-replicates": { minReplicationFactor: 0, copies: 3 },
            "retention-outlives-downsampling": { minRaw: "two days", minFiveMinutes: 10 },
        });
        assert.match(
            unknown,
            /^pack\.json recieve-replicates: is no policy of this pack\. Write one of replicas-told-apart, .*, eased-rules, all\.$/,
        );
        assert.deepEqual(others, [
            `pack.json one-compactor-per-stream: "forbidden" is no enforcement level. ${LEVELS}`,
            `pack.json only-compact-deletes.enforcementLevel: 1 is no enforcement level. ${LEVELS}`,
            `pack.json redundant-prometheus: 2 is no enforcement level. ${LEVELS}`,
            "pack.json receive-replicates.minReplicationFactor: 0 is not a whole number of at least 1. Fewest copies of each sample.",
            "pack.json receive-replicates.copies: is not a threshold of this rule. Write minReplicationFactor.",
            'pack.json retention-outlives-downsampling.minRaw: "two days" is not a duration. Write whole numbers with y, w, d, h, m, s or ms, largest first: 40h, 1d12h, 90d.',
            "pack.json retention-outlives-downsampling.minFiveMinutes: 10 is not a duration such as 40h. Shortest retention of 5m samples. Thanos downsamples them after 10d.",
        ]);
    });

    it("is a JSON object", () => {
        for (const config of [[], null, "advisory"])
            assert.deepEqual(problemsOf(config), [
                "pack.json: is no JSON object. Write {policy: level} or {policy: {enforcementLevel: level, setting: value}}.",
            ]);
    });

    it("has levels in packs of others, too, whose policies and settings only the engine knows", () =>
        assert.deepEqual(configProblems("pack.json", { own: { any: 1 }, other: "forbidden" }).map(problemText), [
            `pack.json other: "forbidden" is no enforcement level. ${LEVELS}`,
        ]));
});
