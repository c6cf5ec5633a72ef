import assert from "node:assert/strict";
import { ConfigError } from "../../../config/configError";
import { runInProcess } from "../../../engine/runInProcess";
import { toEngineConfig } from "../../../engine/stackFile";
import { buildObserver, observeeConfig, observerConfig } from "../../support/testFleet";

describe("runInProcess", () => {
    it("masks secrets in the inputs, and returns them by their path", async () => {
        const { resources } = await buildObserver("local");
        const objstore = resources.find(({ type, name }) => type === "kubernetes:core/v1:Secret" && name === "thanos-objstore-blue");
        assert.equal(objstore?.props.stringData, "[secret]");
        assert.deepEqual(Object.keys(objstore?.secrets ?? {}), ["stringData"]);
    });

    it("names the outputs that are secret", async () => {
        const { outputs, secretOutputs } = await buildObserver("local");
        assert.deepEqual(secretOutputs, ["access"]);
        assert.ok("contract" in outputs);
    });

    it("throws what is wrong with the configuration", async () =>
        assert.rejects(runInProcess("observer", toEngineConfig(observerConfig("local", { domain: "no domain" }))), ConfigError));

    it("throws if the outputs of a referenced stack are not given", async () =>
        assert.rejects(
            runInProcess("blue", toEngineConfig(observeeConfig("blue", "local"))),
            /no outputs of stack organization\/thanos-fleet\/observer are given/,
        ));
});
