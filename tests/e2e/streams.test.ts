import assert from "node:assert/strict";
import { scalar, stores, warnings } from "../../clients/thanos";
import { eventually } from "../support/eventually";
import { frontend } from "../support/runningFleet";
import { deploy, GROWN } from "../support/steadyWrites";

/** Last but for the removal of the fleet: what blue uploads meanwhile is in a stream that nobody serves in the end. */
describe("a cluster that moves to a stream which others share", () => {
    let base: string;
    const history = 'count(last_over_time(shop_orders_total{cluster="blue"}[30d] offset 7d))';
    /** The Stores that answer for blue, by their address. */
    const storesOfBlue = async () =>
        (await stores(base)).filter((s) => s.kind === "store" && s.labelSets.some((labels) => labels.cluster === "blue"));

    before(async () => {
        base = await frontend();
    });

    it("may not leave its history without Store and Compact", async () => {
        await assert.rejects(deploy("observer", { ...GROWN, streams: [{ name: "small", writers: ["blue"] }] }), (error: Error) => {
            assert.match(error.message, /streams: blue is gone: .* Add \{name: blue, writers: \[\]\}\./);
            return true;
        });
    });

    it("uploads there after the next update, while its history and its recent samples are answered as before", async () => {
        const known = await scalar(base, history);
        assert.ok(known > 0);
        // By job: restarted pods have new addresses, and the old ones are answered for five more minutes.
        const jobs = 'count(count by (job) (up{cluster="blue"}))';
        const scraped = await scalar(base, jobs);
        const streams = [
            { name: "small", writers: ["blue"] },
            { name: "blue", writers: [] },
        ];
        await deploy("observer", { ...GROWN, streams });
        await deploy("blue", {});
        await eventually("a second Store has blocks of blue", 420, async () => assert.equal((await storesOfBlue()).length, 2));
        assert.equal(await scalar(base, history), known);
        assert.equal(await scalar(base, jobs), scraped);
        assert.deepEqual(await warnings(base, history), []);
    });

    it("returns, and the shared stream stays for what it holds", async () => {
        await deploy("observer", { ...GROWN, streams: [{ name: "small", writers: [] }] });
        await deploy("blue", {});
        await assert.doesNotReject(deploy("observer", GROWN));
        await eventually("only the Store of its own stream answers for blue", 180, async () =>
            assert.equal((await storesOfBlue()).length, 1),
        );
    });
});
