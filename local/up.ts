import { loadBalancerAddress } from "../clients/kubernetes";
import { LOCAL_STORAGE_CLASS } from "../components/naming/names";
import type { ObserveeAccess } from "../components/stack/contract";
import { ConfigError } from "../config/configError";
import { toEngineConfig } from "../engine/stackFile";
import { planFleet } from "../plan/planFleet";
import { summaryLines } from "../plan/print";
import { color } from "../terminal/color";
import { inStep, type Progress } from "../terminal/progress";
import { checkFleet } from "./checkAnswers";
import { findTargets, SOURCE_TEXT, toolsOf } from "./clusterSources";
import { allEnded, deploy } from "./deploy";
import { failures, verdictLine } from "./doctor";
import { type Asked, examine } from "./examine";
import { FLEETS, type FleetName, hasSidecars, kubeconfigFile, NAMESPACE, stackConfig, targetList } from "./fleet/settings";
import { engineDirectory, historyDirectory, keepFleet, type SourceKind, saveFleetState } from "./fleet/state";
import { HISTORY_DAYS, uploadHistory, writeHistory } from "./history";
import { findChart } from "./offline/findChart";
import { findPlugins, standInsText } from "./offline/findPlugins";
import { findTools } from "./offline/findTools";
import { frontendAddress } from "./status";

/** Deploys the fleet, from nothing or from the state of an earlier run, until it answers queries. */
export async function up(asked: Asked, progress: Progress, signal: AbortSignal): Promise<void> {
    const { fleet, source, checks } = await inStep(progress.step("Source"), async (step) => {
        if (asked.contexts.length > 0) step.update("asking your clusters");
        const result = await examine(asked, signal);
        if (failures(result.checks).length > 0) throw new ConfigError(SUBJECT[result.source.how], failures(result.checks));
        return { result, says: `${SOURCE_TEXT[result.source.how]}: ${result.source.why}` };
    });
    for (const verdict of checks.filter(({ state }) => state === "warning")) progress.say(verdictLine(verdict));
    await showPlan(fleet, progress);
    const tools = await findTools(["pulumi", "helm", "thanos", "promtool", ...toolsOf(source, fleet)] as const, progress, signal);
    await keepFleet(fleet);
    const targets = await findTargets(source, fleet, tools, progress, signal);
    await saveFleetState(source, targets);
    const chart = await findChart(tools.helm.path, progress, signal);
    // An agent has no blocks: Receive makes those of its samples.
    const withHistory = FLEETS[fleet].filter(hasSidecars);
    // Needs no cluster, so it runs while the observer is deployed.
    const written = Promise.all(withHistory.map(({ name }) => writeHistory(name, historyDirectory(), tools.promtool.path, signal)));
    written.catch(() => {});

    const engine = { pulumiPath: tools.pulumi.path, stateDir: engineDirectory() };
    const plugins = await findPlugins(engine);
    const standIns = standInsText(plugins);
    if (standIns !== undefined) progress.say(`${"Plugins".padEnd(22)} ${standIns}`);
    const deployment = { fleet, chart, engine, plugins, helm: tools.helm.path, progress, signal };
    const outputs = await deploy({ name: "observer", target: targets.observer }, deployment);
    const fillHistory = inStep(progress.step("History", 10), async (step) => {
        step.update("writing blocks");
        await written;
        // All clusters of the local fleet share one S3 server.
        const access = Object.values(outputs.access?.value as Record<string, ObserveeAccess>);
        const { type, config } = access.flatMap(({ objectStore }) => objectStore ?? [])[0] as NonNullable<ObserveeAccess["objectStore"]>;
        const endpoint = await loadBalancerAddress(targets.observer, { name: "s3", namespace: NAMESPACE });
        const store = { type, config: { ...config, endpoint } };
        step.update("uploading blocks");
        const uploads = withHistory.map(({ name }) => uploadHistory(name, store, historyDirectory(), tools.thanos.path, signal));
        const count = (await Promise.all(uploads)).filter((isNew) => isNew).length;
        return { result: undefined, says: count > 0 ? `${HISTORY_DAYS} days for ${count} clusters` : "is there" };
    });
    const observees = targetList(targets).filter(({ name }) => name !== "observer");
    await allEnded([fillHistory, ...observees.map((observee) => deploy(observee, deployment))]);

    const frontend = await frontendAddress(targets.observer);
    const answer = await inStep(progress.step("Check", 60), async (step) => {
        const result = await checkFleet({ frontend, clusters: targets }, step, signal);
        const { up: targetsUp, unmerged, merged, historySince } = result;
        const says = [
            ...Object.entries(targetsUp).map(([cluster, count]) => `${cluster} ${count} up`),
            `replicas deduplicated (${unmerged} series to ${merged})`,
            `history back to ${historySince}`,
        ].join(" · ");
        return { result, says };
    });
    progress.event("answer", { frontend, ...answer });
    progress.say(
        [
            "",
            `${color.bold("Open")}   ${frontend}   every cluster, one query: try  sum by (cluster) (rate(shop_orders_total[1h]))  over four weeks`,
            "       Grafana: its dashboards and data source are ConfigMaps in the observer; the local fleet runs no server of it",
            ...targetList(targets).map(
                ({ target }) => `       kubectl --kubeconfig ${target.kubeconfig} --context ${target.context} get pods -A`,
            ),
            `${color.bold("Stop")}   npm start -- --down`,
        ].join("\n"),
    );
}

/** What was looked at. */
const SUBJECT: Record<SourceKind, string> = { given: "your clusters and this machine", kind: "this machine", built: "this machine" };

/** Prints what will be deployed, before anything that takes long. */
async function showPlan(fleet: FleetName, progress: Progress): Promise<void> {
    const plan = await planFleet(
        FLEETS[fleet].map(({ name }) => {
            const target = { kubeconfig: kubeconfigFile(name), context: name };
            const settings = { fleet, target, chart: "kube-prometheus-stack", storageClass: LOCAL_STORAGE_CLASS };
            return { name, config: toEngineConfig(stackConfig(name, settings)) };
        }),
    );
    progress.say(`${summaryLines(plan).join("\n")}\n`);
    progress.event("plan", {
        stacks: plan.stacks.map(({ name, role, mode, resources }) => ({ name, role, mode, resources: resources.length })),
    });
}
