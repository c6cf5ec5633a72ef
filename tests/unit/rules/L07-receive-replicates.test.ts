import assert from "node:assert/strict";
import { receiveReplicates as rule } from "../../../rules/L07-receive-replicates";
import { NOTHING } from "../../../rules/model";
import { problemText } from "../../../rules/problem";
import { type Overrides, thresholdsOf } from "../../../rules/rule";

function problemsOf(replicationFactor: number, ingesters: number | undefined, overrides: Overrides = {}, version?: string) {
    const receive = {
        path: "r",
        replicationFactor,
        ...(version && { version }),
        rings: ingesters === undefined ? [] : [{ path: "r", ingesters }],
    };
    return rule.check({ ...NOTHING, receives: [receive] }, thresholdsOf(rule, overrides));
}

describe("rule L7, receive-replicates", () => {
    it("reports too few copies and too few ingesters of its bad example", () =>
        assert.deepEqual(rule.check(rule.bad, thresholdsOf(rule)).map(problemText), [
            "receive.replicationFactor: 1 is less than 3. A lost ingester is lost data. Set --receive.replication-factor to 3 on every router.",
            "receive-two.rings[1].ingesters: 2 cannot hold 3 copies of a sample. Receive refuses the hashring and accepts no sample. Run at least 3 ingesters.",
            "receive-three.zones: zones with 1, 3 ingesters have no place for 4 copies of a sample. Receive looks for one for ever and is never ready. Run equally many ingesters in each zone.",
        ]));

    it("allows more ingesters than copies", () => assert.deepEqual(problemsOf(3, 6), []));
    it("does not count ingesters whose number is not known", () => assert.deepEqual(problemsOf(3, undefined), []));
    it("allows two copies where the threshold says so", () => assert.deepEqual(problemsOf(2, 2, { minReplicationFactor: 2 }), []));
    it("reports both problems at once", () =>
        assert.deepEqual(
            problemsOf(2, 1).map(({ path }) => path),
            ["r.replicationFactor", "r.ingesters"],
        ));

    it("reports zones in which Thanos would look for ever for the place of a copy, and no others", () => {
        const reported = (replicationFactor: number, perZone: number[]) => {
            const ring = { path: "r", ingesters: perZone.reduce((a, b) => a + b), perZone };
            const model = { ...NOTHING, receives: [{ path: "r", replicationFactor, rings: [ring] }] };
            return rule.check(model, thresholdsOf(rule)).some(({ path }) => path === "r.zones");
        };
        for (const replicationFactor of [3, 4, 5, 6, 7])
            for (const perZone of zonesOf(4, 4)) {
                const enough = perZone.reduce((a, b) => a + b) >= replicationFactor;
                const endless = enough && perZone.length > 1 && !placesAll(replicationFactor, perZone);
                assert.equal(reported(replicationFactor, perZone), endless, `${replicationFactor} copies, ${perZone} ingesters`);
            }
    });

    it("reports zones that hashmod does not know, by the flag or by the file, instead of their size", () => {
        const zones = (flag: string | undefined, algorithm?: string) => {
            const ring = { path: "r", ingesters: 4, perZone: [1, 3], ...(algorithm && { algorithm }) };
            const sending = flag && { sending: { algorithm: flag, protocol: "protobuf", stores: false } };
            const model = { ...NOTHING, receives: [{ path: "r", replicationFactor: 4, rings: [ring], ...sending }] };
            return rule.check(model, thresholdsOf(rule)).map(({ problem }) => problem.split(" ")[0]);
        };
        assert.deepEqual([zones("hashmod"), zones("ketama", "hashmod")], [["hashmod"], ["hashmod"]]);
        assert.deepEqual([zones("ketama"), zones("hashmod", "ketama"), zones(undefined)], [["zones"], ["zones"], ["zones"]]);
    });

    const consequences: [number, Overrides, string][] = [
        [2, {}, "2 is less than 3. A write succeeds when one copy is stored."],
        [3, { minReplicationFactor: 5 }, "3 is less than 5. Thanos would accept it; this threshold does not."],
    ];
    it("says what replication factor 2 leads to before Thanos 0.37", () =>
        assert.deepEqual(
            ["0.36.1", "0.37.0"].map((version) => problemsOf(2, undefined, {}, version)[0]?.problem),
            [
                "2 is less than 3. A write succeeds when both copies are stored: while an ingester is down, samples for it are refused.",
                "2 is less than 3. A write succeeds when one copy is stored.",
            ],
        ));

    for (const [factor, overrides, problem] of consequences)
        it(`says what replication factor ${factor} leads to`, () =>
            assert.deepEqual(
                problemsOf(factor, undefined, overrides).map((found) => found.problem),
                [problem],
            ));
});

/** Every way to have 1 to `most` ingesters in each of 1 to `zones` zones. */
const zonesOf = (zones: number, most: number): number[][] =>
    counts(most).flatMap((first) => [[first], ...(zones > 1 ? zonesOf(zones - 1, most).map((rest) => [first, ...rest]) : [])]);
const counts = (most: number) => Array.from({ length: most }, (_, i) => i + 1);

/** Thanos's own loop (pkg/receive/hashring.go, calculateSectionReplicas), over a ring with every ingester in turn: whether it comes to an end. */
function placesAll(replicationFactor: number, perZone: number[]): boolean {
    const ring = perZone.flatMap((ingesters, zone) => Array.from({ length: ingesters }, (_, i) => ({ zone, id: `${zone}/${i}` })));
    const replicas = new Set<string>();
    const spread = perZone.map(() => 0);
    for (let rounds = 0; rounds <= replicationFactor; rounds++)
        for (const { zone, id } of ring) {
            const here = spread[zone] ?? 0;
            if (replicas.size === replicationFactor || replicas.has(id) || (here > 0 && here > Math.min(...spread))) continue;
            replicas.add(id);
            spread[zone] = here + 1;
        }
    return replicas.size === replicationFactor;
}
