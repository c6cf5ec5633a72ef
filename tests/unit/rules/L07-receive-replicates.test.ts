import assert from "node:assert/strict";
import { receiveReplicates as rule } from "../../../rules/L07-receive-replicates";
import { NOTHING } from "../../../rules/model";
import { problemText } from "../../../rules/problem";
import { type Overrides, thresholdsOf } from "../../../rules/rule";

function problemsOf(replicationFactor: number, ingesters: number | undefined, overrides: Overrides = {}) {
    const receive = { path: "r", replicationFactor, rings: ingesters === undefined ? [] : [{ path: "r", ingesters }] };
    return rule.check({ ...NOTHING, receives: [receive] }, thresholdsOf(rule, overrides));
}

describe("rule L7, receive-replicates", () => {
    it("reports too few copies and too few ingesters of its bad example", () =>
        assert.deepEqual(rule.check(rule.bad, thresholdsOf(rule)).map(problemText), [
            "receive.replicationFactor: 1 is less than 3. A lost ingester is lost data. Set --receive.replication-factor to 3 on every router.",
            "receive-two.rings[1].ingesters: 2 cannot hold 3 copies of a sample. Receive refuses the hashring and accepts no sample. Run at least 3 ingesters.",
        ]));

    it("allows more ingesters than copies", () => assert.deepEqual(problemsOf(3, 6), []));
    it("does not count ingesters whose number is not known", () => assert.deepEqual(problemsOf(3, undefined), []));
    it("allows two copies where the threshold says so", () => assert.deepEqual(problemsOf(2, 2, { minReplicationFactor: 2 }), []));
    it("reports both problems at once", () =>
        assert.deepEqual(
            problemsOf(2, 1).map(({ path }) => path),
            ["r.replicationFactor", "r.ingesters"],
        ));

    const consequences: [number, Overrides, string][] = [
        [2, {}, "2 is less than 3. A write succeeds when one copy is stored."],
        [3, { minReplicationFactor: 5 }, "3 is less than 5. Thanos would accept it; this threshold does not."],
    ];
    for (const [factor, overrides, problem] of consequences)
        it(`says what replication factor ${factor} leads to`, () =>
            assert.deepEqual(
                problemsOf(factor, undefined, overrides).map((found) => found.problem),
                [problem],
            ));
});
