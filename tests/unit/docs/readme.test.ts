import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../support/root";

describe("the README's way to EKS", () => {
    it("copies every stack file before a stack exists, deploys the observer first, and previews before each update", () => {
        const text = readFileSync(join(ROOT, "README.md"), "utf8");
        const section = text.slice(text.indexOf("## Use it on EKS"), text.indexOf("## Dashboards"));
        const blocks = [...section.matchAll(/^ *```\w*\n([\s\S]*?)^ *```$/gm)].map(([, block = ""]) => block);
        assert.deepEqual(
            blocks.flatMap((block) => block.trim().split(/\n */)),
            [
                "cp Pulumi.observer.yaml Pulumi.my-observer.yaml",
                "cp Pulumi.observee.yaml Pulumi.my-blue.yaml",
                "npm run plan -- --stack my-observer my-blue",
                "pulumi preview --stack my-observer --policy-pack policies",
                "pulumi up --stack my-observer --policy-pack policies",
                "pulumi preview --stack my-blue --policy-pack policies",
                "pulumi up --stack my-blue --policy-pack policies",
                "kubectl -n thanos-fleet port-forward deployment/thanos-query-frontend 10902 # http://localhost:10902",
            ],
        );
    });
});
