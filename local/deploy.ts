import type { OutputMap, PulumiFn } from "@pulumi/pulumi/automation";
import { clusterOpener } from "../clients/cluster";
import { LOCAL_STORAGE_CLASS } from "../components/naming/names";
import type { Counts } from "../engine/counts";
import { runOperation } from "../engine/operation";
import type { EngineOptions, Plugin } from "../engine/plugins";
import { stackFor } from "../engine/stack";
import { inStep, type Progress } from "../terminal/progress";
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

/** Deploys the stack of a cluster as one step, and answers its outputs. */
export async function deploy({ name, target }: Cluster, deployment: Deployment): Promise<OutputMap> {
    const { fleet, chart, engine, plugins, helm, progress, signal } = deployment;
    const settled: string[] = [];
    return inStep(progress.step(`Deploy ${name}`, 90), async (step) => {
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
        return { result: outputs, says: `${countsText(counts)}${settled.length > 0 ? ", after an interrupted run:" : ""}` };
    }).finally(() => {
        for (const text of settled) progress.say(`${"".padEnd(22)} ${text}`);
    });
}

/** Waits until all have ended, also if one fails: the engines of the others still have their state to write. Throws all failures as one. */
export async function allEnded(works: readonly Promise<unknown>[]): Promise<void> {
    const failures = (await Promise.allSettled(works)).flatMap((end) => (end.status === "rejected" ? [end.reason as Error] : []));
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
