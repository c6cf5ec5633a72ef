import assert from "node:assert/strict";
import { checksumOf } from "../../../../../local/offline/tools/download";

describe("published checksums", () => {
    it("reads bare sums and lists of them", () => {
        const [a, b] = ["a".repeat(64), "b".repeat(64)];
        assert.equal(checksumOf("kubelet", a), a);
        assert.equal(checksumOf("x.tgz", `${b}  y.tgz\n${a} *release/x.tgz\n`), a);
        assert.equal(checksumOf("x.tgz", `${b}  y.tgz\n`), undefined);
        assert.equal(checksumOf("x.tgz", "<html>not found</html>"), undefined);
    });
});
