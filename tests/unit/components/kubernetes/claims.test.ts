import assert from "node:assert/strict";
import type { PlannedResource } from "../../../../engine/runInProcess";
import { type KubeObject, readiness } from "../../../../local/offline/standins/readiness";
import type { Bag } from "../../../../local/offline/standins/secretValues";
import { buildObserver } from "../../../support/testFleet";

interface Fields {
    metadata: { name: string };
    spec: {
        replicas: number;
        accessModes: string[];
        storageClassName: string;
        resources: { requests: { storage: string } };
        volumeClaimTemplates: { metadata: { name: string }; spec: Bag }[];
    };
}

describe("the claims of a stack", () => {
    let all: PlannedResource[];
    before(async () => {
        all = (await buildObserver("local")).resources;
    });
    const ofType = (type: string) =>
        all.filter((r) => r.type === `kubernetes:${type}`).map((r) => ({ ...r, ...(r.props as unknown as Fields) }));
    const claims = () => ofType("core/v1:PersistentVolumeClaimPatch");

    it("are those that its StatefulSets would make, and those that the operator's would", () => {
        const made = ofType("apps/v1:StatefulSet").flatMap(({ metadata, spec }) =>
            Array.from({ length: spec.replicas }, (_, i) => ({
                name: `${spec.volumeClaimTemplates[0]?.metadata.name}-${metadata.name}-${i}`,
                spec: spec.volumeClaimTemplates[0]?.spec,
            })),
        );
        assert.equal(made.length, 3 + 3 * 2 + 3);
        const operators = ["0", "1"].map((i) => ({
            name: `prometheus-kps-prometheus-db-prometheus-kps-prometheus-${i}`,
            spec: { accessModes: ["ReadWriteOnce"], storageClassName: "standard", resources: { requests: { storage: "50Gi" } } },
        }));
        const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
        assert.deepEqual(
            claims()
                .map(({ metadata, spec }) => ({ name: metadata.name, spec }))
                .sort(byName),
            [...made, ...operators].sort(byName),
        );
    });

    it("outlive the stack, whose StatefulSets ignore their template's size", () => {
        assert.deepEqual([...new Set(claims().map((claim) => claim.retainOnDelete))], [true]);
        assert.deepEqual([...new Set(ofType("apps/v1:StatefulSet").map((set) => set.ignoreChanges.join()))], ["spec.volumeClaimTemplates"]);
    });

    it("come before the pods, and before Prometheus may fill them", () => {
        const waitedFor = (type: string) =>
            ofType(type).map(({ dependsOn, name }) => [name, dependsOn.filter((n) => /^data-|-db-/.test(n))]);
        assert.deepEqual(Object.fromEntries(waitedFor("helm.sh/v3:Release")), {
            kps: [0, 1].map((i) => `prometheus-kps-prometheus-db-prometheus-kps-prometheus-${i}`),
        });
        assert.deepEqual(Object.fromEntries(waitedFor("apps/v1:StatefulSet"))["thanos-receive-ingester"], [
            "data-thanos-receive-ingester-0",
            "data-thanos-receive-ingester-1",
            "data-thanos-receive-ingester-2",
        ]);
    });

    const bound = (storage: string, ...conditions: string[]) => ({
        phase: "Bound",
        capacity: { storage },
        conditions: conditions.map((type) => ({ type, status: "True" })),
    });
    for (const [what, status, state] of [
        ["no pod yet", { phase: "Pending" }, "ready"],
        ["the size", bound("50Gi"), "ready"],
        ["a smaller size", bound("20Gi"), "waiting"],
        ["a smaller size, while its disk grows", bound("20Gi", "Resizing"), "waiting"],
        ["a grown disk, whose file system grows with the next pod", bound("20Gi", "FileSystemResizePending"), "ready"],
        ["lost its volume", { phase: "Lost" }, "waiting"],
    ] as const)
        it(`with ${what} ${state === "ready" ? "are as declared" : "are waited for"}`, () => {
            const [claim] = claims();
            assert.ok(claim);
            const inputs = claim.props as Bag;
            assert.equal(readiness(inputs, { ...inputs, status } as unknown as KubeObject).state, state);
        });
});
