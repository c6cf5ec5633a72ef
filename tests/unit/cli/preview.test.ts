import assert from "node:assert/strict";
import { join } from "node:path";
import { exitOf } from "../../../cli/preview";
import { NO_CHANGES } from "../../../engine/counts";
import type { StackPreview } from "../../../rollout/preview";
import { ROOT } from "../../support/root";
import { run } from "../../support/run";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const preview = (more: Partial<StackPreview> = {}): StackPreview => ({
    name: "blue",
    role: "observee",
    state: "previewed",
    counts: NO_CHANGES,
    changes: [],
    risks: [],
    findings: [],
    outputsChange: false,
    ...more,
});
const failed = (because: NonNullable<StackPreview["because"]>) => preview({ state: "failed", because });
const updated = preview({ counts: { ...NO_CHANGES, updated: 1 } });

describe("thanos-fleet preview", () => {
    it("ends with what stops a pipeline first", () => {
        const previews = [preview({ state: "refused" }), preview({ state: "unknown" }), failed("wrongInput"), failed("failed")];
        assert.deepEqual(
            previews.map((_, i) => exitOf(previews.slice(0, i + 1), false)),
            ["policy", "noStack", "wrongInput", "failed"],
        );
    });

    it("ends well where stacks change, or wait for another one, if nobody expects otherwise", () => {
        for (const stack of [updated, preview({ state: "waits", provisional: "observer" }), preview({ provisional: "observer" })])
            assert.deepEqual([exitOf([stack], false), exitOf([stack], true)], ["done", "changesFound"]);
        assert.equal(exitOf([preview()], true), "done");
        assert.equal(exitOf([updated, failed("failed")], true), "failed");
    });

    it("refuses a page that cannot be written before it looks at any stack", async function () {
        this.timeout(120_000);
        const directory = temporaryDirectory();
        for (const [out, problem] of [
            [directory, "is a directory. Name a file."],
            [join(directory, "none", "page.md"), "is in no directory that exists. Make the directory, or name another one."],
        ] as const) {
            const args = ["cli/thanos-fleet.js", "preview", "-C", join(directory, "nowhere"), "--out", out];
            const { code, output } = await run(process.execPath, args, { env: process.env, cwd: ROOT, within: 60 });
            assert.deepEqual(
                { code, output: output.trim() },
                { code: 2, output: `command line: 1 problem. Nothing was changed.\n  --out ${out}: ${problem}` },
            );
        }
    });
});
