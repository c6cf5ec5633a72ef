import assert from "node:assert/strict";
import { explainTrouble, type PodReader, podTrouble } from "../../../../../local/offline/standins/podTrouble";
import type { KubeObject } from "../../../../../local/offline/standins/readiness";
import type { Bag } from "../../../../../local/offline/standins/secretValues";

const object = (apiVersion: string, kind: string, rest: Bag = {}): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name: "x", generation: 2 },
    ...rest,
});

describe("a pod's trouble", () => {
    const pod = (waiting: Bag, lastState: Bag = {}) =>
        object("v1", "Pod", { status: { phase: "Pending", containerStatuses: [{ name: "c", state: { waiting }, lastState }] } });
    const reader = (pods: KubeObject[], warnings: string[] = []): PodReader => ({
        pods: async () => pods,
        warnings: async () => warnings,
        lastLogLine: async () => "flag provided but not defined",
    });

    it("is none while containers start", () => assert.deepEqual(podTrouble(pod({ reason: "ContainerCreating" })), []));

    it("names the pod, the container, the reason and the last log line", async () => {
        const crashing = pod({ reason: "CrashLoopBackOff", message: "back-off" }, { terminated: { exitCode: 1 } });
        const pulling = pod({ reason: "ImagePullBackOff", message: 'Back-off pulling image "y"' });
        assert.deepEqual(await explainTrouble(reader([crashing, pulling]), object("apps/v1", "Deployment"), { app: "x" }), [
            "pod x, container c: CrashLoopBackOff: back-off (last log line: flag provided but not defined)",
            'pod x, container c: ImagePullBackOff: Back-off pulling image "y"',
        ]);
    });

    it("falls back on warning events and the pods' phases", async () => {
        const idle = object("v1", "Pod", { status: { phase: "Pending" } });
        assert.deepEqual(
            await explainTrouble(reader([idle], ["Pod x: FailedMount: no secret"]), object("apps/v1", "Deployment"), { app: "x" }),
            ["Pod x: FailedMount: no secret", "pod x is Pending and not ready"],
        );
    });
});
