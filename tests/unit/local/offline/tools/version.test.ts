import assert from "node:assert/strict";
import { satisfies } from "../../../../../local/offline/tools/version";

describe("a tool's version", () => {
    it("compares versions as the tool needs it", () => {
        assert.deepEqual(
            [
                satisfies("3.259.0", "at-least", "3.259.0"),
                satisfies("3.260.0", "at-least", "3.259.1"),
                satisfies("3.258.9", "at-least", "3.259.0"),
                satisfies("4.0.0", "at-least", "3.259.0"),
                satisfies("0.42.5", "exact", "0.42.4"),
                satisfies("anything", "any", ""),
            ],
            [true, true, false, false, false, true],
        );
    });
});
