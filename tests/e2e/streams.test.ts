import assert from "node:assert/strict";
import { scalar, stores, warnings } from "../../clients/thanos";
import { LOCAL_STORAGE_CLASS } from "../../components/naming/names";
import { runOperation } from "../../engine/operation";
import { stackConfig } from "../../local/fleet/settings";
import { eventually } from "../support/eventually";
import { localStack } from "../support/localStack";
import { frontend, targetOf } from "../support/runningFleet";

describe("a cluster that moves to a stream which others share", () => {
    let base: string;
    const history = 'count(last_over_time(shop_orders_total{cluster="blue"}[30d] offset 7d))';
    const deploy = async (stack: "observer" | "blue", config: Record<string, unknown> = {}) =>
        (await runOperation(await localStack(stack, { config }), "up")).counts;
    /** The Stores that answer for blue, by their address. */
    const storesOfBlue = async () =>
        (await stores(base)).filter((s) => s.kind === "store" && s.labelSets.some((labels) => labels.cluster === "blue"));

    before(async () => {
        base = await frontend();
        const settings = { target: await targetOf("observer"), chart: "", storageClass: LOCAL_STORAGE_CLASS };
        assert.ok((stackConfig("observer", settings).observees as { name: string }[]).some(({ name }) => name === "blue"));
    });

    it("may not leave its history without Store and Compact", async () => {
        await assert.rejects(deploy("observer", { streams: [{ name: "small", writers: ["blue"] }] }), (error: Error) => {
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
        await deploy("observer", { streams });
        await deploy("blue");
        await eventually("a second Store has blocks of blue", 420, async () => assert.equal((await storesOfBlue()).length, 2));
        assert.equal(await scalar(base, history), known);
        assert.equal(await scalar(base, jobs), scraped);
        assert.deepEqual(await warnings(base, history), []);
    });

    it("returns, and the shared stream stays for what it holds", async () => {
        await deploy("observer", { streams: [{ name: "small", writers: [] }] });
        await deploy("blue");
        await assert.doesNotReject(deploy("observer"));
        await eventually("only the Store of its own stream answers for blue", 180, async () =>
            assert.equal((await storesOfBlue()).length, 1),
        );
    });
});
