import assert from "node:assert/strict";
import { pruned } from "../../../../../local/offline/standins/pruned";
import { secret } from "../../../../../local/offline/standins/secretValues";

describe("a live object, pruned to what was declared", () => {
    const live = (rest: object) => ({ apiVersion: "v1", kind: "X", metadata: { name: "x", uid: "1" }, ...rest });

    it("has only declared fields, with their live values", () => {
        const declared = { kind: "X", metadata: { name: "x" }, spec: { replicas: 2, ports: [{ port: 1 }, { port: 2 }], gone: true } };
        const found = live({ spec: { replicas: 3, ports: [{ port: 1, protocol: "TCP" }], clusterIP: "10.0.0.1" }, status: {} });
        assert.deepEqual(pruned(declared, found), { kind: "X", metadata: { name: "x" }, spec: { replicas: 3, ports: [{ port: 1 }] } });
    });

    it("keeps an empty value that the API server left out", () =>
        assert.deepEqual(pruned({ spec: { a: false, b: {}, c: true } }, live({ spec: {} })), { spec: { a: false, b: {} } }));

    it("keeps a quantity as it was written", () => {
        const limits = (cpu: string, memory: string) => ({ limits: { cpu, memory } });
        assert.deepEqual(pruned(limits("0.5", "1024Mi"), live(limits("500m", "1Gi"))), limits("0.5", "1024Mi"));
        assert.deepEqual(pruned(limits("0.5", "1024Mi"), live(limits("600m", "1Gi"))), limits("600m", "1024Mi"));
    });

    it("has the data of a Secret as it was declared, and secret", () => {
        const data = { a: Buffer.from("changed").toString("base64"), other: "eA==" };
        assert.deepEqual(pruned({ stringData: { a: secret("s") } }, live({ data })), { stringData: { a: secret("changed") } });
    });
});
