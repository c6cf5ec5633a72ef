import type { OutputMap, PulumiFn } from "@pulumi/pulumi/automation";
import { clusterOpener } from "../clients/cluster";
import { LOCAL_STORAGE_CLASS } from "../components/naming/names";
import type { Counts } from "../engine/counts";
import { runOperation } from "../engine/operation";
import type { EngineOptions, Plugin } from "../engine/plugins";
import { stackFor } from "../engine/stack";
import { inStep, type Progress, type Step } from "../terminal/progress";
import { type ClusterName, type FleetName, stackConfig, type Target } from "./fleet/settings";

export interface Deployment {
    fleet: FleetName;
    /** Name or directory of the kube-prometheus-stack chart. */
    chart: string;
    engine: EngineOptions;
    plugins: Plugin[];
    /** Path of Helm's program. */
    helm: string;
    progress: Progress;
    signal: AbortSignal;
}

interface Cluster {
    name: ClusterName;
    target: Target;
}

/** Deploys the stack of a cluster as one step, which ends after `then`. */
export async function deploy(
    { name, target }: Cluster,
    { fleet, chart, engine, plugins, helm, progress, signal }: Deployment,
    then: (outputs: OutputMap, step: Step) => Promise<void> = async () => {},
): Promise<void> {
    const settled: string[] = [];
    await inStep(progress.step(`Deploy ${name}`, 90), async (step) => {
        const stack = await stackFor({
            ...engine,
            stackName: name,
            program: require("../index") as PulumiFn,
            config: stackConfig(name, { fleet, target, chart, storageClass: LOCAL_STORAGE_CLASS }),
            plugins,
            env: { HELM_BINARY: helm },
        });
        const { counts, outputs } = await runOperation(stack, "up", {
            onDoing: (text) => step.update(text),
            onSettled: (text) => settled.push(text),
            openCluster: clusterOpener(helm),
            signal,
        });
        progress.event("deployed", { stack: name, counts });
        await then(outputs, step);
        return { result: undefined, says: `${countsText(counts)}${settled.length > 0 ? ", after an interrupted run:" : ""}` };
    }).finally(() => {
        for (const text of settled) progress.say(`${"".padEnd(22)} ${text}`);
    });
}

/** Deploys stacks that need nothing of each other at once. All of them end, also if one fails: each engine still has its state to write. */
export async function deployTogether(clusters: Cluster[], deployment: Deployment): Promise<void> {
    const ended = await Promise.allSettled(clusters.map((cluster) => deploy(cluster, deployment)));
    const failures = ended.flatMap((end) => (end.status === "rejected" ? [end.reason as Error] : []));
    const [first] = failures;
    if (first === undefined) return;
    first.message = failures.map(({ message }) => message).join("\n");
    throw first;
}

function countsText(counts: Counts): string {
    const changed = (["created", "updated", "replaced", "deleted"] as const)
        .filter((kind) => counts[kind] > 0)
        .map((kind) => `${counts[kind]} ${kind}`);
    return changed.length === 0 ? `unchanged (${counts.same})` : changed.join(", ");
}
