import assert from "node:assert/strict";
import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { wrongSizes } from "../../../../local/services/volumes";

describe("volumes of a built cluster", () => {
    const claim = (name: string, wanted: string, status: V1PersistentVolumeClaim["status"]): V1PersistentVolumeClaim => ({
        metadata: { name, namespace: "monitoring" },
        spec: { volumeName: `volume-of-${name}`, resources: { requests: { storage: wanted } } },
        ...(status && { status }),
    });
    const bound = (storage: string) => ({ phase: "Bound", capacity: { storage } });

    it("take the size of their claim when it is bound and when it grows", () =>
        assert.deepEqual(wrongSizes([claim("a", "2Gi", bound("10Gi")), claim("b", "4Gi", bound("2Gi")), claim("c", "2Gi", bound("2Gi"))]), [
            { name: "a", namespace: "monitoring", volume: "volume-of-a", storage: "2Gi" },
            { name: "b", namespace: "monitoring", volume: "volume-of-b", storage: "4Gi" },
        ]));

    it("are left alone while their claim waits for its pod", () =>
        assert.deepEqual(wrongSizes([claim("a", "2Gi", { phase: "Pending" }), claim("b", "2Gi", undefined)]), []));
});
