import assert from "node:assert/strict";
import { decide, differences } from "../../../../../local/offline/standins/diff";
import type { Bag } from "../../../../../local/offline/standins/secretValues";

const rules = { namespace: "default", configMapMutable: false, secretMutable: false };

describe("the diff of a Kubernetes object", () => {
    it("lists every leaf with the path the engine uses", () => {
        const olds = { spec: { containers: [{ image: "a" }], gone: true }, metadata: { annotations: { "a.b/c": "1" } } };
        const news = { spec: { containers: [{ image: "b" }, { image: "c" }] }, metadata: { annotations: { "a.b/c": "2" } } };
        assert.deepEqual(differences(olds, news), [
            { path: 'metadata.annotations["a.b/c"]', kind: "update" },
            { path: "spec.containers[0].image", kind: "update" },
            { path: "spec.containers[1]", kind: "add" },
            { path: "spec.gone", kind: "delete" },
        ]);
    });

    it("is empty when the default namespace is written out", () => {
        const olds = { apiVersion: "v1", kind: "Service", metadata: { name: "x" } };
        const news = { apiVersion: "v1", kind: "Service", metadata: { name: "x", namespace: "default" } };
        assert.deepEqual(decide(olds, news, rules), { changes: [], replaces: [], deleteBeforeReplace: false });
    });

    it("updates a Deployment's template in place", () => {
        const of = (image: string) => ({
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { name: "x" },
            spec: { template: { image } },
        });
        assert.deepEqual(decide(of("a"), of("b"), rules), {
            changes: [{ path: "spec.template.image", kind: "update" }],
            replaces: [],
            deleteBeforeReplace: false,
        });
    });

    it("updates a Patch in place, whatever changes, unless it is another object", () => {
        const claim = (name: string, storageClassName: string) => ({
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata: { name },
            spec: { storageClassName },
        });
        const replaces = (olds: Bag, news: Bag, patch: boolean) => decide(olds, news, { ...rules, patch }).replaces;
        assert.deepEqual(replaces(claim("a", "slow"), claim("a", "fast"), false), ["spec.storageClassName"]);
        assert.deepEqual(replaces(claim("a", "slow"), claim("a", "fast"), true), []);
        assert.deepEqual(replaces(claim("a", "slow"), claim("b", "slow"), true), ["metadata.name"]);
    });

    const replaced: [string, Bag, Bag, string][] = [
        ["a new name", { kind: "Service", metadata: { name: "a" } }, { kind: "Service", metadata: { name: "b" } }, "metadata.name"],
        [
            "a StatefulSet's claim templates",
            { apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name: "a" }, spec: { volumeClaimTemplates: [{ size: 1 }] } },
            { apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name: "a" }, spec: { volumeClaimTemplates: [{ size: 2 }] } },
            "spec.volumeClaimTemplates[0].size",
        ],
        [
            "a Service's cluster IP",
            { apiVersion: "v1", kind: "Service", metadata: { name: "a" }, spec: { clusterIP: "None" } },
            { apiVersion: "v1", kind: "Service", metadata: { name: "a" }, spec: { clusterIP: "10.0.0.1" } },
            "spec.clusterIP",
        ],
        [
            "a claim's storage class",
            { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "a" }, spec: { storageClassName: "standard" } },
            { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "a" }, spec: { storageClassName: "fast" } },
            "spec.storageClassName",
        ],
        [
            "a Job's template",
            { apiVersion: "batch/v1", kind: "Job", metadata: { name: "a" }, spec: { template: { image: "a" } } },
            { apiVersion: "batch/v1", kind: "Job", metadata: { name: "a" }, spec: { template: { image: "b" } } },
            "spec.template.image",
        ],
        [
            "data of a ConfigMap",
            { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { k: "1" } },
            { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { k: "2" } },
            "data.k",
        ],
    ];
    for (const [what, olds, news, path] of replaced) {
        it(`replaces for ${what}`, () => {
            const decision = decide(olds, news, rules);
            assert.deepEqual(decision.replaces, [path]);
            assert.equal(decision.deleteBeforeReplace, path !== "metadata.name");
        });
    }

    it("updates a ConfigMap in place with enableConfigMapMutable, unless it is immutable", () => {
        const of = (k: string, immutable: boolean) => ({
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: { name: "a" },
            immutable,
            data: { k },
        });
        const mutable = { ...rules, configMapMutable: true };
        assert.deepEqual(decide(of("1", false), of("2", false), mutable).replaces, []);
        assert.deepEqual(decide(of("1", true), of("2", true), mutable).replaces, ["data.k"]);
    });

    it("replaces a Secret for another type, also with enableSecretMutable", () => {
        const of = (type: string) => ({ apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, type, data: { k: "1" } });
        const mutable = { ...rules, secretMutable: true };
        assert.deepEqual(decide(of("Opaque"), of("kubernetes.io/tls"), mutable).replaces, ["type"]);
        assert.deepEqual(decide(of("Opaque"), { ...of("Opaque"), data: { k: "2" } }, mutable).replaces, []);
    });

    it("creates before it deletes an object that the provider named", () => {
        const metadata = { name: "a-1234", annotations: { "pulumi.com/autonamed": "true" } };
        const of = (k: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { k } });
        assert.equal(decide(of("1"), of("2"), rules).deleteBeforeReplace, false);
    });

    it("does not mistake a custom resource for a built-in one of the same kind", () => {
        const of = (selector: string) => ({
            apiVersion: "example.com/v1",
            kind: "Deployment",
            metadata: { name: "a" },
            spec: { selector },
        });
        assert.deepEqual(decide(of("1"), of("2"), rules).replaces, []);
    });
});
