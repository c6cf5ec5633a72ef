import assert from "node:assert/strict";
import { characters, decide, idOutputs, make } from "../../../../../local/offline/standins/random";
import { type Bag, SECRET, SIGNATURE } from "../../../../../local/offline/standins/secretValues";

describe("random values", () => {
    it("have the wanted length and only the wanted characters", () => {
        assert.match(characters({ length: 40, special: false }), /^[A-Za-z0-9]{40}$/);
        assert.match(characters({ length: 12, lower: false, upper: false, special: false, minNumeric: 2 }), /^[0-9]{12}$/);
        assert.throws(() => characters({ length: 2, minLower: 3 }), {
            message: "length: 2 is less than the 3 characters that are required. Set at least that.",
        });
    });

    it("are secret when they are passwords", () => {
        const { id, outputs } = make("random:index/randomPassword:RandomPassword", { length: 8 });
        assert.equal(id, "none");
        assert.equal((outputs.result as Bag)[SIGNATURE], SECRET);
    });

    it("have every encoding of an id", () => {
        assert.deepEqual(idOutputs(Buffer.from([1, 255]), "p-"), {
            id: "Af8",
            outputs: { b64Url: "p-Af8", b64Std: "p-Af8=", hex: "p-01ff", dec: "p-511" },
        });
    });

    it("are generated anew for any changed input, and only then", () => {
        assert.deepEqual(decide({ length: 8, keepers: { a: "1" } }, { length: 8, keepers: { a: "2" } }).replaces, ["keepers.a"]);
        assert.deepEqual(decide({ length: 8 }, { length: 8, special: false }).replaces, ["special"]);
        assert.deepEqual(decide({ length: 8 }, { length: 8 }).changes, []);
    });
});
