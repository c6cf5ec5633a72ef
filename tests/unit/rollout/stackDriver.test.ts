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
    const preview = (script: string, signal = new AbortController().signal, more: { report?: boolean } = {}) => {
        programs.add("pulumi", `case "$1" in version) echo v3.259.0 ;; preview) ${script} ;; esac`);
        programs.install();
        return stackDriver({ directory, policyPacks: ["pack"], ...more })("blue", "preview", { onDoing: () => {}, signal });
    };

    it("says what the CLI printed, runs the policy packs, and selects no stack", async () => {
        const end = await preview('echo "error: no such plugin" >&2; exit 255');
        assert.deepEqual(end, { ok: false, because: "failed", message: "The preview of stack blue failed.\n  no such plugin", counts });
        const calls = programs.calls().map((call) => call.split(" ").slice(0, 2).join(" "));
        assert.deepEqual(calls, ["pulumi version", "pulumi preview"]);
        assert.match(programs.calls()[1] ?? "", /--policy-pack pack\b.*--stack blue\b|--stack blue\b.*--policy-pack pack\b/);
    });

    it("looks for drift by a preview of a refresh, without the program, and does nothing else", async () => {
        programs.add("pulumi", 'case "$1" in version) echo v3.259.0 ;; esac');
        programs.install();
        const signal = new AbortController().signal;
        const end = await stackDriver({ directory, policyPacks: [] })("blue", "drift check", { onDoing: () => {}, signal });
        assert.deepEqual(end, { ok: true, counts, drift: [] });
        const [version, refresh = "", ...more] = programs.calls();
        assert.deepEqual([version, more], ["pulumi version", []]);
        assert.match(refresh, /^pulumi refresh --preview-only .*--run-program=false\b/);
    });

    describe("that is to be destroyed", () => {
        const urn = (name: string) => `urn:pulumi:blue::thanos-fleet::aws:x/y:Y::${name}`;
        const resource = (name: string, more: object) => ({ urn: urn(name), type: "aws:x/y:Y", custom: true, id: name, ...more });
        const kept = resource("kept", { protect: true, retainOnDelete: true });
        /** Destroys a stack with these resources; answers how it ended, and what the CLI was asked in between. */
        async function destroy(...resources: object[]) {
            const state = JSON.stringify({ version: 3, deployment: { resources } });
            programs.add(
                "pulumi",
                `case "$1 $2" in "version ") echo v3.259.0 ;; "stack export") echo '${state}' ;; "stack history") echo '[]' ;; esac`,
            );
            programs.install();
            const signal = new AbortController().signal;
            const end = await stackDriver({ directory, policyPacks: [] })("blue", "destroy", { onDoing: () => {}, signal });
            const calls = programs.calls().filter((call) => !/ (version|stack) ?/.test(call.split(" ").slice(0, 2).join(" ")));
            return { end, calls };
        }

        it("loses the protection of what is kept, then all its resources", async () => {
            const { end, calls } = await destroy(kept, resource("plain", {}), resource("retained", { retainOnDelete: true }));
            assert.deepEqual(end, { ok: true, counts });
            assert.equal(calls[0], `pulumi state unprotect ${urn("kept")} --yes --stack blue --non-interactive`);
            assert.match(calls[1] ?? "", /^pulumi destroy --yes --skip-preview /);
            assert.equal(calls.length, 2);
        });

        it("is not touched where it protects what would be deleted", async () => {
            const { end, calls } = await destroy(kept, resource("cluster", { protect: true }));
            assert.deepEqual(
                [end.ok || end.because, end.ok || end.problems?.map(({ problem }) => problem), calls],
                ["wrongInput", ["protects what would be deleted: Y cluster (cluster)."], []],
            );
        });
    });

    it("reports what a preview found where it is asked to, also where that failed", async () => {
        const end = await preview("exit 255", undefined, { report: true });
        assert.deepEqual([end.ok, end.report], [false, { changes: [], risks: [], findings: [], outputsChange: false }]);
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
