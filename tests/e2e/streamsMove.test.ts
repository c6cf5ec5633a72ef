import assert from "node:assert/strict";
import { scalar, warnings } from "../../clients/thanos";
import { deploy, GROWN } from "../support/changesUnderLoad";
import { frontend } from "../support/runningFleet";

/**
 * After everything that looks for blue's blocks in blue's own stream. streamsServe.test.ts goes on with what takes minutes: until the first block is cut, suites
 * that need no fleet run.
 */
describe("a cluster that moves to a stream which others share", () => {
    const streams = [{ name: "small", writers: ["blue"] }];

    it("may not leave its history without Store and Compact", async () => {
        await assert.rejects(deploy("observer", { ...GROWN, streams }), (error: Error) => {
            assert.match(error.message, /streams: blue is gone: .* Add \{name: blue, writers: \[\]\}\./);
            return true;
        });
    });

    it("uploads there after the next update, while its history is answered as before", async () => {
        const base = await frontend();
        const history = 'count(last_over_time(shop_orders_total{cluster="blue"}[30d] offset 7d))';
        const known = await scalar(base, history);
        assert.ok(known > 0);
        await deploy("observer", { ...GROWN, streams: [...streams, { name: "blue", writers: [] }] });
        await deploy("blue", {});
        assert.equal(await scalar(base, history), known);
        assert.deepEqual(await warnings(base, history), []);
    });
});
