import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { stackDriver } from "../../../rollout/stackDriver";
import { FakePrograms } from "../../support/fakePrograms";
import { ROOT } from "../../support/root";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const counts = { created: 0, updated: 0, replaced: 0, deleted: 0, same: 0 };

describe("the process of one stack", function () {
    this.timeout(120_000);
    const directory = temporaryDirectory();
    let programs: FakePrograms;
    before(() => copyFileSync(join(ROOT, "Pulumi.yaml"), join(directory, "Pulumi.yaml")));
    beforeEach(() => {
        programs = new FakePrograms();
    });
    afterEach(() => programs.restore());
    /** Runs a preview with a CLI that does this at `pulumi preview`. */
    const preview = (script: string, signal = new AbortController().signal) => {
        programs.add("pulumi", `case "$1" in version) echo v3.259.0 ;; preview) ${script} ;; esac`);
        programs.install();
        return stackDriver({ directory, policyPacks: ["pack"] })("blue", "preview", { onDoing: () => {}, signal });
    };

    it("says what the CLI printed, runs the policy packs, and selects no stack", async () => {
        const end = await preview('echo "error: no such plugin" >&2; exit 255');
        assert.deepEqual(end, { ok: false, because: "failed", message: "The preview of stack blue failed.\n  no such plugin", counts });
        const calls = programs.calls().map((call) => call.split(" ").slice(0, 2).join(" "));
        assert.deepEqual(calls, ["pulumi version", "pulumi preview"]);
        assert.match(programs.calls()[1] ?? "", /--policy-pack pack\b.*--stack blue\b|--stack blue\b.*--policy-pack pack\b/);
    });

    it("is a failure of this stack where it is killed", async () =>
        assert.deepEqual(await preview("kill -9 $PPID"), {
            ok: false,
            because: "failed",
            message: "The preview of stack blue ended early (SIGKILL).",
            counts,
        }));

    it("passes a cancellation to the CLI, which ends in order", async () => {
        const stop = new AbortController();
        const ended = preview("trap 'kill $!; exit 1' INT; sleep 60 >/dev/null 2>&1 & wait", stop.signal);
        const timer = setInterval(() => programs.calls().some((call) => call.startsWith("pulumi preview")) && stop.abort(), 100);
        const end = await ended;
        clearInterval(timer);
        assert.deepEqual(end, {
            ok: false,
            because: "cancelled",
            message: "The preview of stack blue was cancelled. Run it again to continue.",
            counts,
        });
    });
});
