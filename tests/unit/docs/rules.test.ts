import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { RULES } from "../../../rules";
import { assertFile } from "../../support/golden";
import { ROOT } from "../../support/root";
import { pageOf, rulePage, rulesIndex } from "../../support/rulePages";

const FOLDER = join(ROOT, "docs", "rules");

describe("docs/rules", () => {
    for (const rule of RULES) it(`has the page of ${rule.id} as the rule is`, () => assertFile(join(FOLDER, pageOf(rule)), rulePage(rule)));

    it("has the list of all rules as they are", () => assertFile(join(FOLDER, "README.md"), rulesIndex(RULES)));

    it("has no page of a rule that is gone", () =>
        assert.deepEqual(readdirSync(FOLDER).sort(), ["README.md", ...RULES.map(pageOf)].sort()));
});
