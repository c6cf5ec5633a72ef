import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RULES } from "../../../rules";
import { lintSets } from "../../support/lintSets";
import { ROOT } from "../../support/root";

/** Each set says in its first comments what it shows, and what should be found by the meaning of the rules. */
describe("lint finds what it should in a set that shows", () => {
    for (const { shows, wanted, found } of lintSets()) it(shows, async () => assert.deepEqual(await found(), wanted));
});

describe("the table of labelled sets", () => {
    it("has what lint finds in them, and each rule", async () => {
        const sets = await Promise.all(lintSets().map(async ({ wanted, found }) => ({ wanted, found: await found() })));
        const rows = RULES.map(({ id }) => {
            const of = (findings: readonly string[]) => findings.filter((finding) => finding.startsWith(`${id} `));
            const count = (lists: readonly (readonly string[])[]) => lists.reduce((sum, list) => sum + list.length, 0);
            const wanted = count(sets.map((set) => of(set.wanted)));
            const found = count(sets.map((set) => of(set.found)));
            const right = count(sets.map((set) => of(set.found).filter((finding) => set.wanted.includes(finding))));
            return `| ${id} | ${wanted} | ${found} | ${percent(right, found)} | ${percent(right, wanted)} |`;
        });
        const section = readFileSync(join(ROOT, "docs/lint.md"), "utf8").split("## On labelled sets\n")[1]?.split("\n## ")[0] ?? "";
        const written = section.split("\n").map((line) => line.replace(/ +/g, " "));
        assert.deepEqual(
            written.filter((line) => line.startsWith("| L")),
            rows,
        );
        assert.equal(/^\d+ sets/m.exec(section)?.[0], `${sets.length} sets`);
    });
});

const percent = (part: number, whole: number) => (whole === 0 ? "" : `${Math.round((100 * part) / whole)} %`);
