import assert from "node:assert/strict";
import { scalar, stores, warnings } from "../../clients/thanos";
import { LOCAL_STORAGE_CLASS } from "../../components/naming/names";
import { ConfigError } from "../../config/configError";
import { runOperation } from "../../engine/operation";
import { stackConfig } from "../../local/fleet/settings";
import { eventually } from "../support/eventually";
import { localStack } from "../support/localStack";
import { frontend, targetOf } from "../support/runningFleet";

describe("an observee that is archived", () => {
    let base: string;
    let observees: { name: string; mode: string }[];
    const history = 'count(last_over_time(shop_orders_total{cluster="blue"}[30d] offset 7d))';
    const deploy = async (config: Record<string, unknown>) => runOperation(await localStack("observer", { config }), "up");

    before(async () => {
        base = await frontend();
        const settings = { target: await targetOf("observer"), chart: "", storageClass: LOCAL_STORAGE_CLASS };
        observees = stackConfig("observer", settings).observees as typeof observees;
    });

    it("has to be archived before it is removed: its history would be left without Store and Compact", async () => {
        await assert.rejects(deploy({ observees: observees.filter(({ name }) => name !== "blue") }), (error: Error) => {
            assert.match(error.message, /observees: blue is not listed any more: .* List it with archived: true\./);
            return !(error instanceof ConfigError);
        });
    });

    it("keeps its history, and no answer misses or expects its recent samples", async () => {
        const known = await scalar(base, history);
        assert.ok(known > 0);
        const { counts } = await deploy({ observees: observees.map((o) => ({ ...o, archived: o.name === "blue" })) });
        // Key, request and certificate of the leaf Query; the file of Query's endpoints, the alerts, and the dashboard that counts clusters.
        assert.deepEqual({ ...counts, same: 0 }, { created: 0, updated: 3, replaced: 0, deleted: 3, same: 0 });
        await eventually("Query asks blue no more", 180, async () => {
            const asked = (await stores(base)).filter((s) => s.labelSets.some((labels) => labels.cluster === "blue"));
            assert.deepEqual(
                asked.map(({ kind }) => kind),
                ["store"],
            );
        });
        assert.equal(await scalar(base, history), known);
        assert.deepEqual(await warnings(base, history), []);
    });

    it("returns: with new certificates its recent samples are there again", async () => {
        await deploy({});
        await runOperation(await localStack("blue"), "up");
        await eventually("blue answers with recent samples and without a warning", 180, async () => {
            assert.ok((await scalar(base, 'count(timestamp(up{cluster="blue"}) > time() - 60)')) > 0);
            assert.deepEqual(await warnings(base, "count by (cluster) (up)"), []);
        });
    });
});
