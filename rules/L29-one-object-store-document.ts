import { OBJSTORE, thanos } from "./example";
import { isKnown, NOTHING } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const oneObjectStoreDocument = defineRule({
    id: "L29",
    name: "one-object-store-document",
    title: "The file that says where blocks are has one document",
    why: "Thanos reads the first YAML document of the object store's configuration and says nothing about others: a second bucket is never written or read.",
    source: "https://thanos.io/tip/thanos/storage.md/",
    remedy: "Give each component one bucket: a file of its own for each of them.",
    severity: "high",
    reads: ["objectStores"],
    scope: "deployment",
    thresholds: {},
    check: ({ objectStores }) => {
        const problems = new Problems();
        for (const { path, documents } of objectStores)
            problems.when(
                isKnown(documents) && documents > 1,
                `${path}.objstore`,
                `has ${String(documents)} YAML documents, and Thanos reads the first of them only.`,
                "Write one, and run a component for each bucket.",
            );
        return problems.all();
    },
    lacks: ({ objectStores }) =>
        objectStores.flatMap(({ path, documents }) => (isKnown(documents) ? [] : [{ path, fact: documents.notKnown }])),
    good: { ...NOTHING, objectStores: [{ path: "store", documents: 1 }] },
    bad: { ...NOTHING, objectStores: [{ path: "store", documents: 2 }] },
    manifests: {
        good: [
            secret("type: S3\nconfig: {bucket: blue}\n"),
            thanos("StatefulSet", "store", ["store", ...OBJSTORE], { secret: "objstore" }),
        ],
        bad: [
            secret("type: S3\nconfig: {bucket: blue}\n---\ntype: S3\nconfig: {bucket: red}\n"),
            thanos("StatefulSet", "store", ["store", ...OBJSTORE], { secret: "objstore" }),
        ],
    },
});

function secret(file: string) {
    return { apiVersion: "v1", kind: "Secret", metadata: { name: "objstore" }, stringData: { "objstore.yml": file } };
}
