import assert from "node:assert/strict";
import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { LOCAL_STORAGE_CLASS } from "../../components/naming/names";
import { Compact } from "../../components/thanos/compact";
import { compact } from "../../config/schema/thanos";
import { OperationFailed, runOperation } from "../../engine/operation";
import { CLUSTERS } from "../../local/fleet/settings";
import { THANOS_IMAGE } from "../../upstream/versions";
import { localStack } from "../support/localStack";
import { ROOT } from "../support/root";
import { targetOf } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

const policyPacks = [join(ROOT, "policies", "pack.js")];

/** A Compact that keeps raw samples for a day. The configuration refuses this retention, so the program constructs Compact directly. */
const shortRetention: PulumiFn = async () => {
    const kubernetes = new k8s.Provider("kubernetes", await targetOf("blue"));
    const opts = { providers: [kubernetes] };
    const retention = { raw: "24h", fiveMinutes: "90d", oneHour: "90d" };
    const settings = compact.parse({ retention, storage: "1Gi", memory: "1Gi" });
    const blocks = {
        objectStoreSecret: pulumi.output("thanos-objstore-blue"),
        objectStoreChecksum: pulumi.output("0a1b"),
        annotations: {},
        ready: [],
    };
    new Compact(
        "compact-short",
        { ...settings, image: THANOS_IMAGE, namespace: "monitoring", stream: "short", storageClass: LOCAL_STORAGE_CLASS, blocks },
        opts,
    );
};

describe("the policy pack in the real engine", () => {
    const stateDir = temporaryDirectory();

    it("refuses 24 h of raw retention, and nothing is created", async () => {
        const stack = await localStack("observer", { stateDir, program: shortRetention });
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
    });

    for (const { name } of CLUSTERS)
        it(`accepts ${name} as it is deployed`, async () => {
            const { counts } = await runOperation(await localStack(name), "preview", { policyPacks });
            assert.deepEqual({ ...counts, same: 0 }, { created: 0, updated: 0, replaced: 0, deleted: 0, same: 0 });
        });
});
