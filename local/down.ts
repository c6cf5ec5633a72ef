import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { clusterOpener } from "../clients/cluster";
import { LOCAL_STORAGE_CLASS } from "../components/naming/names";
import { exportState, importState } from "../engine/checkpoint";
import { removeStaleLock, runOperation } from "../engine/operation";
import { settlePendingOperations } from "../engine/pendingOperations";
import { stackFor } from "../engine/stack";
import { inStep, type Progress } from "../terminal/progress";
import { askDocker } from "./docker";
import { FleetFailure } from "./fleet/failure";
import { clustersDirectory, stackConfig, stateDirectory, type Targets, targetList } from "./fleet/settings";
import { engineDirectory, readFleetState } from "./fleet/state";
import { recordedKindClusters, removeKindClusters } from "./kind";
import { downClusters } from "./offline/builtClusters";
import { findPlugins } from "./offline/findPlugins";
import { findTools } from "./offline/findTools";

/**
 * Removes everything that `npm start` made on this machine, also after a crash. The tools' cache stays. Fails if kind clusters are left because Docker does
 * not answer, and keeps the state then, by which the next call finds them.
 */
export async function down(progress: Progress, signal: AbortSignal): Promise<void> {
    const lastRun = await readFleetState();
    if (lastRun?.how === "given") await destroyStacks(lastRun.targets, progress, signal);
    const docker = await askDocker();
    const kind = "version" in docker ? (await findTools(["kind"], progress, signal)).kind.path : undefined;
    await inStep(progress.step("Remove"), async () => {
        const removed = [...(await downClusters(clustersDirectory())), ...(kind ? await removeKindClusters(kind) : [])];
        if ("silent" in docker && recordedKindClusters().length > 0)
            throw new FleetFailure(
                `Docker does not answer (${docker.silent}), so these kind clusters are left: ${recordedKindClusters().join(", ")}. Start Docker, then run \`npm start -- --down\` again.`,
            );
        const existed = existsSync(stateDirectory());
        await rm(stateDirectory(), { recursive: true, force: true });
        return { result: undefined, says: removed.length > 0 || existed ? [...removed, "state"].join(", ") : "nothing was there" };
    });
}

/** Removes what was deployed to a user's clusters, stored data included. The clusters stay. */
async function destroyStacks(targets: Targets, progress: Progress, signal: AbortSignal): Promise<void> {
    const { pulumi, helm } = await findTools(["pulumi", "helm"], progress, signal);
    const openCluster = clusterOpener(helm.path);
    const engine = { pulumiPath: pulumi.path, stateDir: engineDirectory() };
    const plugins = await findPlugins(engine, { removes: true });
    for (const { name, target } of targetList(targets).reverse())
        await inStep(progress.step(`Remove ${name}`, 60), async (step) => {
            const config = stackConfig(name, { target, chart: "", storageClass: LOCAL_STORAGE_CLASS });
            const stack = await stackFor({
                ...engine,
                stackName: name,
                program: async () => {},
                config,
                plugins,
                env: { HELM_BINARY: helm.path },
            });
            await removeStaleLock(stack);
            // First, since importing a state drops its pending operations, and what they made would stay in the cluster.
            await settlePendingOperations(stack, { openCluster, signal });
            const state = await exportState(stack);
            await importState(stack, withoutProtection(state));
            const { counts } = await runOperation(stack, "destroy", { onDoing: (text) => step.update(text), signal });
            return { result: undefined, says: `${counts.deleted} deleted` };
        });
}

/** A state whose resources the engine deletes all, those too that hold data. */
export function withoutProtection<S extends { deployment: { resources?: object[] } }>(state: S): S {
    const resources = state.deployment.resources?.map((resource) => ({ ...resource, protect: false, retainOnDelete: false }));
    return { ...state, deployment: { ...state.deployment, ...(resources && { resources }) } };
}
