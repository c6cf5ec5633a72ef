import assert from "node:assert/strict";
import { undecided } from "../../../rules";
import { keeping } from "../../../rules/example";
import { lifecycleSparesBlocks as rule } from "../../../rules/L30-lifecycle-spares-blocks";
import { problemText } from "../../../rules/problem";
import { reports } from "../../support/ruleExamples";

describe("rule L30, lifecycle-spares-blocks", () => {
    reports(
        rule,
        [
            "month.expiration: deletes blocks in bucket blocks after 30d, and compact keeps them for 92d (retention and --delete-delay). Remove it, or write 92d or longer.",
            "date.expiration: deletes blocks in bucket blocks on a date, and compact keeps them for 92d (retention and --delete-delay). Remove it, or write 92d or longer.",
            "cold.transitions: moves blocks in bucket blocks to DEEP_ARCHIVE, where Store and Compact cannot read them. Remove it, or write GLACIER_IR or STANDARD_IA, which are read at once.",
        ],
        [
            "Bucket blocks.lifecycle.rules[0].expiration: deletes blocks in bucket blocks after 30d, and StatefulSet compact keeps them for 92d (retention and --delete-delay). Remove it, or write 92d or longer.",
            "Bucket blocks.lifecycle.rules[1].transitions: moves blocks in bucket blocks to GLACIER, where Store and Compact cannot read them. Remove it, or write GLACIER_IR or STANDARD_IA, which are read at once.",
        ],
    );

    const [month] = rule.bad.lifecycles;
    assert.ok(month);

    it("lets no lifecycle delete what Compact keeps for ever, in whichever resolution", () => {
        const compactors = [keeping("90d", "90d", "0d")];
        assert.deepEqual(rule.check({ ...rule.bad, compactors, lifecycles: [month] }, {}).map(problemText), [
            "month.expiration: deletes blocks in bucket blocks after 30d, and compact keeps them for ever. Remove it; --retention.resolution-* expire blocks.",
        ]);
    });

    it("compares with raw samples alone where Compact does not downsample", () => {
        const compactors = [{ ...keeping("20d", "90d", "0d"), downsampling: false }];
        assert.deepEqual(rule.check({ ...rule.bad, compactors, lifecycles: [month] }, {}), []);
    });

    it("is undecided where it is not known how long blocks are kept, or whose bucket it is", () => {
        assert.deepEqual(undecided(rule, { ...rule.bad, compactors: [], lifecycles: [month] }), [
            { path: "month", fact: "how long the blocks in bucket blocks are needed is not known: their Compact is not given" },
        ]);
        const place = { notKnown: "Secret a/b is not among the manifests" };
        assert.deepEqual(undecided(rule, { ...rule.bad, objectStores: [{ path: "store", documents: 1, place }], lifecycles: [month] }), [
            { path: "month", fact: "who uses the bucket is not known: Secret a/b is not among the manifests" },
        ]);
        assert.deepEqual(undecided(rule, { ...rule.bad, lifecycles: [{ ...month, bucket: place }] }), [
            { path: "month", fact: "Secret a/b is not among the manifests" },
        ]);
        assert.deepEqual(undecided(rule, { ...rule.bad, lifecycles: [] }), [
            { path: "compact", fact: "no lifecycle of its bucket is given" },
        ]);
    });
});
