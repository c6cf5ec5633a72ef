import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { CONTRACT_VERSION } from "../../components/stack/contract";
import { OperationFailed, runOperation } from "../../engine/operation";
import { DOMAIN } from "../../local/fleet/settings";
import { localStack } from "../support/localStack";

/** An observer of a later thanos-fleet. */
const fromTheFuture: PulumiFn = async () => ({
    contract: { version: CONTRACT_VERSION + 1, domain: DOMAIN },
    access: pulumi.secret({}),
});

describe("two stacks in the real engine", () => {
    let stateDir: string;
    before(async () => {
        stateDir = await mkdtemp(join(tmpdir(), "thanos-fleet-contract-"));
    });
    after(() => rm(stateDir, { recursive: true, force: true }));

    it("do not meet where the observer's contract is from the future: both are named, and nothing is made", async () => {
        await runOperation(await localStack("observer", { stateDir, program: fromTheFuture }), "up");
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
