import assert from "node:assert/strict";
import { easingsCount, readEasings } from "../../../policies/easings";
import { type Policy, toPolicy } from "../../../policies/policy";
import { receiveReplicates } from "../../../rules/L07-receive-replicates";
import type { Rule } from "../../../rules/rule";
import { ingester, router } from "../../support/thanosManifests";

const NOW = "2026-11-22";
const L7 = { rule: "L7", reason: "this cluster is for tests", until: "2027-01-01" };
const ENDED = { rule: "L5", reason: "measured", until: "2026-11-21" };

/** What a policy reports about routers that write one copy. */
function reports(policy: Policy): string[] {
    const found: string[] = [];
    const resources = [router("1"), ingester(3)].map(({ apiVersion, kind, name, id, fields }) => ({
        type: `kubernetes:${apiVersion}:${kind}`,
        name,
        urn: id,
        props: fields,
    }));
    policy.validate(resources, {}, (message) => void found.push(message));
    return found;
}

describe("the rules that a stack eases, in the policy pack", () => {
    it("warn with the stack's reason, and others stop an update as before", () => {
        const [eased, strict] = [[L7], []].map((easings) => toPolicy(receiveReplicates as unknown as Rule, easings));
        assert.ok(eased && strict);
        assert.deepEqual([eased.level, strict.level], ["advisory", "mandatory"]);
        const found = reports(strict);
        assert.equal(found.length, 1);
        assert.deepEqual(
            reports(eased),
            found.map((message) => `${message} Eased by the stack (until 2027-01-01: this cluster is for tests)`),
        );
    });

    it("are those of its configuration that count; what does not count is reported", () => {
        const stack = readEasings(JSON.stringify([ENDED, L7]), NOW);
        assert.deepEqual(stack.easings, [L7]);
        assert.deepEqual(reports(easingsCount(stack)), [
            "easedRules[0].until: 2026-11-21 is over. Do what the rule says, or write another date and reason.",
        ]);
        assert.deepEqual(reports(easingsCount(readEasings(undefined, NOW))), []);
    });

    it("are a list in stacks of other projects, too", () => {
        const lists = [L7, [{ rule: "L7" }], [{ ...L7, until: 2027 }], null].map((value) => JSON.stringify(value));
        for (const text of ["L7", ...lists])
            assert.deepEqual(readEasings(text, NOW), {
                easings: [],
                problems: [
                    { path: "easedRules", problem: "is not a list of rules with reasons.", remedy: "Write each as {rule, reason, until}." },
                ],
            });
    });
});
