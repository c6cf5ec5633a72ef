import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { importsIn, likelyTests, MUTANTS, misfits } from "../mutants/mutants";
import { ROOT } from "../support/root";
import { temporaryDirectory } from "../support/temporaryDirectory";

describe("the mutants", () => {
    it("each fit the code in one place, as `npm run test:mutants` needs it", () => assert.deepEqual(misfits(MUTANTS, ROOT), []));

    it("are refused if their text is missing or there twice, if they change nothing, or if they share an id", () => {
        const root = temporaryDirectory();
        writeFileSync(join(root, "a.ts"), "one two two");
        const mutant = (id: string, find: string, replace = "") => ({ id, file: "a.ts", fault: "", find, replace });
        assert.deepEqual(misfits([mutant("T1", "one"), mutant("T2", "two"), mutant("T3", "three"), mutant("T1", "one", "one")], root), [
            'T2: a.ts has "two" 2 times. Write a text that it has once.',
            'T3: a.ts has "three" 0 times. Write a text that it has once.',
            "T1: changes nothing.",
            "T1: is the id of two mutants.",
        ]);
    });

    it("are tried first with the tests that import their file, nearest first, and those of the program with the golden files of all stacks", () => {
        const imports: Record<string, string[]> = {
            "tests/unit/a.test.ts": ["components/b.ts"],
            "tests/unit/b.test.ts": ["components/a.ts"],
            "tests/unit/c.test.ts": ["components/c.ts"],
            "tests/unit/e.test.ts": ["tests/support/e.ts"],
            "tests/support/e.ts": ["components/b.ts"],
            "tests/unit/local/d.test.ts": [],
            "tests/unit/stacks/inputs.test.ts": [],
            "components/b.ts": ["components/a.ts"],
            "components/c.ts": ["components/b.ts"],
        };
        const tests = Object.keys(imports).filter((file) => file.endsWith(".test.ts"));
        const likely = (file: string) => likelyTests(file, tests, (of) => imports[of] ?? []);
        assert.deepEqual(likely("components/a.ts"), [
            "tests/unit/b.test.ts",
            "tests/unit/a.test.ts",
            "tests/unit/e.test.ts",
            "tests/unit/stacks/inputs.test.ts",
        ]);
        assert.deepEqual(likely("local/a.ts"), ["tests/unit/local/d.test.ts"]);
        assert.deepEqual(likely("bench/a.ts"), []);
    });

    it("find the imports of a file in the checkout", () =>
        assert.deepEqual([...importsIn(ROOT)("tests/mutants/run.ts")].sort(), [
            "terminal/progress.ts",
            "tests/mutants/mutants.ts",
            "tests/support/root.ts",
        ]));
});
