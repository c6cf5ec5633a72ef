import assert from "node:assert/strict";
import { query } from "../../clients/thanos";
import { eventually } from "../support/eventually";
import { apps, core, frontend, NAMESPACE } from "../support/runningFleet";

/** Metrics of a pod of Rule that begin with `name`: the sum of their samples. */
async function counted(name: string, pod: string): Promise<number> {
    const api = await core("observer");
    const text = (await api.connectGetNamespacedPodProxyWithPath({
        name: `${pod}:10902`,
        namespace: NAMESPACE,
        path: "metrics",
    })) as unknown as string;
    const samples = text.split("\n").filter((line) => line.startsWith(`${name}{`));
    return samples.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

const PODS = ["thanos-rule-0", "thanos-rule-1"];
const ofBoth = async (name: string) => Promise.all(PODS.map((pod) => counted(name, pod)));

describe("Rule", () => {
    let base: string;
    before(async () => {
        base = await frontend();
    });

    it("records one series for each cluster, of any mode, as if one pod had", () =>
        eventually("every cluster is counted", 120, async () => {
            const recorded = await query(base, "cluster:up:count");
            assert.deepEqual(
                recorded.map(({ metric }) => metric).sort((a, b) => ((a.cluster ?? "") < (b.cluster ?? "") ? -1 : 1)),
                ["blue", "green", "observer", "red"].map((cluster) => ({ __name__: "cluster:up:count", cluster })),
            );
        }));

    it("evaluates its own file, and the fleet's alerts about the agent", async () => {
        const { data } = (await (await fetch(`${base}/api/v1/rules`, { signal: AbortSignal.timeout(20_000) })).json()) as {
            data: { groups: { file: string; rules: { name: string; health: string; state?: string }[] }[] };
        };
        const evaluated = data.groups
            .filter(({ file }) => file.startsWith("/etc/thanos/config/"))
            .flatMap(({ rules }) => rules.map(({ name, health, state }) => [name, health, state].filter(Boolean).join(" ")));
        assert.deepEqual(evaluated.sort(), [
            "AgentHasFewTargets ok inactive",
            "FleetAgentBehind ok inactive",
            "FleetRemoteWriteLosesSamples ok inactive",
            "FleetVolumeNearlyFull ok inactive",
            "cluster:up:count ok",
        ]);
    });

    it("misses no evaluation, and none fails, while Query's pods are replaced", async () => {
        const missedBefore = await ofBoth("prometheus_rule_group_iterations_missed_total");
        const failedBefore = await ofBoth("prometheus_rule_evaluation_failures_total");
        const doneBefore = await ofBoth("prometheus_rule_evaluations_total");
        const deployments = await apps("observer");
        const name = { name: "thanos-query", namespace: NAMESPACE };
        const body = await deployments.readNamespacedDeployment(name);
        const template = body.spec?.template;
        assert.ok(template);
        template.metadata = {
            ...template.metadata,
            annotations: { ...template.metadata?.annotations, "kubectl.kubernetes.io/restartedAt": "now" },
        };
        const { metadata } = await deployments.replaceNamespacedDeployment({ ...name, body });
        await eventually("Query's pods are new", 180, async () => {
            const { status } = await deployments.readNamespacedDeployment(name);
            assert.ok((status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0));
            assert.deepEqual([status?.updatedReplicas, status?.availableReplicas, status?.replicas], [2, 2, 2]);
        });
        // Two groups with five rules, every 15 s.
        await eventually("each pod has evaluated everything three times more", 90, async () => {
            const done = await ofBoth("prometheus_rule_evaluations_total");
            assert.ok(
                done.every((count, i) => count >= (doneBefore[i] ?? 0) + 3 * 5),
                done.join(),
            );
        });
        assert.deepEqual(await ofBoth("prometheus_rule_group_iterations_missed_total"), missedBefore);
        assert.deepEqual(await ofBoth("prometheus_rule_evaluation_failures_total"), failedBefore);
    });
});
