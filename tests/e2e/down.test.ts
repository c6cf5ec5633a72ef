import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { clustersDirectory, stateDirectory } from "../../local/fleet/settings";
import { npmStart, run } from "../support/run";

describe("npm start -- --down", () => {
    it("removes every process, mount, interface, cgroup and file of the fleet", async () => {
        const { code, output } = await npmStart(["--down"], { within: 180 });
        assert.equal(code, 0, output);
        const processes = (await run("ps", ["-eo", "args"], { within: 10 })).output
            .split("\n")
            .filter((line) => line.includes(clustersDirectory()));
        assert.deepEqual(processes, []);
        assert.doesNotMatch(readFileSync("/proc/self/mounts", "utf8"), new RegExp(clustersDirectory()));
        assert.doesNotMatch((await run("ip", ["-brief", "link"], { within: 10 })).output, /fleet/);
        const cgroups = readdirSync("/sys/fs/cgroup", { recursive: true, encoding: "utf8" }).filter((path) => path.includes("fleet-"));
        assert.deepEqual(cgroups, []);
        assert.equal(existsSync(stateDirectory()), false);
    });

    it("finds nothing to remove the second time", async () => {
        const { code, output } = await npmStart(["--down"], { within: 60 });
        assert.equal(code, 0, output);
        assert.match(output, /nothing was there/);
    });
});
