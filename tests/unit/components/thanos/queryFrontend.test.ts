import assert from "node:assert/strict";
import { cacheFile } from "../../../../components/thanos/queryFrontend";

describe("the cache file of Query Frontend", () => {
    it("keeps responses in memory for six hours", () =>
        assert.equal(cacheFile, "type: IN-MEMORY\nconfig:\n  max_size: 256MB\n  validity: 6h\n"));
});
