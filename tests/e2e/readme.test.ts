import assert from "node:assert/strict";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../support/root";
import { run, tools } from "../support/runningFleet";

/** Commands of the README that .ci/run and the other suites run anyway. */
const RUN_ELSEWHERE = ["npm ci && npm start", "npm start -- --down", "npm test"];
/** These need an account on AWS and the official language host. */
const NEED_AWS = ["pulumi preview --policy-pack policies", "pulumi up --policy-pack policies"];

describe("the README", () => {
    let commands: string[];
    before(async () => {
        const text = await readFile(join(ROOT, "README.md"), "utf8");
        const blocks = [...text.matchAll(/^```(sh)?\n([\s\S]*?)^```$/gm)].map(([, , block]) => block ?? "");
        commands = blocks.flatMap((block) => block.split("\n")).filter((line) => /^(npm|pulumi|cp|git) /.test(line));
    });

    it("shows no npm command that does not work", async () => {
        const shown = commands.filter((command) => command.startsWith("npm") && !RUN_ELSEWHERE.includes(command));
        assert.deepEqual(shown, ["npm run plan", "npm run plan -- --stack observer --json"]);
        for (const command of shown) {
            const { code, output } = await run("sh", ["-c", command], { within: 60 });
            assert.equal(code, 0, `${command}: ${output}`);
        }
    });

    it("shows the steps to a stack of one's own as the real Pulumi takes them", async () => {
        const directory = await mkdtemp(join(tmpdir(), "thanos-fleet-readme-"));
        try {
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
            assert.deepEqual(shown, ["pulumi stack init my-observer", "cp Pulumi.observer.yaml Pulumi.my-observer.yaml"]);
            for (const command of [...shown, "pulumi config get domain"]) {
                const { code, output } = await run("sh", ["-c", command], { env, cwd: directory, within: 60 });
                assert.equal(code, 0, `${command}: ${output}`);
            }
        } finally {
            await rm(directory, { recursive: true, force: true });
        }
    });
});
