import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { LOCAL_STORAGE_CLASS } from "../components/naming/names";
import { runOperation } from "../engine/operation";
import { stackFor } from "../engine/stack";
import { inStep, type Progress } from "../terminal/progress";
import { dockerAnswers } from "./clusterSources";
import { CLUSTERS, type ClusterName, clustersDirectory, stackConfig, stateDirectory, type Target } from "./fleet/settings";
import { engineDirectory, readFleetState } from "./fleet/state";
import { removeKindClusters } from "./kind";
import { downClusters } from "./offline/builtClusters";
import { findPlugins } from "./offline/findPlugins";
import { findTools } from "./offline/findTools";

/** Removes everything that `npm start` made on this machine, also after a crash. The tools' cache stays. */
export async function down(progress: Progress, signal: AbortSignal): Promise<void> {
    const lastRun = await readFleetState();
    if (lastRun?.how === "given") await destroyStacks(lastRun.targets, progress, signal);
    const kind = (await dockerAnswers()) ? (await findTools(["kind"], progress, signal)).kind.path : undefined;
    await inStep(progress.step("Remove"), async () => {
        const removed = [...(await downClusters(clustersDirectory())), ...(kind ? await removeKindClusters(kind) : [])];
        const existed = existsSync(stateDirectory());
        await rm(stateDirectory(), { recursive: true, force: true });
        return { result: undefined, says: removed.length > 0 || existed ? [...removed, "state"].join(", ") : "nothing was there" };
    });
}

/** Removes what was deployed to a user's clusters, stored data included. The clusters stay. */
async function destroyStacks(targets: Record<ClusterName, Target>, progress: Progress, signal: AbortSignal): Promise<void> {
    const { pulumi, helm } = await findTools(["pulumi", "helm"], progress, signal);
    const engine = { pulumiPath: pulumi.path, stateDir: engineDirectory() };
    const plugins = await findPlugins(engine);
    for (const { name } of [...CLUSTERS].reverse())
        await inStep(progress.step(`Remove ${name}`, 60), async (step) => {
            const config = stackConfig(name, { target: targets[name], chart: "", storageClass: LOCAL_STORAGE_CLASS });
            const stack = await stackFor({
                ...engine,
                stackName: name,
                program: async () => {},
                config,
                plugins,
                env: { HELM_BINARY: helm.path },
            });
            const state = await stack.exportStack();
            const resources = (state.deployment.resources ?? []) as { protect?: boolean; retainOnDelete?: boolean }[];
            for (const resource of resources) Object.assign(resource, { protect: false, retainOnDelete: false });
            await stack.importStack(state);
            const { counts } = await runOperation(stack, "destroy", { onDoing: (text) => step.update(text), signal });
            return { result: undefined, says: `${counts.deleted} deleted` };
        });
}
