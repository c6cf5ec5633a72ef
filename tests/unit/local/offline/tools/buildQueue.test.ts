import assert from "node:assert/strict";
import { expectedPace, inBuildOrder, nextPace, type Pace, remainingSeconds, roughly } from "../../../../../local/offline/tools/buildQueue";

describe("the queue of builds", () => {
    it("starts with the small builds, from the smallest, and then goes from the largest down", () => {
        const order = inBuildOrder([200, 10, 480, 60, 300].map((cpuSeconds) => ({ cpuSeconds })));
        assert.deepEqual(
            order.map((b) => b.cpuSeconds),
            [10, 60, 480, 300, 200],
        );
    });

    const half = [
        { cpuSeconds: 400, done: 1 },
        { cpuSeconds: 200, done: 0.5 },
        { cpuSeconds: 500, done: 0 },
    ];

    it("expects all cores to be busy as long as nothing is known", () => assert.equal(remainingSeconds(half, expectedPace(2)), 300));

    it("is not misled by a slow first minute", () => {
        const slowStart = nextPace(nextPace(expectedPace(2), 20, 30), 20, 30);
        assert.equal(Math.round(remainingSeconds(half, slowStart)), 359);
    });

    it("follows the pace of the last minutes", () => {
        const steady = (pace: Pace, perSecond: number, times: number) =>
            Array.from({ length: times }).reduce<Pace>((p) => nextPace(p, 30 * perSecond, 30), pace);
        const slow = steady(expectedPace(2), 0.5, 20);
        assert.equal(Math.round(remainingSeconds(half, slow)), 1073);
        // Another program has ended: after four minutes the estimate has come most of the way from 1200 to 300.
        assert.equal(Math.round(remainingSeconds(half, steady(slow, 2, 8))), 366);
    });

    it("has nothing left when all is done", () => assert.equal(remainingSeconds([{ cpuSeconds: 400, done: 1 }], expectedPace(2)), 0));

    it("is said in minutes", () => assert.deepEqual([20, 60, 700].map(roughly), ["less than a minute", "about 1 min", "about 12 min"]));
});
