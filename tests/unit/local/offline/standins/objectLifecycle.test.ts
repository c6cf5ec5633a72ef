import assert from "node:assert/strict";
import { ApiError, type ApiServer } from "../../../../../local/offline/standins/apiServer";
import { bodyOf, fieldManagerOf, ObjectLifecycle, outputsOf, takenOver } from "../../../../../local/offline/standins/objectLifecycle";
import type { KubeObject, ManagedFields } from "../../../../../local/offline/standins/readiness";
import { type Bag, secret } from "../../../../../local/offline/standins/secretValues";
import { NotReady, type Request } from "../../../../../local/offline/standins/server";

const URN = "urn:pulumi:blue::thanos-fleet::kubernetes:core/v1:ConfigMap::x";
const INPUTS = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", namespace: "monitoring" }, data: { a: "1" } };
const request = (fields: Partial<Request> = {}): Request => ({
    urn: URN,
    type: "kubernetes:core/v1:ConfigMap",
    name: "x",
    id: "monitoring/x",
    inputs: INPUTS,
    oldInputs: INPUTS,
    oldOutputs: {},
    timeout: 0,
    say: () => {},
    ...fields,
});

/** A cluster with one object, at most, that records what it is asked to change. */
function fakeCluster(object?: KubeObject) {
    const calls: unknown[] = [];
    const answer = (body: Bag) => body as unknown as KubeObject;
    const apiServer = {
        namespace: "default",
        get: async () => object ?? Promise.reject(new ApiError(404, 'configmaps "x" not found')),
        create: async (_: unknown, body: Bag, manager: string) => {
            if (object) throw new ApiError(409, 'configmaps "x" already exists');
            calls.push(["create", manager]);
            return answer(body);
        },
        setManagedFields: async (_: unknown, fields: ManagedFields[]) => void calls.push(["managers", fields.map((f) => f.manager)]),
        apply: async (_: unknown, body: Bag, manager: string, force: boolean) => {
            calls.push(["apply", manager, force]);
            return answer(body);
        },
    };
    return { calls, objects: new ObjectLifecycle(apiServer as unknown as ApiServer, new AbortController().signal, false) };
}
const live = (managedFields: ManagedFields[], data = { a: "1" }) =>
    ({ ...INPUTS, metadata: { ...INPUTS.metadata, managedFields }, data }) as KubeObject;

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

    it("is created under the plugin's manager, and updated under its own", async () => {
        const empty = fakeCluster();
        await empty.objects.create(request());
        assert.deepEqual(empty.calls, [["create", "pulumi-kubernetes"]]);
        const manager = fieldManagerOf(URN);
        const existing = fakeCluster(live([{ manager: "pulumi-kubernetes", operation: "Update" }]));
        await existing.objects.update(request());
        assert.deepEqual(existing.calls, [
            ["managers", [manager]],
            ["apply", manager, false],
        ]);
    });

    it("that exists is not adopted, whoever made it", async () => {
        for (const manager of ["pulumi-kubernetes", fieldManagerOf(URN), "kubectl-create"]) {
            const { objects, calls } = fakeCluster(live([{ manager, operation: "Update" }]));
            await assert.rejects(
                objects.create(request()),
                /was not successfully created by the Kubernetes API server: configmaps "x" already exists/,
            );
            assert.deepEqual(calls, []);
        }
    });

    it("is read with what others have changed", async () => {
        const { objects } = fakeCluster(live([], { a: "2" }));
        assert.deepEqual((await objects.read(request()))?.inputs, { ...INPUTS, data: { a: "2" } });
        assert.equal(await fakeCluster().objects.read(request()), undefined);
    });

    it("is read as not ready, so that the next update waits for it", async () => {
        const declared = {
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { name: "x", namespace: "monitoring" },
            spec: { replicas: 2 },
        };
        const status = { observedGeneration: 1, updatedReplicas: 2, replicas: 2, availableReplicas: 1 };
        const { objects } = fakeCluster({ ...declared, metadata: { ...declared.metadata, generation: 1 }, status });
        await assert.rejects(objects.read(request({ type: "kubernetes:apps/v1:Deployment", oldInputs: declared })), (error) => {
            assert.ok(error instanceof NotReady, String(error));
            assert.equal(error.message, "Deployment monitoring/x is not ready: waiting for 1 of 2 replicas available.");
            assert.deepEqual([error.id, error.inputs], ["monitoring/x", declared]);
            return true;
        });
    });

    describe("on its update", () => {
        const fields = (...names: string[]) => ({ "f:data": Object.fromEntries(names.map((name) => [`f:${name}`, {}])) });

        it("takes over the fields of its creation and of kubectl, and leaves those of controllers", () => {
            const controller = { manager: "kube-controller-manager", operation: "Update", subresource: "status" };
            const before: ManagedFields[] = [
                { manager: "pulumi-kubernetes", operation: "Update", fieldsV1: fields("a") },
                { manager: "kubectl-edit", operation: "Update", fieldsV1: fields("b") },
                { manager: "me", operation: "Apply", fieldsV1: fields("c") },
                controller,
            ];
            assert.deepEqual(takenOver(before, "me"), [controller, { manager: "me", operation: "Apply", fieldsV1: fields("c", "a", "b") }]);
        });

        it("takes over nothing if it manages all fields already", () =>
            assert.equal(
                takenOver(
                    [
                        { manager: "me", operation: "Apply" },
                        { manager: "helm", operation: "Update" },
                    ],
                    "me",
                ),
                undefined,
            ));
    });
});
