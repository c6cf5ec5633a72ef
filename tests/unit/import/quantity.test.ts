import assert from "node:assert/strict";
import { cpuOf, memoryOf, volumeOf } from "../../../import/quantity";

describe("quantities of charts", () => {
    it("become memory in mebibytes, rounded up", () => {
        assert.deepEqual(["512Mi", "1Gi", "0.5Gi", "500M", "2048Mi", "1073741824", "1Ki", "0", "much"].map(memoryOf), [
            "512Mi",
            "1Gi",
            "512Mi",
            "477Mi",
            "2Gi",
            "1Gi",
            "1Mi",
            undefined,
            undefined,
        ]);
    });

    it("become volumes in gibibytes, rounded up", () =>
        assert.deepEqual(["8Gi", "500Mi", "10G", "1Ti", ""].map(volumeOf), ["8Gi", "1Gi", "10Gi", "1024Gi", undefined]));

    it("become CPU in cores or thousandths", () =>
        assert.deepEqual(["250m", "0.5", "2", "1500m", "0.0001", "0"].map(cpuOf), ["250m", "500m", "2", "1500m", "1m", undefined]));
});
