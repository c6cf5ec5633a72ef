import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assertFile } from "../../support/golden";
import { temporaryDirectory } from "../../support/temporaryDirectory";

describe("the comparison with a golden file", () => {
    const before = { UPDATE_GOLDEN: process.env.UPDATE_GOLDEN, CI: process.env.CI };
    let file: string;
    beforeEach(() => {
        file = join(temporaryDirectory(), "golden.txt");
        writeFileSync(file, "old");
    });
    afterEach(() => set(before));
    function set(environment: Record<string, string | undefined>): void {
        for (const [name, value] of Object.entries(environment))
            if (value === undefined) delete process.env[name];
            else process.env[name] = value;
    }
    const content = () => readFileSync(file, "utf8");

    it("fails for another text and leaves the file alone", () => {
        set({ UPDATE_GOLDEN: undefined, CI: undefined });
        assert.throws(() => assertFile(file, "new"), assert.AssertionError);
        assert.equal(content(), "old");
        assertFile(file, "old");
    });

    it("fails where there is no file", () => {
        set({ UPDATE_GOLDEN: undefined, CI: undefined });
        assert.throws(() => assertFile(`${file}.missing`, "new"), assert.AssertionError);
    });

    it("writes the file with UPDATE_GOLDEN=1", () => {
        set({ UPDATE_GOLDEN: "1", CI: undefined });
        assertFile(file, "new");
        assert.equal(content(), "new");
    });

    for (const environment of [
        { UPDATE_GOLDEN: "1", CI: "true" },
        { UPDATE_GOLDEN: "0", CI: undefined },
        { UPDATE_GOLDEN: "", CI: undefined },
    ])
        it(`writes nothing and fails with ${JSON.stringify(environment)}: every comparison would succeed`, () => {
            set(environment);
            assert.throws(() => assertFile(file, "new"), /Golden files are written with UPDATE_GOLDEN=1 only/);
            assert.equal(content(), "old");
        });
});
