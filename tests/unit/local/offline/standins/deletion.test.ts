import assert from "node:assert/strict";
import { ApiError, type ApiServer } from "../../../../../local/offline/standins/apiServer";
import { ObjectLifecycle } from "../../../../../local/offline/standins/objectLifecycle";
import type { Request } from "../../../../../local/offline/standins/server";

describe("the deletion of a Kubernetes object", () => {
    /** Deletes an object that the cluster has until it was asked for `answers` times, and returns all requests. */
    async function deletion(answers: number): Promise<string[]> {
        const requests: string[] = [];
        const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "monitoring", uid: "1" } };
        const apiServer = {
            namespace: "default",
            get: async () => {
                requests.push("get");
                if (requests.filter((request) => request === "get").length > answers) throw new ApiError(404, "not found");
                return object;
            },
            delete: async (_: unknown, propagationPolicy: string) => void requests.push(`delete ${propagationPolicy}`),
        };
        const lifecycle = new ObjectLifecycle(apiServer as unknown as ApiServer, new AbortController().signal, false);
        const request: Request = {
            urn: "urn:pulumi:blue::thanos-fleet::kubernetes:core/v1:ConfigMap::a",
            type: "kubernetes:core/v1:ConfigMap",
            name: "a",
            id: "monitoring/a",
            inputs: {},
            oldInputs: object,
            oldOutputs: object,
            timeout: 10,
            say: () => {},
        };
        await lifecycle.delete(request);
        return requests;
    }

    it("is over when the object is gone, dependents first", async () =>
        assert.deepEqual(await deletion(3), ["get", "delete Foreground", "get", "get", "get"]));

    it("deletes nothing if the object is gone already", async () => assert.deepEqual(await deletion(0), ["get"]));
});
