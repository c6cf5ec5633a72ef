import assert from "node:assert/strict";
import { specialSecretSig, specialSigKey } from "@pulumi/pulumi/runtime/rpc";
import { keepSecrets, reveal, SECRET, SIGNATURE, secret } from "../../../../../local/offline/standins/secretValues";

describe("secret values", () => {
    it("have the engine's own signature", () => assert.deepEqual([SIGNATURE, SECRET], [specialSigKey, specialSecretSig]));

    it("are unwrapped, and nulls left out", () => {
        assert.deepEqual(reveal({ a: secret({ b: secret("c") }), d: null, e: [secret(1)] }), { a: { b: "c" }, e: [1] });
    });

    it("stay secret where outputs repeat inputs", () => {
        const inputs = { data: { a: secret("s"), b: "plain" }, list: [1, secret(2)] };
        const outputs = { data: { a: "s", b: "plain", c: "new" }, list: [1, 2], status: {} };
        assert.deepEqual(keepSecrets(outputs, inputs), {
            data: { a: secret("s"), b: "plain", c: "new" },
            list: [1, secret(2)],
            status: {},
        });
    });
});
