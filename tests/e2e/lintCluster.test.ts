import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { ROOT } from "../support/root";
import { targetOf } from "../support/runningFleet";

describe("lint of a running cluster", () => {
    it("recognises the observer's components, and has nothing to say against them", async () => {
        const { kubeconfig, context } = await targetOf("observer");
        const printed = execFileSync(process.execPath, ["cli/thanos-fleet.js", "lint", "--context", context], {
            cwd: ROOT,
            env: { ...process.env, KUBECONFIG: kubeconfig },
            timeout: 120_000,
        }).toString();
        const [, components = ""] = /^0 findings; recognised \d+ components: (.*?); \d+ rules? undecidable/.exec(printed) ?? [];
        assert.deepEqual(components.split(", ").sort(), [
            "Deployment thanos-query",
            "Deployment thanos-query-frontend",
            "Deployment thanos-receive-router",
            "Prometheus kps-prometheus",
            ...["compact-blue", "compact-observer", "compact-red", "receive-ingester", "store-blue", "store-observer", "store-red"].map(
                (name) => `StatefulSet thanos-${name}`,
            ),
        ]);
    });
});
