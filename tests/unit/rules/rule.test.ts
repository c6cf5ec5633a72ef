import assert from "node:assert/strict";
import { oneCompactorPerStream } from "../../../rules/L02-one-compactor";
import { retentionOutlivesDownsampling } from "../../../rules/L04-retention-outlives-downsampling";
import { receiveReplicates } from "../../../rules/L07-receive-replicates";
import { pagesAskForLogin } from "../../../rules/L32-pages-ask-for-login";
import { type Overrides, type Rule, thresholdsOf } from "../../../rules/rule";

describe("thresholds of a rule", () => {
    it("are the defaults, with the overrides in their place", () =>
        assert.deepEqual(thresholdsOf(retentionOutlivesDownsampling, { minRaw: "2d" }), {
            minRaw: 48 * 3_600_000,
            minFiveMinutes: 240 * 3_600_000,
        }));

    const refused: [Rule, Overrides, string][] = [
        [
            retentionOutlivesDownsampling,
            { raw: "40h" },
            "retention-outlives-downsampling.raw: is not a threshold of this rule. Write minRaw or minFiveMinutes.",
        ],
        [oneCompactorPerStream, { replicas: 2 }, "one-compactor-per-stream.replicas: is not a threshold of this rule. It has none."],
        [
            retentionOutlivesDownsampling,
            { minRaw: "two days" },
            'retention-outlives-downsampling.minRaw: "two days" is not a duration. Write whole numbers with y, w, d, h, m, s or ms, largest first: 40h, 1d12h, 90d.',
        ],
        [
            retentionOutlivesDownsampling,
            { minRaw: 40 },
            "retention-outlives-downsampling.minRaw: 40 is not a duration such as 40h. Shortest retention of raw samples. Thanos downsamples them after 40h.",
        ],
        [
            pagesAskForLogin,
            { allowReason: "yes" },
            'pages-ask-for-login.allowReason: "yes" is not true or false. Whether a page may be without a login for a reason that its Ingress states (`thanos-fleet/no-login`).',
        ],
        [
            receiveReplicates,
            { minReplicationFactor: 0 },
            "receive-replicates.minReplicationFactor: 0 is not a whole number of at least 1. Fewest copies of each sample.",
        ],
    ];
    for (const [rule, overrides, message] of refused)
        it(`cannot be ${JSON.stringify(overrides)}: ${rule.name}`, () => assert.throws(() => thresholdsOf(rule, overrides), { message }));
});
