import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { Command } from "commander";
import color from "picocolors";
import { planFleet, summaryLines } from "../cli/fleetPlan";
import { asText } from "../cli/stackFile";
import { ConfigError, EXIT_WRONG_INPUT } from "../config/problems";
import { version } from "../package.json";
import { addressOf, clusterId } from "./addresses";
import { findChart } from "./chart";
import { checkFleet } from "./check";
import { downClusters } from "./cluster";
import { findPlugins, stackFor } from "./engine";
import { CLUSTERS, type ClusterName, clustersDirectory, stackConfig, stateDirectory, type Target } from "./fleet";
import { type Bucket, uploadHistory, writeHistory } from "./history";
import { removeKindClusters } from "./kind";
import { createProgress, inStep, type Progress, styleFor } from "./progress";
import { chooseSource, dockerAnswers, findTargets, type Source, STORAGE_CLASS, toolsOf } from "./targets";
import { findTools, ToolError } from "./tools/resolve";
import { type Counts, UpdateFailed, update } from "./update";

const command = new Command("npm start --")
    .description("A whole fleet on this machine: an observer, and one observee of each mode, with real Kubernetes, Thanos and Prometheus.")
    .option("--down", "remove everything that was made, also after a crash")
    .option(
        "--context <cluster=context...>",
        "use these contexts of your kubeconfig instead of making clusters, one for each cluster of the fleet",
    )
    .option("--json", "print events, one JSON object a line");

const ENGINE = () => join(stateDirectory(), "engine");
const HISTORY = () => join(stateDirectory(), "history");

async function main(): Promise<void> {
    const options = command.parse().opts<{ down?: boolean; context?: string[]; json?: boolean }>();
    const progress = createProgress(styleFor(process.stdout, options.json ?? false));
    const stop = new AbortController();
    onInterrupt(stop, progress);
    progress.say(color.bold(`thanos-fleet ${version}: a fleet on this machine\n`));
    if (options.down) await down(progress, stop.signal);
    else await up(options.context ?? [], progress, stop.signal);
}

async function up(contexts: readonly string[], progress: Progress, signal: AbortSignal): Promise<void> {
    const source = await chooseSource(contexts);
    await showPlan(progress);
    const tools = await findTools(["pulumi", "helm", "thanos", "promtool", ...toolsOf(source)] as const, progress, signal);
    const targets = await findTargets(source, tools, progress, signal);
    const chart = await findChart(tools.helm.path, progress, signal);
    await remember(source, targets);
    // Needs nothing that runs, so it is done while the observer comes up.
    const written = Promise.all(CLUSTERS.map(({ name }) => writeHistory(name, HISTORY(), tools.promtool.path, signal)));
    written.catch(() => {});

    const engine = { pulumiPath: tools.pulumi.path, stateDir: ENGINE() };
    const plugins = await findPlugins(engine);
    if (plugins.some((plugin) => plugin.standIn))
        progress.say(
            `${"Plugins".padEnd(22)} stand-ins for ${plugins.map((p) => p.name).join(", ")}: the official ones cannot be downloaded here`,
        );

    for (const { name } of CLUSTERS) {
        await inStep(progress.step(`Deploy ${name}`, 90), async (step) => {
            const stack = await stackFor({
                ...engine,
                stackName: name,
                program: require("../index") as PulumiFn,
                config: stackConfig(name, { target: targets[name], chart, storageClass: STORAGE_CLASS }),
                plugins,
                env: { HELM_BINARY: tools.helm.path },
            });
            const { counts, outputs } = await update(stack, "up", { onDoing: (text) => step.update(text), signal });
            progress.event("deployed", { stack: name, counts });
            if (name === "observer") {
                step.update("filling in history");
                await written;
                const bucket = await bucketOf(targets, outputs.contract?.value, outputs.keys?.value);
                for (const cluster of CLUSTERS) await uploadHistory(cluster.name, bucket, HISTORY(), tools.thanos.path, signal);
            }
            return { result: undefined, says: countsText(counts) };
        });
    }

    const frontend = `http://${await addressOf(targets.observer, "thanos-query-frontend-external")}`;
    const answer = await inStep(progress.step("Check", 60), async (step) => {
        const found = await checkFleet(frontend, step, signal);
        const up = Object.entries(found.up).map(([cluster, count]) => `${cluster} ${count} up`);
        const says = [
            ...up,
            `replicas deduplicated (${found.unmerged} series to ${found.merged})`,
            `history back to ${found.historySince}`,
        ].join(" · ");
        return { result: found, says };
    });
    progress.event("answer", { frontend, ...answer });
    progress.say(
        [
            "",
            `${color.bold("Open")}   ${frontend}   every cluster, one query: try  sum by (cluster) (rate(shop_orders_total[1h]))  over four weeks`,
            ...CLUSTERS.map(
                ({ name }) => `       kubectl --kubeconfig ${targets[name].kubeconfig} --context ${targets[name].context} get pods -A`,
            ),
            `${color.bold("Stop")}   npm start -- --down`,
        ].join("\n"),
    );
}

