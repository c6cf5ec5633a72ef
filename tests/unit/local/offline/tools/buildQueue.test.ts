import assert from "node:assert/strict";
import { inBuildOrder, remainingSeconds, roughly } from "../../../../../local/offline/tools/buildQueue";

describe("the queue of builds", () => {
    it("starts with the small builds, from the smallest, and then goes from the largest down", () => {
        const order = inBuildOrder([200, 10, 480, 60, 300].map((cpuSeconds) => ({ cpuSeconds })));
        assert.deepEqual(
            order.map((b) => b.cpuSeconds),
            [10, 60, 480, 300, 200],
        );
    });

    it("expects all cores to be busy as long as nothing is known", () => {
        const builds = [
            { cpuSeconds: 600, done: 0 },
            { cpuSeconds: 300, done: 0 },
        ];
        assert.equal(remainingSeconds(builds, 0, 2), 450);
    });

    it("follows the speed that was seen", () => {
        // After five minutes half of the work is done, whatever two cores should have done.
        const builds = [
            { cpuSeconds: 400, done: 1 },
            { cpuSeconds: 200, done: 0.5 },
            { cpuSeconds: 400, done: 0 },
        ];
        assert.equal(Math.round(remainingSeconds(builds, 300, 2)), 295);
        // The same work on a machine that is four times slower.
        assert.equal(Math.round(remainingSeconds(builds, 1200, 2)), 1098);
    });

    it("has nothing left when all is done", () => assert.equal(remainingSeconds([{ cpuSeconds: 400, done: 1 }], 300, 2), 0));

    it("is said in minutes", () => assert.deepEqual([20, 60, 700].map(roughly), ["less than a minute", "about 1 min", "about 12 min"]));
});
