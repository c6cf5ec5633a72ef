import assert from "node:assert/strict";
import { npmStart } from "../support/run";

describe("npm start", () => {
    before("removes what an earlier run left", async () => assert.equal((await npmStart(["--down"], { within: 120 })).code, 0));

    it("shows the plan within 10 s, and exits without a stack trace on Ctrl-C", async () => {
        const { code, output, seenAfter } = await npmStart([], {
            within: 3600,
            seen: /red +sidecar-remote-write +\d+ resources/,
            interruptAt: /Deploy observer +\.\.\. .*thanos-receive/,
        });
        // `thanos-fleet local` exits with 8; npm ends by the signal that it has received, too.
        assert.equal(code, 130, output);
        assert.ok(seenAfter !== undefined && seenAfter < 10, `plan after ${seenAfter} s`);
        assert.doesNotMatch(output, /\n +at /);
        // On a new machine this builds every tool.
    }).timeout(4_000_000);

    it("continues after Ctrl-C, and ends with a fleet that answers", async () => {
        const { code, output } = await npmStart([], { within: 1200 });
        assert.equal(code, 0, output);
        assert.match(output, /Check +ok .*observer \d+ up · .*replicas deduplicated .*history back to \d{4}-\d\d-\d\d/);
        assert.match(output, /Open +http:/);
        assert.match(output, /Stop +npm start -- --down/);
    });

    it("changes nothing when it is run again", async () => {
        const { code, output } = await npmStart(["--json"], { within: 300 });
        assert.equal(code, 0, output);
        const events = output
            .split("\n")
            .filter((line) => line.startsWith("{"))
            .map((line) => JSON.parse(line) as { event: string; stack?: string; counts?: Record<string, number> });
        const deployed = events.filter((e) => e.event === "deployed").map(({ stack, counts }) => ({ stack, ...counts, same: undefined }));
        const none = { created: 0, updated: 0, replaced: 0, deleted: 0, same: undefined };
        assert.deepEqual(deployed, [
            { stack: "observer", ...none },
            { stack: "blue", ...none },
            { stack: "red", ...none },
        ]);
    });
});
