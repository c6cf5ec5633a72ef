import assert from "node:assert/strict";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../support/root";
import { run } from "../support/run";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** Commands of the README that .ci/run and other suites run. */
const RUN_ELSEWHERE = ["npm ci && npm start", "npm start -- --down", "npm test"];
/** Commands that need an AWS account and the official language host. */
const NEED_AWS = ["pulumi preview --policy-pack policies", "pulumi up --policy-pack policies"];

describe("the README", () => {
    const directory = temporaryDirectory();
    let commands: string[];
    before(async () => {
        const text = await readFile(join(ROOT, "README.md"), "utf8");
        const blocks = [...text.matchAll(/^```(sh)?\n([\s\S]*?)^```$/gm)].map(([, , block]) => block ?? "");
        commands = blocks.flatMap((block) => block.split("\n")).filter((line) => /^(npm|pulumi|cp|git) /.test(line));
    });

    it("shows npm commands that work", async () => {
        const shown = commands.filter((command) => command.startsWith("npm") && !RUN_ELSEWHERE.includes(command));
        assert.deepEqual(shown, ["npm run plan", "npm run plan -- --stack observer --json"]);
        for (const command of shown) {
            const { code, output } = await run("sh", ["-c", command], { within: 60 });
            assert.equal(code, 0, `${command}: ${output}`);
        }
    });

    it("shows steps to a new stack that the real Pulumi accepts", async () => {
        for (const file of ["Pulumi.yaml", "Pulumi.observer.yaml"]) await copyFile(join(ROOT, file), join(directory, file));
        const { pulumi } = await tools("pulumi");
        const env = {
            ...process.env,
            PATH: `${join(pulumi.path, "..")}:${process.env.PATH}`,
            PULUMI_HOME: join(directory, "home"),
            PULUMI_BACKEND_URL: `file://${directory}`,
            PULUMI_CONFIG_PASSPHRASE: "test",
            PULUMI_SKIP_UPDATE_CHECK: "true",
        };
        const shown = commands.filter((command) => !command.startsWith("npm") && !NEED_AWS.includes(command));
        assert.deepEqual(shown, ["cp Pulumi.observer.yaml Pulumi.my-observer.yaml", "pulumi stack init my-observer"]);
        for (const command of [...shown, "pulumi config get domain"]) {
            const { code, output } = await run("sh", ["-c", command], { env, cwd: directory, within: 60 });
            assert.equal(code, 0, `${command}: ${output}`);
        }
        // A command that overwrites the stack file would drop what an earlier one wrote into it.
        const stackFile = await readFile(join(directory, "Pulumi.my-observer.yaml"), "utf8");
        assert.match(stackFile, /^encryptionsalt: /m);
        assert.match(stackFile, /thanos-fleet:role: observer/);
    });
});
