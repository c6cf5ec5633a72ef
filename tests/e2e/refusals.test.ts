import assert from "node:assert/strict";
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { ROOT } from "../support/root";
import { npmStart, run } from "../support/run";
import { temporaryDirectory } from "../support/temporaryDirectory";

describe("before anything is created, the commands refuse", () => {
    const directory = temporaryDirectory();

    it("a wrong configuration: they report every problem with path and remedy, and exit with 2 and no stack trace", async () => {
        await cp(join(ROOT, "Pulumi.yaml"), join(directory, "Pulumi.yaml"));
        const config = {
            "thanos-fleet:role": "observator",
            "thanos-fleet:cluster": "observer",
            "thanos-fleet:domain": "fleet.test",
            "thanos-fleet:aws": { region: "eu-west-1", cluster: { name: "eks" } },
            "thanos-fleet:observees": [
                { name: "blue", mode: "sidecar" },
                { name: "blue", mode: "sidecar" },
            ],
            "thanos-fleet:compact": { retention: { raw: "24h", fiveMinutes: "24h", oneHour: "24h" } },
        };
        await writeFile(join(directory, "Pulumi.wrong.yaml"), stringify({ config }));
        const { code, output } = await run("npm", ["run", "-s", "plan", "--", "--cwd", directory, "--stack", "wrong"], { within: 60 });
        assert.equal(code, 2, output);
        assert.deepEqual(
            output
                .split("\n")
                .filter((line) => line.startsWith("  "))
                .map((line) => line.trim().split(": ")[0]),
            ["role", "aws.bucket", "observees[1].name", "compact.retention.raw", "compact.retention.fiveMinutes"],
        );
        assert.match(output, /5 problems\. Nothing was changed\./);
        assert.doesNotMatch(output, /\n +at /);
    });

    it("contexts for only some clusters", async () => {
        const { code, output } = await npmStart(["--context", "observer=some-context"], { within: 60 });
        assert.equal(code, 2, output);
        assert.match(output, /--context: blue has none\. Add --context blue=CONTEXT/);
        assert.match(output, /--context: red has none\./);
    });

    it("a machine without tools, Go and network: they report what was tried and what to install, and leave no file", async () => {
        const state = join(directory, "state");
        const cache = join(directory, "cache");
        for (const folder of [state, cache]) await mkdir(folder);
        // A mount namespace hides Go behind an empty directory, and a network namespace has no network.
        const hideGoAndStart = `mount -t tmpfs none "$(dirname "$(dirname "$(realpath "$(command -v go)")")")" && exec npm start`;
        const env = { ...process.env, XDG_CACHE_HOME: cache, XDG_STATE_HOME: state };
        const { code, output } = await run("unshare", ["--mount", "--net", "sh", "-c", hideGoAndStart], { env, within: 120 });
        assert.equal(code, 1, output);
        for (const tool of ["pulumi", "helm", "thanos", "kube-apiserver", "versitygw"])
            assert.match(output, new RegExp(`^ *${tool} `, "m"));
        assert.doesNotMatch(output, /\n +at /);
        assert.deepEqual(await readdir(state), []);
        assert.deepEqual(
            (await readdir(cache, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()),
            [],
        );
    });
});
