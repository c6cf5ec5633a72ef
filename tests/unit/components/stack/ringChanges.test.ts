import assert from "node:assert/strict";
import { ringChanges, ringSettingsOf } from "../../../../components/stack/ringChanges";
import { loadConfig } from "../../../../config/load";
import type { ObserverConfig } from "../../../../config/schema";
import { problemText } from "../../../../rules/problem";
import { observerConfig } from "../../../support/testFleet";

const observer = (receive: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    loadConfig(observerConfig("local", { receive, ...more })) as ObserverConfig;

const refused = (before: ObserverConfig, now: ObserverConfig) => ringChanges(ringSettingsOf(before), now).map(problemText);

describe("fewer ingesters", () => {
    const six = observer({ ingesters: 6 });

    it("are refused while they get samples", () =>
        assert.deepEqual(refused(six, observer({ ingesters: 4 })), [
            "receive.ingesters: 6 ingesters get samples now, and 4 would be left: the others would take the only copies of some samples with them. " +
                "Write receive.leaving: 2. These get no more samples and still answer; set it to 0 when their samples are in the bucket, or older than receive.retention (7d).",
        ]));

    it("are accepted where the others leave the ring, all of them", () => {
        assert.deepEqual(refused(six, observer({ ingesters: 4, leaving: 2 })), []);
        assert.equal(refused(six, observer({ ingesters: 4, leaving: 1 })).length, 1);
    });

    it("are accepted once the others have left it", () =>
        assert.deepEqual(refused(observer({ ingesters: 4, leaving: 2 }), observer({ ingesters: 4 })), []));

    it("are refused where only some of them have left it", () =>
        assert.equal(refused(observer({ ingesters: 4, leaving: 2 }), observer({ ingesters: 3 })).length, 1));

    it("are accepted with the last cluster that writes: Receive goes with it", () =>
        assert.deepEqual(refused(six, observer({ ingesters: 3 }, { observees: [{ name: "blue", mode: "sidecar" }] })), []));

    it("are not compared with a stack that had no Receive", () =>
        assert.deepEqual(refused(observer({}, { observees: [] }), observer({ ingesters: 3 })), []));
});
