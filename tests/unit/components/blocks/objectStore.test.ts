import assert from "node:assert/strict";
import { objectStoreFile } from "../../../../components/blocks/objectStore";

describe("the objstore file", () => {
    it("has the type, the prefix and the store's own settings, as Thanos spells them", () => {
        const config = { bucket: "b", endpoint: "s3.eu-west-1.amazonaws.com", region: "eu-west-1" };
        assert.equal(
            objectStoreFile({ type: "S3", config }, "blue"),
            [
                "type: S3",
                "prefix: blue",
                "config:",
                "  bucket: b",
                "  endpoint: s3.eu-west-1.amazonaws.com",
                "  region: eu-west-1",
                "",
            ].join("\n"),
        );
    });
});
