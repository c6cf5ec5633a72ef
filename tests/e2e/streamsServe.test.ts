import assert from "node:assert/strict";
import { scalar, stores, warnings } from "../../clients/thanos";
import { deploy, GROWN } from "../support/changesUnderLoad";
import { eventually } from "../support/eventually";
import { frontend } from "../support/runningFleet";

/** Last but for the removal of the fleet: what blue uploads meanwhile is in a stream that nobody serves in the end. */
describe("a stream to which a cluster has moved (streamsMove.test.ts)", () => {
    let base: string;
    /** The Stores that answer for blue. */
    const storesOfBlue = async () =>
        (await stores(base)).filter((s) => s.kind === "store" && s.labelSets.some((labels) => labels.cluster === "blue")).length;

    before(async () => {
        base = await frontend();
    });

    it("serves the cluster's new blocks, beside the Store of its history", async () => {
        await eventually("a second Store has blocks of blue", 420, async () => assert.equal(await storesOfBlue(), 2));
        const seriesOf = (cluster: string) => scalar(base, `count(last_over_time(shop_orders_total{cluster="${cluster}"}[30d] offset 7d))`);
        assert.ok((await seriesOf("blue")) > 0);
        assert.equal(await seriesOf("blue"), await seriesOf("red"));
        // By job: restarted pods have new addresses, and the old ones are answered for five more minutes.
        const jobsOf = (cluster: string) => scalar(base, `count(count by (job) (up{cluster="${cluster}"}))`);
        assert.equal(await jobsOf("blue"), await jobsOf("red"));
        for (const promql of ['up{cluster="blue"}[1h]', 'count(last_over_time(shop_orders_total{cluster="blue"}[30d] offset 7d))'])
            assert.deepEqual(await warnings(base, promql), []);
    });

    it("stays for what it holds when the cluster returns", async () => {
        await deploy("observer", { ...GROWN, streams: [{ name: "small", writers: [] }] });
        await deploy("blue", {});
        await assert.doesNotReject(deploy("observer", GROWN));
        await eventually("only the Store of its own stream answers for blue", 180, async () => assert.equal(await storesOfBlue(), 1));
    });
});
