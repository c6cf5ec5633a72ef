import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { Compact } from "../../components/thanos/compact";
import { OperationFailed, runOperation } from "../../engine/operation";
import { CLUSTERS } from "../../local/fleet/settings";
import { localStack } from "../support/localStack";
import { ROOT } from "../support/root";
import { target } from "../support/runningFleet";

const policyPacks = [join(ROOT, "policies")];

/** A Compact that keeps raw samples for a day: the configuration would refuse it, so it is built past the configuration. */
const forgetful: PulumiFn = async () => {
    const kubernetes = new k8s.Provider("kubernetes", { ...target("blue") });
    const opts = { providers: [kubernetes] };
    const retention = { raw: "24h", fiveMinutes: "90d", oneHour: "90d" };
    const timing = { consistencyDelay: "30m", deleteDelay: "48h", waitInterval: "5m", storage: "1Gi", memory: "1Gi" };
    const blocks = { objectStore: pulumi.output("thanos-objstore-blue"), annotations: {}, ready: [] };
    new Compact(
        "compact-forgetful",
        { retention, ...timing, namespace: "monitoring", stream: "forgetful", storageClass: "standard", blocks },
        opts,
    );
};

describe("the policy pack in the real engine", () => {
    it("stops a stack with 24 h of raw retention, and nothing is made", async () => {
        const stateDir = await mkdtemp(join(tmpdir(), "thanos-fleet-policy-"));
        try {
            const stack = await localStack("observer", { stateDir, program: forgetful });
            await assert.rejects(runOperation(stack, "preview", { policyPacks }), (error) => {
                assert.ok(error instanceof OperationFailed);
                assert.match(error.message, /1d is shorter than 40h.*compact refuses to start/s);
                assert.match(error.message, /retention-outlives-downsampling/);
                return true;
            });
            const { resources = [] } = (await stack.exportStack()).deployment;
            assert.deepEqual(
                (resources as { type: string }[]).map((r) => r.type).filter((type) => type !== "pulumi:pulumi:Stack"),
                [],
            );
        } finally {
            await rm(stateDir, { recursive: true, force: true });
        }
    });

    for (const { name } of CLUSTERS)
        it(`passes ${name} as it is deployed`, async () => {
            const { counts } = await runOperation(await localStack(name), "preview", { policyPacks });
            assert.deepEqual({ ...counts, same: 0 }, { created: 0, updated: 0, replaced: 0, deleted: 0, same: 0 });
        });
});
