import assert from "node:assert/strict";
import type { PlannedResource } from "../../../../engine/runInProcess";
import { buildObserver } from "../../../support/testFleet";

interface Probe {
    timeoutSeconds?: number;
}
interface Pod {
    terminationGracePeriodSeconds: number;
    containers: Record<"readinessProbe" | "livenessProbe" | "startupProbe", Probe>[];
}

const podOf = ({ props }: PlannedResource) => (props.spec as { template: { spec: Pod } }).template.spec;

describe("the pods of the observer's Thanos components", () => {
    const workloads = async () =>
        (await buildObserver("aws")).resources.filter(
            ({ type, name }) => /:(Deployment|StatefulSet)$/.test(type) && name.startsWith("thanos-"),
        );

    it("have longer than Kubernetes' one second to answer a probe", async () => {
        const timeouts = (await workloads()).flatMap((workload) =>
            podOf(workload).containers.map((c) => [c.readinessProbe, c.livenessProbe, c.startupProbe].map((probe) => probe.timeoutSeconds)),
        );
        assert.deepEqual([...new Set(timeouts.map((list) => list.join()))], ["5,10,5"]);
    });

    it("end so soon that two of them on a node, one after the other, are gone before EKS gives up draining it", async () => {
        const periods = (await workloads()).map((workload) => podOf(workload).terminationGracePeriodSeconds);
        assert.deepEqual([...new Set(periods)].sort(), [150, 300]);
        assert.ok(2 * Math.max(...periods) < 900);
    });
});
