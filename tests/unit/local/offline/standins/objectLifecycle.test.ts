import assert from "node:assert/strict";
import { bodyOf, fieldManagerOf, outputsOf } from "../../../../../local/offline/standins/objectLifecycle";
import type { KubeObject } from "../../../../../local/offline/standins/readiness";
import { secret } from "../../../../../local/offline/standins/secretValues";

describe("a Kubernetes object", () => {
    it("is applied under a field manager that only the URN decides", () => {
        assert.equal(fieldManagerOf("urn:pulumi:blue::thanos-fleet::kubernetes:core/v1:Secret::tls"), "pulumi-kubernetes-450abc62");
    });

    it("keeps all data of a Secret secret, and leaves managed fields out", () => {
        const live: KubeObject = {
            apiVersion: "v1",
            kind: "Secret",
            metadata: { name: "x", generation: 2, managedFields: [{ manager: "me" }] },
            data: { a: "cw==" },
        };
        assert.deepEqual(outputsOf({ stringData: secret({ a: "s" }) }, live, "me"), {
            apiVersion: "v1",
            kind: "Secret",
            metadata: { name: "x", generation: 2 },
            data: secret({ a: "cw==" }),
            __fieldManager: "me",
        });
    });

    it("has stringData sent as data", () => {
        assert.deepEqual(bodyOf({ kind: "Secret", data: { b: "Yg==" }, stringData: { a: secret("a") } }), {
            kind: "Secret",
            data: { b: "Yg==", a: "YQ==" },
        });
    });
});
