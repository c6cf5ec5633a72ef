import assert from "node:assert/strict";
import { lintSets } from "../../support/lintSets";

/** Each set says in its first comments what it shows, and what should be found by the meaning of the rules. */
describe("lint finds what it should in a set that shows", () => {
    for (const { shows, wanted, found } of lintSets()) it(shows, async () => assert.deepEqual(await found(), wanted));
});
