import assert from "node:assert/strict";
import { covers, fits } from "../../../rules/iam";

describe("patterns of IAM", () => {
    it("stand for any characters, or for one", () => {
        const cases: [pattern: string, text: string, expected: boolean][] = [
            ["s3:*", "s3:deleteobject", true],
            ["*", "", true],
            ["a*b*c", "a-b-b-c", true],
            ["a*b*c", "a-b-b-d", false],
            ["monitoring/thanos-?", "monitoring/thanos-1", true],
            ["monitoring/thanos-?", "monitoring/thanos-", false],
            ["s3:Get", "s3:GetObject", false],
            ["s3:GetObject", "s3:Get", false],
        ];
        for (const [pattern, text, expected] of cases) assert.equal(fits(pattern, text), expected, `${pattern} ${text}`);
    });

    it("take no longer for many stars than their lengths multiplied", () => assert.equal(fits("*a".repeat(2000), "a".repeat(1999)), false));

    it("name the blocks of a prefix, in every partition", () => {
        const blue = { bucket: "blocks", prefix: "blue", hasKey: false };
        for (const arn of ["*", "arn:aws:s3:::blocks/*", "arn:aws-cn:s3:::blocks/blue/*", "arn:aws:s3:::bl*"])
            assert.ok(covers([arn], blue), arn);
        for (const arn of ["arn:aws:s3:::blocks", "arn:aws:s3:::blocks/red/*", "arn:aws:s3:::blocks/blue/debug/*", "arn:aws:s3:::logs/*"])
            assert.ok(!covers([arn], blue), arn);
        assert.ok(covers(["arn:aws:s3:::blocks/*"], { ...blue, prefix: "" }));
    });
});
