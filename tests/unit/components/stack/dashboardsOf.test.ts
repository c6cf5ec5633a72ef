import assert from "node:assert/strict";
import { factsOf } from "../../../../components/stack/dashboardsOf";
import { loadConfig } from "../../../../config/load";
import { observerConfig } from "../../../support/testFleet";

describe("what dashboards know of the fleet", () => {
    it("has every Store of a stream that several share", () => {
        const config = loadConfig({ ...observerConfig("aws"), store: { shards: 2 } });
        assert.ok(config.role === "observer");
        const { stores } = factsOf(config, "2027-11-22T00:00:00Z");
        assert.deepEqual(stores.filter((store) => store.includes("blue")).length, 2);
        assert.deepEqual(new Set(stores).size, stores.length);
    });
});
