import assert from "node:assert/strict";
import { problemsOf } from "../../../support/problemsOf";
import { observerConfig } from "../../../support/testFleet";

const observer = (easedRules: unknown, more: Record<string, unknown> = {}) => problemsOf(observerConfig("local", { easedRules, ...more }));

describe("easedRules", () => {
    const one = { prometheus: { replicas: 1 } };

    it("leave out the rule that they name, and no other", () => {
        assert.deepEqual(observer([{ rule: "L31", reason: "this cluster is for tests" }], one), []);
        assert.deepEqual(
            observer([{ rule: "L7", reason: "this cluster is for tests" }], one).map((problem) => problem.split(":")[0]),
            ["prometheus.replicas"],
        );
    });

    it("are refused for a rule that keeps what is stored, which is checked as before", () => {
        const retention = { raw: "24h", fiveMinutes: "90d", oneHour: "90d" };
        const found = observer(
            ["L4", "L34"].map((rule) => ({ rule, reason: "cheaper" })),
            { compact: { retention } },
        );
        assert.deepEqual(
            found.map((problem) => problem.split(":")[0]),
            ["easedRules[0].rule", "compact.retention.raw"],
        );
    });

    it("are refused with their path, once they are over or lack a reason", () => {
        assert.deepEqual(observer([{ rule: "L31", reason: "", until: "2026-01-01" }]), [
            "easedRules[0].reason: is empty. Write why this stack may break the rule: the plan prints it.",
            "easedRules[0].until: 2026-01-01 is over. Do what the rule says, or write another date and reason.",
        ]);
        assert.deepEqual(observer([{ rule: "L31" }]), ["easedRules[0].reason: is missing. Set it."]);
    });
});
