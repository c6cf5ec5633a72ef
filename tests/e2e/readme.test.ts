import assert from "node:assert/strict";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../support/root";
import { run } from "../support/run";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** Commands of the README that .ci/run and other suites run. */
const RUN_ELSEWHERE = ["npm ci && npm start", "npm start -- --down", "npm test"];
/** Commands that need an AWS account, a cluster, or the official language host. */
const NEED_AWS = /^(pulumi (preview|up)|kubectl) /;

describe("the README", () => {
    const directory = temporaryDirectory();
    let commands: string[];
    before(async () => {
        const text = await readFile(join(ROOT, "README.md"), "utf8");
        const blocks = [...text.matchAll(/^ *```(sh)?\n([\s\S]*?)^ *```$/gm)].map(([, , block]) => block ?? "");
        const lines = blocks.flatMap((block) => block.split("\n")).map((line) => line.trim());
        commands = lines.filter((line) => /^(npm|pulumi|cp|git) /.test(line) && !NEED_AWS.test(line) && !RUN_ELSEWHERE.includes(line));
    });

    it("shows commands for the examples of stacks that work", async () => {
        const shown = commands.filter((command) => command.startsWith("npm") && !command.includes("my-"));
        assert.deepEqual(shown, ["npm run plan", "npm run plan -- --stack observer --json"]);
        for (const command of shown) {
            const { code, output } = await run("sh", ["-c", command], { within: 60 });
            assert.equal(code, 0, `${command}: ${output}`);
        }
    });

    it("shows steps to new stacks whose plan and real Pulumi accept them", async () => {
        const shown = commands.filter((command) => command.includes("my-"));
        const plan = "npm run plan -- --stack my-observer my-blue";
        const copies = ["cp Pulumi.observer.yaml Pulumi.my-observer.yaml", "cp Pulumi.observee.yaml Pulumi.my-blue.yaml"];
        assert.deepEqual(shown, [...copies, plan]);

        for (const file of ["Pulumi.yaml", "Pulumi.observer.yaml", "Pulumi.observee.yaml"])
            await copyFile(join(ROOT, file), join(directory, file));
        const { pulumi } = await tools("pulumi");
        const env = {
            ...process.env,
            PATH: `${join(pulumi.path, "..")}:${process.env.PATH}`,
            PULUMI_HOME: join(directory, "home"),
            PULUMI_BACKEND_URL: `file://${directory}`,
            PULUMI_CONFIG_PASSPHRASE: "test",
            PULUMI_SKIP_UPDATE_CHECK: "true",
        };
        const succeed = async (command: string, cwd: string) => {
            const { code, output } = await run("sh", ["-c", command], { env, cwd, within: 60 });
            assert.equal(code, 0, `${command}: ${output}`);
            return output;
        };
        for (const command of copies) await succeed(command, directory);
        const blue = join(directory, "Pulumi.my-blue.yaml");
        const example = await readFile(blue, "utf8");
        await writeFile(blue, example.replace("organization/thanos-fleet/observer", "organization/thanos-fleet/my-observer"));

        const printed = await succeed(`${plan} -C ${directory}`, ROOT);
        const inits = [...printed.matchAll(/^pulumi stack init (\S+)/gm)].map(([command]) => command);
        assert.deepEqual(inits, ["pulumi stack init my-observer", "pulumi stack init my-blue"]);
        for (const command of [...inits, "pulumi config get domain"]) await succeed(command, directory);
        // A command that overwrites a stack file would drop what an earlier one wrote into it.
        for (const [stack, role] of [
            ["my-observer", "observer"],
            ["my-blue", "observee"],
        ] as const) {
            const stackFile = await readFile(join(directory, `Pulumi.${stack}.yaml`), "utf8");
            assert.match(stackFile, /^encryptionsalt: /m);
            assert.match(stackFile, new RegExp(`thanos-fleet:role: ${role}$`, "m"));
        }
    });
});
