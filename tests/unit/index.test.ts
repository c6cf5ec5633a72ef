import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../../config/configError";
import { toEngineConfig } from "../../engine/stackFile";
import { observerConfig } from "../support/testFleet";

describe("the program", () => {
    /** Runs the program of an observer that was deployed with `names`. Returns its error, and what it has declared until then. */
    async function refusal(config: Record<string, unknown>, names: Record<string, string | number>) {
        const declared: string[] = [];
        const newResource = ({ type, name, inputs }: pulumi.runtime.MockResourceArgs) => {
            if (type === "pulumi:pulumi:StackReference")
                return { id: inputs.name, state: { ...inputs, outputs: { names }, secretOutputNames: [] } };
            declared.push(type);
            return { id: name, state: inputs };
        };
        await pulumi.runtime.setMocks({ newResource, call: () => ({}) }, "thanos-fleet", "observer", false, "organization");
        pulumi.runtime.setAllConfig(toEngineConfig(config), []);
        const program = require("../../index") as () => Promise<unknown>;
        const error = await program().then(
            () => assert.fail("the program ran"),
            (failure: Error) => failure,
        );
        await pulumi.runtime.disconnect();
        return { error, declared };
    }

    it("refuses a changed setting that must not change, before it declares anything", async () => {
        const { error, declared } = await refusal(observerConfig("local"), { cluster: "observer", domain: "old.test" });
        assert.ok(error.cause instanceof ConfigError, error.stack);
        assert.deepEqual(
            error.cause.problems.map(({ path, problem }) => `${path}: ${problem}`),
            ['domain: "fleet.test" instead of "old.test", where this stack\'s data is.'],
        );
        assert.deepEqual(declared, []);
    });

    it("refuses to take ingesters away that get samples", async () => {
        const { error, declared } = await refusal(observerConfig("local"), { "receive.ingesters": 6 });
        assert.match(error.message, /receive\.ingesters: 6 ingesters get samples now, and 3 would be left/);
        assert.deepEqual(declared, []);
    });

    it("lets the engine print what is wrong without a stack trace", async () => {
        const { error } = await refusal(observerConfig("local", { domain: "no domain" }), {});
        assert.ok(pulumi.RunError.isInstance(error));
        assert.match(error.message, /^configuration of stack observer: 1 problem\. Nothing was changed\.\n {2}domain: /);
    });
});
