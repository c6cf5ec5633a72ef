import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { CONTRACT_VERSION } from "../../components/stack/contract";
import { OperationFailed, runOperation } from "../../engine/operation";
import { DOMAIN } from "../../local/fleet/settings";
import { localStack } from "../support/localStack";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** An observer of a later release, with a newer contract. */
const newerObserver: PulumiFn = async () => ({
    contract: { version: CONTRACT_VERSION + 1, domain: DOMAIN },
    access: pulumi.secret({}),
});

describe("an observee in the real engine", () => {
    const stateDir = temporaryDirectory();

    it("refuses a newer contract of the observer, names both stacks, and creates nothing", async () => {
        await runOperation(await localStack("observer", { stateDir, program: newerObserver }), "up");
        const blue = await localStack("blue", { stateDir });
        await assert.rejects(runOperation(blue, "up"), (error) => {
            assert.ok(error instanceof OperationFailed);
            assert.match(
                error.message,
                new RegExp(
                    `contract\\.version: organization/thanos-fleet/observer exports version ${CONTRACT_VERSION + 1}, blue reads version ${CONTRACT_VERSION}\\.`,
                ),
            );
            assert.match(error.message, /Update this checkout of thanos-fleet/);
            assert.doesNotMatch(error.message, /\n +at /);
            return true;
        });
        const { resources = [] } = (await blue.exportStack()).deployment;
        assert.deepEqual([...new Set((resources as { type: string }[]).map((r) => r.type))].sort(), [
            "pulumi:providers:pulumi",
            "pulumi:pulumi:Stack",
            "pulumi:pulumi:StackReference",
        ]);
    });
});
