import assert from "node:assert/strict";
import { RULES } from "../../../rules";
import { type Easing, easingOf, easingProblems, easingText } from "../../../rules/easing";
import { problemText } from "../../../rules/problem";

const problemsOf = (...easings: Easing[]) => easingProblems(easings, "2026-11-22").map(problemText);
const L7 = { rule: "L7", reason: "this cluster is for tests" };

describe("the easing of a rule", () => {
    it("counts with a reason, up to and with its last day", () => {
        assert.deepEqual(problemsOf(L7, { rule: "L5", reason: "measured", until: "2026-11-22" }), []);
        assert.deepEqual(problemsOf({ ...L7, until: "2026-11-21" }), [
            "easedRules[0].until: 2026-11-21 is over. Do what the rule says, or write another date and reason.",
        ]);
    });

    it("is refused without a reason, for no rule, twice, and with a date that is none", () => {
        const easable = RULES.filter(({ severity }) => severity !== "critical").map(({ id }) => id);
        assert.deepEqual(
            problemsOf(L7, { rule: "L99", reason: " " }, { ...L7, until: "2027-02-30" }, { rule: "l5", reason: "x", until: "next year" }),
            [
                `easedRules[1].rule: "L99" is no rule. Write ${easable.join(", ")}.`,
                "easedRules[1].reason: is empty. Write why this stack may break the rule: the plan prints it.",
                "easedRules[2].rule: L7 is eased twice (also easedRules[0]). Remove one.",
                'easedRules[2].until: "2027-02-30" is not a date. Write the last day, in quotes: "2027-01-01".',
                `easedRules[3].rule: "l5" is no rule. Write ${easable.join(", ")}.`,
                'easedRules[3].until: "next year" is not a date. Write the last day, in quotes: "2027-01-01".',
            ],
        );
    });

    it("is refused for each rule that keeps what is stored, and eases none of them", () => {
        const critical = RULES.filter(({ severity }) => severity === "critical").map(({ id }) => id);
        assert.deepEqual(critical, ["L1", "L2", "L3", "L4", "L30", "L33"]);
        for (const rule of critical) {
            assert.deepEqual(problemsOf({ rule, reason: "a test" }), [
                `easedRules[0].rule: ${rule} cannot be eased: where it is broken, what is stored is deleted or corrupted, and no reason brings it back. Remove this, and do what the rule says.`,
            ]);
            assert.equal(easingOf(rule, [{ rule, reason: "a test" }]), undefined);
        }
        assert.deepEqual(easingOf("L7", [L7]), L7);
    });

    it("is told with its end, where it has one", () => {
        assert.equal(easingText(L7), "(this cluster is for tests)");
        assert.equal(easingText({ ...L7, until: "2027-01-01" }), "(until 2027-01-01: this cluster is for tests)");
    });
});
