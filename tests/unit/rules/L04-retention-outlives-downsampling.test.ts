import assert from "node:assert/strict";
import { parseDuration } from "../../../rules/duration";
import { retentionOutlivesDownsampling as rule } from "../../../rules/L04-retention-outlives-downsampling";
import { NOTHING } from "../../../rules/model";
import { problemText } from "../../../rules/problem";
import { type Overrides, thresholdsOf } from "../../../rules/rule";

type Retentions = [raw: string, fiveMinutes: string, oneHour: string];

function problemsOf([raw, fiveMinutes, oneHour]: Retentions, overrides: Overrides = {}, downsampling = true) {
    const retention = { raw: parseDuration(raw), fiveMinutes: parseDuration(fiveMinutes), oneHour: parseDuration(oneHour) };
    const compactor = { path: "c", stream: "s", replicas: 1, overlapsOnUpdate: false, downsampling, retention };
    return rule.check({ ...NOTHING, compactors: [compactor] }, thresholdsOf(rule, overrides));
}

describe("rule L4, retention-outlives-downsampling", () => {
    it("reports the short retention of its bad example", () =>
        assert.deepEqual(rule.check(rule.bad, thresholdsOf(rule)).map(problemText), [
            "compact.retention.raw: 1d is shorter than 40h. Blocks are downsampled to 5m only at the age of 40h, so compact refuses to start: nothing is compacted or expired. Set it to 40h or longer (--retention.resolution-raw), or to 0d to keep for ever.",
        ]));

    const cases: [Retentions, Overrides, string[]][] = [
        [["0d", "0d", "0d"], {}, []],
        [["40h", "40h", "40h"], {}, ["c.retention.fiveMinutes"]],
        [["10d", "10d", "10d"], {}, []],
        [["39h", "10d", "10d"], {}, ["c.retention.raw"]],
        [["40h", "10d", "1y"], {}, []],
        [["40h", "9d", "1y"], {}, ["c.retention.fiveMinutes"]],
        [["30d", "30d", "30d"], { minRaw: "60d" }, ["c.retention.raw"]],
        [["12w6d", "90d", "2160h"], {}, []],
    ];
    for (const [retentions, overrides, paths] of cases)
        it(`reports ${paths.join(" and ") || "nothing"} for ${retentions.join(", ")}${Object.keys(overrides).length > 0 ? ` with ${JSON.stringify(overrides)}` : ""}`, () =>
            assert.deepEqual(
                problemsOf(retentions, overrides).map(({ path }) => path),
                paths,
            ));

    it("says that a short retention deletes the data without downsampling", () =>
        assert.deepEqual(problemsOf(["24h", "0d", "0d"], {}, false), [
            {
                path: "c.retention.raw",
                problem:
                    "1d is shorter than 40h. With --downsampling.disable compact accepts it and deletes the blocks at that age, with no 5m samples in their place.",
                remedy: "Set it to 40h or longer (--retention.resolution-raw), or to 0d to keep for ever.",
            },
        ]));

    it("reports no short retention of 5m samples where none are made", () =>
        assert.deepEqual(problemsOf(["14d", "1s", "1s"], {}, false), []));

    it("says that Thanos accepts a retention that only a threshold refuses", () =>
        assert.deepEqual(problemsOf(["30d", "30d", "30d"], { minRaw: "60d" }).map(problemText), [
            "c.retention.raw: 30d is shorter than 60d. Thanos would accept it; this threshold does not. Set it to 60d or longer (--retention.resolution-raw), or to 0d to keep for ever.",
        ]));
});
