import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { likelyTests, MUTANTS, misfits } from "../mutants/mutants";
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

    it("are tried with the tests of their folder first, and those of the program with the golden files of all stacks", () => {
        const tests = [
            "tests/unit/components/thanos/flags.test.ts",
            "tests/unit/components/cloud/aws/awsCloud.test.ts",
            "tests/unit/local/kind.test.ts",
            "tests/unit/local/offline/findTools.test.ts",
            "tests/unit/stacks/inputs.test.ts",
        ];
        assert.deepEqual(likelyTests("components/thanos/query.ts", tests), [tests[0], tests[4]]);
        assert.deepEqual(likelyTests("components/cloud/aws/iam/names.ts", tests), [tests[1], tests[4]]);
        assert.deepEqual(likelyTests("local/offline/findTools.ts", tests), [tests[3]]);
        assert.deepEqual(likelyTests("local/fleet/state.ts", tests), [tests[2]]);
        assert.deepEqual(likelyTests("index.ts", tests), [tests[4]]);
    });
});
