import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { LOCAL_STORAGE_CLASS } from "../../components/naming/names";
import { runOperation } from "../../engine/operation";
import { CLUSTERS, stackConfig } from "../../local/fleet/settings";
import { askSteadily, changed, deploy, NOTHING } from "../support/changesUnderLoad";
import { localStack } from "../support/localStack";
import { frontend, targetOf } from "../support/runningFleet";

describe("a changed retention", () => {
    it("updates every Compact and nothing else", async () => {
        const profile = { target: await targetOf("observer"), chart: "", storageClass: LOCAL_STORAGE_CLASS };
        const compact = stackConfig("observer", profile).compact as Record<string, unknown>;
        const retention = { raw: "22d", fiveMinutes: "22d", oneHour: "22d" };
        const stack = await localStack("observer", { config: { compact: { ...compact, retention } } });
        const changed: string[] = [];
        await stack.preview({
            onEvent: (event: EngineEvent) => {
                const step = event.resourcePreEvent?.metadata;
                // A stack reference is read in every run, which changes nothing.
                if (step && step.op !== "same" && step.op !== "read")
                    changed.push(`${step.op} ${step.urn.slice(step.urn.lastIndexOf("::") + 2)}`);
            },
        });
        assert.deepEqual(changed.sort(), ["update thanos-compact-blue", "update thanos-compact-observer", "update thanos-compact-red"]);

        const { counts } = await runOperation(stack, "up");
        assert.deepEqual({ ...counts, same: 0 }, { created: 0, updated: 3, replaced: 0, deleted: 0, same: 0 });

        const back = await runOperation(await localStack("observer"), "up");
        assert.deepEqual({ ...back.counts, same: 0 }, { created: 0, updated: 3, replaced: 0, deleted: 0, same: 0 });
    });
});

describe("a changed flag of a leaf Query", () => {
    it("reaches its pods one after the other while no answer lacks its cluster", async () => {
        const stopAsking = await askSteadily(await frontend());
        const update = await deploy("red", { query: { maxConcurrentSelect: 5 } });
        // The old pods have served on meanwhile, and end now (drainSeconds of components/cloud/local/localCloud.ts).
        await sleep(60_000);
        assert.deepEqual(await stopAsking(), []);
        assert.deepEqual(changed(update), { ...NOTHING, updated: 1 });
        await deploy("red", {});
    });
});

describe("a refresh", () => {
    for (const { name } of CLUSTERS)
        it(`of ${name} finds every object as it was declared`, async () => {
            const changed: string[] = [];
            await (await localStack(name)).refresh({
                previewOnly: true,
                onEvent: ({ resOutputsEvent }: EngineEvent) => {
                    const step = resOutputsEvent?.metadata;
                    // The reference of a stack to itself shows the outputs of the run after which it was read.
                    if (step?.type.startsWith("kubernetes:") && step.op !== "same" && step.op !== "refresh")
                        changed.push(`${step.op} ${step.urn.slice(step.urn.lastIndexOf("::") + 2)}`);
                },
            });
            assert.deepEqual(changed, []);
        });
});
