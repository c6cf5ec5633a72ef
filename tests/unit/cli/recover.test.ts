import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../support/root";
import { run } from "../../support/run";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const URN = "urn:pulumi:blue::thanos-fleet::aws:s3/bucket:Bucket::blocks";

describe("npm run recover", function () {
    this.timeout(120_000);
    /** Runs the command with a CLI whose stack has these interrupted operations. */
    const recover = async (pending: object[], ...args: string[]) => {
        const directory = temporaryDirectory();
        writeFileSync(join(directory, "Pulumi.yaml"), "name: thanos-fleet\nruntime: nodejs\n");
        writeFileSync(
            join(directory, "state.json"),
            JSON.stringify({ version: 3, deployment: { resources: [], pending_operations: pending } }),
        );
        const cli = `#!/bin/sh
case "$1 $2" in
"version ") echo v3.259.0 ;;
"stack export") cat '${directory}/state.json' ;;
"stack import") cp "$4" '${directory}/imported.json' ;;
esac
`;
        writeFileSync(join(directory, "pulumi"), cli, { mode: 0o755 });
        const env = { ...process.env, PATH: `${directory}:${process.env.PATH}` };
        const all = ["cli/thanos-fleet.js", "recover", "-C", directory, ...args];
        const { code, output } = await run(process.execPath, all, { env, cwd: ROOT, within: 60 });
        return { code, output: output.trim() };
    };
    const creating = { type: "creating", resource: { urn: URN, type: "aws:s3/bucket:Bucket", custom: true } };

    it("says that nothing was interrupted, and exits with 0", async () =>
        assert.deepEqual(await recover([], "--stack", "blue"), { code: 0, output: "Stack blue has no interrupted operation." }));

    it("names what has to be decided first, and exits with 2", async () => {
        const { code, output } = await recover([creating], "--stack", "blue");
        assert.equal(code, 2, output);
        assert.match(
            output,
            /^interrupted operations of stack blue: 1 problem\. Nothing was changed\.\n {2}Bucket blocks: was being created/,
        );
    });

    it("--json prints what was settled, and nothing else", async () => {
        const { code, output } = await recover([creating], "--stack", "blue", "--json", "--clear", URN);
        assert.equal(code, 0, output);
        const settled = [{ urn: URN, did: "cleared", text: "Bucket blocks was forgotten, as you said" }];
        assert.deepEqual(JSON.parse(output), { stack: "blue", settled });
    });

    it("refuses an --import without an id with 2, and lists its options in --help", async () => {
        const { code, output } = await recover([creating], "--stack", "blue", "--import", URN);
        assert.deepEqual(
            [code, output.split("\n")[1]],
            [2, `  --import: "${URN}" is not URN=ID. Write it as in the message of this command.`],
        );
        const help = await recover([], "--help");
        assert.equal(help.code, 0);
        for (const option of ["--stack <name>", "--import <URN=ID...>", "--clear <URN...>", "--json", "Exit codes:"])
            assert.ok(help.output.includes(option), `${option} is not in ${help.output}`);
    });
});
