import assert from "node:assert/strict";
import { exitOf } from "../../../cli/rollout";
import type { Counts } from "../../../engine/counts";
import { goesOnWith, type RolloutEvent, rolloutOf, verdict } from "../../../rollout/journal";

const counts = (updated: number): Counts => ({ created: 0, updated, replaced: 0, deleted: 0, same: 9 });
const waves = [
    { stacks: ["observer"], why: "" },
    { stacks: ["blue", "red"], why: "" },
];
const started: RolloutEvent = { event: "started", command: "up", waves };
const updated = (stack: string, changes = 1): RolloutEvent => ({ event: "updated", stack, counts: counts(changes) });
type Failed = Extract<RolloutEvent, { event: "failed" }>;
const failed = (stack: string, operation: Failed["operation"], because: Failed["because"] = "failed"): RolloutEvent => ({
    event: "failed",
    stack,
    operation,
    because,
    message: "why",
    counts: counts(operation === "preview" ? 3 : 1),
});
const done: RolloutEvent = { event: "ended", how: "done" };
const ended: RolloutEvent = { event: "ended", how: "stopped" };
const cancelled: RolloutEvent = { event: "ended", how: "cancelled" };
/** Verdict and exit of a rollout with these events. */
const of = (...events: RolloutEvent[]) => {
    const rollout = rolloutOf([started, ...events]);
    return [verdict(rollout), exitOf(rollout)];
};

describe("the verdict of a rollout", () => {
    it("names who was changed and who had nothing to change", () =>
        assert.deepEqual(of(updated("observer"), updated("blue", 0), updated("red"), done), [
            "Done: 3 stacks in 2 waves. Changed: observer, red. Had nothing to change: blue.",
            "done",
        ]));

    it("says that nothing was changed where the first preview fails, and exits as the reason demands", () => {
        const sentence = "Stopped in wave 1 of 2: the preview of observer failed. Not changed: observer, blue, red.";
        for (const [because, exit] of [
            ["policy", "policy"],
            ["wrongInput", "wrongInput"],
            ["failed", "failed"],
            ["locked", "failed"],
        ] as const)
            assert.deepEqual(of(failed("observer", "preview", because), ended), [sentence, exit]);
    });

    it("takes a stack whose update failed for changed in part, unless its lock was held or its settings were refused", () => {
        assert.deepEqual(of(failed("observer", "up"), ended), [
            "Stopped in wave 1 of 2: the update of observer failed. Changed in part: observer. Not changed: blue, red.",
            "partlyDone",
        ]);
        for (const because of ["locked", "wrongInput"] as const)
            assert.equal(
                of(failed("observer", "up", because), ended)[0],
                "Stopped in wave 1 of 2: the update of observer failed. Not changed: observer, blue, red.",
            );
    });

    it("exits with partlyDone where a later wave is refused after an earlier one was changed, and not where it had nothing to change", () => {
        assert.equal(of(updated("observer", 1), failed("blue", "preview", "policy"), ended)[1], "partlyDone");
        assert.equal(of(updated("observer", 0), failed("blue", "preview", "policy"), ended)[1], "policy");
    });

    it("names every stack that failed, but not one that was cancelled", () => {
        assert.deepEqual(
            of(updated("observer", 0), failed("blue", "up"), failed("red", "up"), ended)[0],
            [
                "Stopped in wave 2 of 2: the update of blue failed, the update of red failed. Changed in part: blue, red. Had nothing to change: observer.",
            ][0],
        );
        assert.deepEqual(of(updated("observer"), failed("blue", "up", "cancelled"), cancelled), [
            "Cancelled in wave 2 of 2. Changed: observer. Changed in part: blue. Not changed: red.",
            "cancelled",
        ]);
    });

    it("names the gate that refused, or that it waits at", () => {
        const wave1 = [updated("observer"), { event: "gateBegun", wave: 1 }] as RolloutEvent[];
        const changed = "Changed: observer. Not changed: blue, red.";
        assert.deepEqual(of(...wave1, { event: "gateRefused", wave: 1, why: "firing: A in blue" }, ended), [
            `Stopped at the gate after wave 1 of 2: firing: A in blue. ${changed}`,
            "gateFailed",
        ]);
        assert.deepEqual(of(...wave1, cancelled), [`Cancelled at the gate after wave 1 of 2. ${changed}`, "cancelled"]);
        assert.equal(of(...wave1)[0], `Not ended: at the gate after wave 1 of 2. ${changed}`);
        assert.equal(of(...wave1, { event: "gatePassed", wave: 1 })[0], `Not ended: in wave 2 of 2. ${changed}`);
    });

    it("of a run that was killed before it could say that it is done", () =>
        assert.equal(
            of(updated("observer"), updated("blue"), updated("red"))[0],
            "Not ended: after wave 2 of 2. Changed: observer, blue, red.",
        ));

    it("leaves out what only another version of this program knows", () => {
        const unknown = { event: "invented", stack: "blue" } as unknown as RolloutEvent;
        assert.deepEqual(
            of(unknown, updated("observer"), updated("blue"), updated("red"), done),
            of(updated("observer"), updated("blue"), updated("red"), done),
        );
    });

    it("of a run that was killed says where it was", () =>
        assert.equal(
            of(updated("observer"), { event: "updating", stack: "blue" })[0],
            "Not ended: in wave 2 of 2. Changed: observer. Changed in part: blue. Not changed: red.",
        ));

    it("of a destruction says who was taken down, in part or not, and exits as one of an update", () => {
        const destroy = (...events: RolloutEvent[]) => of({ event: "started", command: "destroy", waves: [...waves].reverse() }, ...events);
        const destroyed = (stack: string, changes: number): RolloutEvent => ({ event: "destroyed", stack, counts: counts(changes) });
        assert.deepEqual(destroy(destroyed("blue", 4), destroyed("red", 0), destroyed("observer", 7), done), [
            "Done: 3 stacks in 2 waves. Taken down: blue, observer. Had nothing to take down: red.",
            "done",
        ]);
        assert.deepEqual(destroy(destroyed("blue", 4), failed("red", "destroy"), ended), [
            "Stopped in wave 1 of 2: the destroy of red failed. Taken down: blue. Taken down in part: red. Not taken down: observer.",
            "partlyDone",
        ]);
        assert.deepEqual(destroy(failed("blue", "destroy", "wrongInput"), ended), [
            "Stopped in wave 1 of 2: the destroy of blue failed. Not taken down: blue, red, observer.",
            "wrongInput",
        ]);
        assert.equal(
            destroy({ event: "destroying", stack: "blue" })[0],
            "Not ended: in wave 1 of 2. Taken down in part: blue. Not taken down: red, observer.",
        );
    });

    it("begins anew where a run goes on", () =>
        assert.equal(
            of(updated("observer"), failed("blue", "up"), ended, started)[0],
            "Not ended: in wave 1 of 2. Not changed: observer, blue, red.",
        ));
});