/** What will be made, before anything slow. */
async function showPlan(progress: Progress): Promise<void> {
    const target = (name: string) => ({ kubeconfig: join(clustersDirectory(), name, "kubeconfig"), context: name });
    const plan = await planFleet(
        CLUSTERS.map(({ name }) => ({
            name,
            config: asText(stackConfig(name, { target: target(name), chart: "kube-prometheus-stack", storageClass: STORAGE_CLASS })),
        })),
    );
    progress.say(`${summaryLines(plan).join("\n")}\n`);
    progress.event("plan", {
        stacks: plan.stacks.map(({ name, role, mode, resources }) => ({ name, role, mode, resources: resources.length })),
    });
}

/** What is known of the clusters of an earlier run. */
interface Known {
    how: Source["how"];
    ids: Record<string, string>;
    targets: Record<ClusterName, Target>;
}

const knownFile = () => join(stateDirectory(), "clusters.json");
const known = async (): Promise<Known | undefined> =>
    existsSync(knownFile()) ? (JSON.parse(await readFile(knownFile(), "utf8")) as Known) : undefined;

/** The engine remembers what it made; where the clusters are others than then, all of it is gone. */
async function remember(source: Source, targets: Record<ClusterName, Target>): Promise<void> {
    const ids = Object.fromEntries(await Promise.all(CLUSTERS.map(async ({ name }) => [name, await clusterId(targets[name])])));
    if (!isDeepStrictEqual((await known())?.ids, ids)) {
        for (const made of [join(ENGINE(), "backend"), HISTORY()]) await rm(made, { recursive: true, force: true });
    }
    await writeFile(knownFile(), JSON.stringify({ how: source.how, ids, targets } satisfies Known));
}

async function bucketOf(targets: Record<ClusterName, Target>, contract: { objectStore: Bucket }, keys: Bucket["keys"]): Promise<Bucket> {
    return { ...contract.objectStore, keys, endpoint: await addressOf(targets.observer, "s3") };
}

function countsText(counts: Counts): string {
    const changed = (["created", "updated", "replaced", "deleted"] as const)
        .filter((kind) => counts[kind] > 0)
        .map((kind) => `${counts[kind]} ${kind}`);
    return changed.length === 0 ? `unchanged (${counts.same})` : changed.join(", ");
}

async function down(progress: Progress, signal: AbortSignal): Promise<void> {
    const before = await known();
    if (before?.how === "given") await destroyStacks(before.targets, progress, signal);
    const kind = (await dockerAnswers()) ? (await findTools(["kind"], progress, signal)).kind.path : undefined;
    await inStep(progress.step("Remove"), async () => {
        const removed = [...(await downClusters(clustersDirectory())), ...(kind ? await removeKindClusters(kind) : [])];
        const existed = existsSync(stateDirectory());
        await rm(stateDirectory(), { recursive: true, force: true });
        return { result: undefined, says: removed.length > 0 || existed ? [...removed, "state"].join(", ") : "nothing was there" };
    });
}

/** Clusters that were not made here stay; what was deployed to them goes, except the volume with the blocks, which is retained. */
async function destroyStacks(targets: Record<ClusterName, Target>, progress: Progress, signal: AbortSignal): Promise<void> {
    const { pulumi, helm } = await findTools(["pulumi", "helm"], progress, signal);
    const engine = { pulumiPath: pulumi.path, stateDir: ENGINE() };
    const plugins = await findPlugins(engine);
    for (const { name } of [...CLUSTERS].reverse())
        await inStep(progress.step(`Remove ${name}`, 60), async (step) => {
            const config = stackConfig(name, { target: targets[name], chart: "", storageClass: STORAGE_CLASS });
            const stack = await stackFor({
                ...engine,
                stackName: name,
                program: async () => {},
                config,
                plugins,
                env: { HELM_BINARY: helm.path },
            });
            const state = await stack.exportStack();
            for (const resource of (state.deployment.resources ?? []) as { protect?: boolean }[]) resource.protect = false;
            await stack.importStack(state);
            const { counts } = await update(stack, "destroy", { onDoing: (text) => step.update(text), signal });
            return { result: undefined, says: `${counts.deleted} deleted` };
        });
}

/** The first Ctrl-C ends the running step in good order; the second ends the program. */
function onInterrupt(stop: AbortController, progress: Progress): void {
    for (const name of ["SIGINT", "SIGTERM"] as const)
        process.on(name, () => {
            if (stop.signal.aborted) process.exit(130);
            progress.say(
                "\nStopping: the running step ends first. `npm start` goes on from there, `npm start -- --down` removes everything.",
            );
            stop.abort();
        });
}

main().then(
    // Connections to clusters stay open; nothing is left to do.
    () => process.exit(0),
    (error: Error) => {
        const told =
            error instanceof ConfigError || error instanceof ToolError || error instanceof UpdateFailed || error.name === "AbortError";
        if (error.name !== "AbortError") process.stderr.write(`\n${told ? error.message : (error.stack ?? error.message)}\n`);
        process.exit(error instanceof ConfigError ? EXIT_WRONG_INPUT : error.name === "AbortError" ? 130 : 1);
    },
);
