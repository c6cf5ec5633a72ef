import assert from "node:assert/strict";
import { FakePrograms } from "../../support/fakePrograms";
import { run } from "../../support/run";
import { temporaryDirectory } from "../../support/temporaryDirectory";

describe("npm start", function () {
    this.timeout(120_000);
    let programs: FakePrograms;
    beforeEach(() => {
        programs = new FakePrograms();
    });
    /** With the fake programs only, and none of this machine's tools, caches and state. */
    const start = (interruptAt?: RegExp) => {
        const directory = temporaryDirectory();
        const env = {
            PATH: `${programs.directory}/bin:/bin`,
            HOME: directory,
            XDG_STATE_HOME: directory,
            XDG_CACHE_HOME: directory,
            HTTPS_PROXY: "",
        };
        return run(process.execPath, ["cli/thanos-fleet.js", "local"], { env, within: 100, ...(interruptAt && { interruptAt }) });
    };

    it("exits with 8 after Ctrl-C, without a stack trace", async () => {
        programs.add("docker", "sleep 2; echo 28.5.1");
        const { code, output } = await start(/Source +\.\.\./);
        assert.equal(code, 8, output);
        assert.match(output, /Stopping: the running step ends first\./);
        assert.doesNotMatch(output, /\n +at /);
    });
});
