import assert from "node:assert/strict";
import { estimate, timesIn } from "../../../rollout/estimate";
import type { RolloutEvent } from "../../../rollout/journal";
import type { Recorded } from "../../../rollout/journalStore";

const counts = { created: 0, updated: 1, replaced: 0, deleted: 0, same: 0 };
const at = (seconds: number, event: RolloutEvent): Recorded => ({ time: new Date(seconds * 1000).toISOString(), ...event });
/** An update of this length, in seconds. */
const update = (stack: string, seconds: number): Recorded[] => [
    at(0, { event: "updating", stack }),
    at(seconds, { event: "updated", stack, counts }),
];

describe("how long a step of a stack takes", () => {
    it("is the median of the stack's own times", () => {
        const times = timesIn([update("blue", 10), update("blue", 90), update("blue", 20), update("red", 1000)]);
        assert.equal(times("blue", "update"), 20_000);
    });

    it("is the median of all, of a stack that was not seen yet", () => {
        const times = timesIn([[...update("blue", 10), ...update("red", 30), ...update("green", 20)]]);
        assert.equal(times("new", "update"), 20_000);
    });

    it("is not known of what failed, was killed or never ran", () => {
        const failed: RolloutEvent = { event: "failed", stack: "blue", operation: "up", because: "failed", message: "", counts };
        const times = timesIn([
            [at(0, { event: "updating", stack: "blue" }), at(5, failed)],
            [at(0, { event: "updating", stack: "blue" })],
        ]);
        assert.equal(times("blue", "update"), undefined);
        assert.equal(times("blue", "preview"), undefined);
    });

    it("begins anew where a killed run had begun it", () => {
        const again = [
            at(0, { event: "updating", stack: "blue" }),
            at(100, { event: "updating", stack: "blue" }),
            at(110, { event: "updated", stack: "blue", counts }),
        ];
        assert.equal(timesIn([again as Recorded[]])("blue", "update"), 10_000);
    });
});

describe("how long a rollout takes", () => {
    const waves = [["observer"], ["a", "b", "c"]].map((stacks) => ({ stacks, why: "" }));
    const lengths: Record<string, number> = { observer: 60, a: 10, b: 40, c: 20 };

    it("is that of its waves, of which so many stacks run at the same time, and of its gates", () => {
        const times = (stack: string) => lengths[stack];
        // Of the second wave, c begins when a has ended.
        assert.equal(estimate(waves, ["update"], times, { parallel: 2, soak: 0 }), 60 + 40);
        assert.equal(estimate(waves, ["update"], times, { parallel: 1, soak: 5 }), 60 + 70 + 2 * 5);
        assert.equal(estimate(waves, ["preview", "update"], times, { parallel: 3, soak: 0 }), 2 * (60 + 40));
    });

    it("is not known where the time of a stack is not", () =>
        assert.equal(
            estimate(waves, ["update"], (stack) => (stack === "c" ? undefined : 1), { parallel: 2, soak: 0 }),
            undefined,
        ));
});
