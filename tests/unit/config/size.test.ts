import assert from "node:assert/strict";
import { canonicalSize, mebibytesOf } from "../../../config/size";

describe("a size", () => {
    for (const [size, mebibytes, canonical] of [
        ["512Mi", 512, "512Mi"],
        ["1024Mi", 1024, "1Gi"],
        ["50Gi", 51200, "50Gi"],
        ["1536Gi", 1572864, "1536Gi"],
        ["1024Gi", 1048576, "1Ti"],
        ["3Ti", 3145728, "3Ti"],
    ] as const)
        it(`of ${size} is ${mebibytes} MiB, which Kubernetes writes as ${canonical}`, () => {
            assert.equal(mebibytesOf(size), mebibytes);
            assert.equal(canonicalSize(size), canonical);
        });
});
