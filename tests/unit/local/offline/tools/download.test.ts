import assert from "node:assert/strict";
import { bytesText, checksumOf } from "../../../../../local/offline/tools/download";

describe("published checksums", () => {
    it("reads bare sums and lists of them", () => {
        const [a, b] = ["a".repeat(64), "b".repeat(64)];
        assert.equal(checksumOf("kubelet", a), a);
        assert.equal(checksumOf("x.tgz", `${b}  y.tgz\n${a} *release/x.tgz\n`), a);
        assert.equal(checksumOf("x.tgz", `${b}  y.tgz\n`), undefined);
        assert.equal(checksumOf("x.tgz", "<html>not found</html>"), undefined);
    });
});

describe("the progress of a download", () => {
    it("has the bytes so far, and all of them where the host says how many", () => {
        assert.equal(bytesText(0, 41_000_000), ", 41 MB");
        assert.equal(bytesText(11_500_000, 41_000_000), ", 12 of 41 MB");
        assert.equal(bytesText(11_500_000, undefined), ", 12 MB");
        assert.equal(bytesText(0, undefined), "");
    });
});
