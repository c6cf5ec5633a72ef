import assert from "node:assert/strict";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { enter } from "../../../cli/directory";
import { temporaryDirectory } from "../../support/temporaryDirectory";

describe("the directory of a command", () => {
    const here = process.cwd();
    afterEach(() => process.chdir(here));

    it("is the nearest with a Pulumi.yaml, from here upwards", () => {
        const project = realpathSync(temporaryDirectory());
        mkdirSync(join(project, "a", "b"), { recursive: true });
        writeFileSync(join(project, "Pulumi.yaml"), "name: fleet\n");
        process.chdir(join(project, "a", "b"));
        enter();
        assert.equal(process.cwd(), project);
    });

    it("is refused where no directory has a Pulumi.yaml", () => {
        const empty = realpathSync(temporaryDirectory());
        process.chdir(empty);
        assert.throws(() => enter(), {
            message: `command line: 1 problem. Nothing was changed.\n  --cwd: is missing, and neither ${empty} nor a directory above it has a Pulumi.yaml. Name the directory of Pulumi.yaml and the stack files.`,
        });
        assert.equal(process.cwd(), empty);
    });
});
