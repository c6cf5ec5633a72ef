import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { checkAll, RULES } from "../../../rules";
import { retentionOutlivesDownsampling } from "../../../rules/L04-retention-outlives-downsampling";
import { NOTHING } from "../../../rules/model";
import { thresholdsOf } from "../../../rules/rule";
import { ROOT } from "../../support/root";

const numbered = (folder: string, ending: string) =>
    readdirSync(join(ROOT, folder)).flatMap((file) => (/^L\d/.test(file) && file.endsWith(ending) ? [file.slice(0, -ending.length)] : []));

describe("every rule", () => {
    for (const rule of RULES) {
        it(`finds nothing in its good example: ${rule.name}`, () => assert.deepEqual(rule.check(rule.good, thresholdsOf(rule)), []));
        it(`finds something in its bad example: ${rule.name}`, () => assert.notDeepEqual(rule.check(rule.bad, thresholdsOf(rule)), []));
        it(`finds nothing in an empty deployment: ${rule.name}`, () => assert.deepEqual(rule.check(NOTHING, thresholdsOf(rule)), []));
        it(`passes the good examples of the others: ${rule.name}`, () => assert.deepEqual(checkAll(rule.good), []));
    }

    it("has a number and a name that no other rule has", () => {
        assert.equal(new Set(RULES.map(({ id }) => id)).size, RULES.length);
        assert.equal(new Set(RULES.map(({ name }) => name)).size, RULES.length);
    });

    it("is in the list, and has a test file of the same name", () => {
        const files = numbered("rules", ".ts").sort();
        assert.equal(RULES.length, files.length);
        assert.deepEqual(numbered("tests/unit/rules", ".test.ts").sort(), files);
    });
});

describe("checkAll", () => {
    const { bad } = retentionOutlivesDownsampling;

    it("leaves out a rule that is switched off", () =>
        assert.deepEqual(checkAll(bad, { "retention-outlives-downsampling": false, "equal-retention": false }), []));

    it("refuses a rule that does not exist", () => {
        const names = RULES.map((rule) => rule.name).join(" or ");
        assert.throws(() => checkAll(bad, { retention: {} }), { message: `retention: is not a rule. Write ${names}.` });
    });

    it("passes thresholds to their rule", () => {
        const overrides = { "retention-outlives-downsampling": { minRaw: "1h" }, "equal-retention": false as const };
        assert.deepEqual(checkAll(bad, overrides), []);
    });
});