describe("what no gate has passed yet", () => {
    const passed: RolloutEvent = { event: "gatePassed", wave: 1 };
    const refused: RolloutEvent = { event: "gateRefused", wave: 1, why: "why" };
    const unproven = (...events: RolloutEvent[]) => [...rolloutOf([started, ...events]).unproven];

    it("is what was changed, whole or in part", () => {
        assert.deepEqual(unproven(updated("observer", 0)), []);
        assert.deepEqual(unproven(updated("observer"), failed("blue", "up"), failed("red", "preview")), ["observer", "blue"]);
    });

    it("is no more what this run was done with when a gate passed", () => {
        assert.deepEqual(unproven(updated("observer"), passed, updated("blue")), ["blue"]);
        assert.deepEqual(unproven(updated("observer"), failed("blue", "up"), passed), ["blue"]);
    });

    it("stays so in the next run, which finds nothing to change, and may be what a killed one was at", () => {
        assert.deepEqual(unproven(updated("observer"), refused, ended, started, updated("observer", 0)), ["observer"]);
        assert.deepEqual(unproven({ event: "updating", stack: "observer" }, started, updated("observer", 0)), ["observer"]);
    });
});

describe("the evidence before a rollout", () => {
    const before = { clusters: ["blue"], alerts: ["FleetVolumeNearlyFull in blue"], failedUploads: [], warnings: [] };

    it("is that of its first run, also in those that go on", () =>
        assert.deepEqual(rolloutOf([{ event: "evidence", ...before }, started, updated("observer"), ended, started]).before, before));

    it("is newer where somebody has accepted what is not well", () => {
        const accepted = { ...before, alerts: [] };
        assert.deepEqual(
            rolloutOf([{ event: "evidence", ...before }, started, ended, { event: "evidence", ...accepted }, started]).before,
            accepted,
        );
    });
});

describe("a rollout is gone on with", () => {
    const left = (...events: RolloutEvent[]) => rolloutOf([started, ...events]);
    const all = ["red", "blue", "observer"];

    it("by a run of the same command and stacks, until it is done", () => {
        assert.equal(goesOnWith(left(ended), "up", all), true);
        assert.equal(goesOnWith(left(), "up", all), true);
        assert.equal(goesOnWith(left(done), "up", all), false);
        assert.equal(goesOnWith(left(ended), "destroy", all), false);
        assert.equal(goesOnWith(left(ended), "up", ["blue"]), false);
        assert.equal(goesOnWith(left(ended), "up", ["red", "blue", "green"]), false);
    });
});
