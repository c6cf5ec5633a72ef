import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../support/root";

describe("the README's way to EKS", () => {
    it("copies the example stack file before `pulumi stack init` writes the stack's key into the copy, and changes nothing before a preview", () => {
        const blocks = [...readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(
            ([, block = ""]) => block,
        );
        const steps = blocks.filter((block) => block.includes("pulumi stack init")).map((block) => block.trim().split("\n"));
        assert.deepEqual(steps, [
            [
                "cp Pulumi.observer.yaml Pulumi.my-observer.yaml",
                "pulumi stack init my-observer",
                "pulumi preview --policy-pack policies",
                "pulumi up --policy-pack policies",
            ],
        ]);
    });
});
