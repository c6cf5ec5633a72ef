import assert from "node:assert/strict";
import { hasNull, mergeValues } from "../../../../components/prometheus/mergeValues";

describe("values of the user over ours", () => {
    it("merge maps at every depth, replace lists and other values, and keep null", () => {
        const ours = { a: { b: 1, list: [1, 2], kept: true }, scalar: "ours", map: { x: 1 } };
        const theirs = { a: { b: 2, list: [3], more: { deep: 1 } }, scalar: { now: "a map" }, map: null, added: [] };
        assert.deepEqual(mergeValues(ours, theirs), {
            a: { b: 2, list: [3], kept: true, more: { deep: 1 } },
            scalar: { now: "a map" },
            map: null,
            added: [],
        });
        assert.deepEqual(ours, { a: { b: 1, list: [1, 2], kept: true }, scalar: "ours", map: { x: 1 } });
    });

    it("are marked one by one, and ours are not", () =>
        assert.deepEqual(
            mergeValues({ a: { ours: 1 } }, { a: { theirs: [2] }, b: 3 }, (value) => ({ secret: value })),
            { a: { ours: 1, theirs: { secret: [2] } }, b: { secret: 3 } },
        ));

    it("are searched for null in maps and lists", () =>
        assert.deepEqual([{ a: [{ b: null }] }, { a: [{ b: 0 }], c: "" }].map(hasNull), [true, false]));
});
