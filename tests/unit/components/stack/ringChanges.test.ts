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

    it("are told to stay until Stores answer for their samples", () => {
        const now = observer({ ingesters: 4 }, { store: { minAge: "22h" } });
        assert.match(
            refused(six, now).join(),
            /when their samples are in the bucket and older than store\.minAge \(22h\), or older than receive\.retention \(7d\)\.$/,
        );
    });

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

describe("a ring", () => {
    const OBSERVEES = ["red", "gold"].map((name) => ({ name, mode: "sidecar-remote-write", archived: false }));
    const rings = (list: Record<string, unknown>[], receive: Record<string, unknown> = {}, observees: object[] = OBSERVEES) =>
        observer({ ...receive, rings: list }, { observees });
    const big = { name: "big", tenants: ["gold"] };
    const leaving = { name: "big", tenants: [] };

    it("is not removed while it gets samples", () =>
        assert.deepEqual(refused(rings([big]), rings([])), [
            "receive.rings: ring big would go, and with its 3 ingesters the only copies of some samples. " +
                "List it with tenants: [] and deploy that; remove it when its samples are in the bucket, or older than receive.retention (7d).",
        ]));

    it("may be removed once it was deployed without tenants, or with archived ones only", () => {
        assert.deepEqual(refused(rings([leaving]), rings([])), []);
        const archived = OBSERVEES.map((observee) => ({ ...observee, archived: observee.name === "gold" }));
        assert.deepEqual(refused(rings([big], {}, archived), rings([], {}, archived)), []);
    });

    it("may lose its tenants to another one, and have another place in the list", () => {
        assert.deepEqual(refused(rings([big]), rings([{ name: "new", tenants: ["gold"] }, leaving])), []);
        assert.deepEqual(refused(rings([]), rings([{ name: "new", tenants: ["red", "gold"] }])), []);
    });

    it("is not made smaller while it gets samples", () =>
        assert.deepEqual(
            refused(rings([{ ...big, ingesters: 6 }]), rings([leaving, { ...big, name: "new" }])).map((text) => text.split(" get ")[0]),
            ["receive.rings[0].ingesters: 6 ingesters"],
        ));

    it("that all share is not removed while it gets samples, and may be once it gets none", () => {
        const all = { name: "big", tenants: ["red", "gold"], ingesters: 3 };
        assert.deepEqual(refused(rings([big]), rings([all], { ingesters: 0 })), [
            "receive.ingesters: the shared ring would go, and with its 3 ingesters the only copies of some samples. " +
                "Write 3, with every tenant in another ring, and deploy that; remove it when its samples are in the bucket, or older than receive.retention (7d).",
        ]);
        assert.deepEqual(refused(rings([all]), rings([all], { ingesters: 0 })), []);
    });
});

describe("the zones of a ring", () => {
    const ZONES = ["a", "b", "c"];
    const zoned = (zones: string[], more: Record<string, unknown> = {}) => observer({ zones, ...more });

    it("are not changed, and not given to a ring that was deployed without them", () => {
        const remedy = (now: string) =>
            `Write ${now} here. For other zones, add a ring with them to receive.rings, let it list the tenants, and let this ring go as docs/configuration.md says.`;
        assert.deepEqual(refused(observer({}), zoned(ZONES)), [
            `receive.zones: the ingesters are in no zones of their own, and their volumes cannot move. ${remedy("[]")}`,
        ]);
        assert.deepEqual(refused(zoned(ZONES), zoned(["a", "b", "d"])), [
            `receive.zones: the ingesters are in a, b, c, and their volumes cannot move. ${remedy("a, b, c")}`,
        ]);
        assert.equal(refused(zoned(ZONES), observer({})).length, 1);
    });

    it("may be written in another order", () => assert.deepEqual(refused(zoned(ZONES), zoned(["c", "a", "b"])), []));

    it("are those of a new ring, to which tenants move", () => {
        const inZones = { name: "zoned", tenants: ["red"], zones: ZONES, ingesters: 3 };
        assert.deepEqual(refused(observer({}), observer({ rings: [inZones] })), []);
        assert.deepEqual(refused(observer({ rings: [inZones] }), observer({ rings: [inZones], ingesters: 0 })), []);
    });
});
