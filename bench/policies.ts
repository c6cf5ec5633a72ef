import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { PulumiFn, Stack } from "@pulumi/pulumi/automation";
import Table from "cli-table3";
import { Command } from "commander";
import { LOCAL_STORAGE_CLASS } from "../components/naming/names";
import { runOperation } from "../engine/operation";
import { stackFor } from "../engine/stack";
import { readStackFile } from "../engine/stackFile";
import { stackConfig } from "../local/fleet/settings";
import { engineDirectory, readFleet, readFleetState } from "../local/fleet/state";
import { findChart } from "../local/offline/findChart";
import { findPlugins } from "../local/offline/findPlugins";
import { findTools } from "../local/offline/findTools";
import { createProgress, inStep, type Progress, styleFor } from "../terminal/progress";
import { RECORDING_PLUGINS } from "./recorders";

/**
 * Measures what the policy pack adds to a preview of the observer in Pulumi.observer.yaml, before its first update. The engine is the real one; recorders
 * take the place of the plugins: AWS and a Kubernetes API would make the preview longer, and the pack's part of it smaller. With `--fleet` it is the observer
 * of the running fleet, whose objects are compared with those of its Kubernetes API. A pack without policies shows which part is out of the rules' reach. The
 * three alternate, so that a busy minute of the machine affects all, and the best of each counts: other work only adds to it.
 */

const ROOT = join(__dirname, "..");
const STACK = "observer";
const RUNS = 5;

/** With the pack, compared with the preview without it. */
const LIMIT = 1.1;

const WAYS = {
    "no pack": [],
    "a pack without policies": [join(__dirname, "emptyPack.js")],
    "the policy pack": [join(ROOT, "policies", "pack.js")],
};
type Way = keyof typeof WAYS;
const NAMES = Object.keys(WAYS) as Way[];

interface Measured {
    wallMs: number;
    /** Of this process, where the program runs, and of the engine, its plugins and the pack. Only Linux counts it. */
    cpuMs: number;
}

/** Processor time of this process and of all that it has waited for: fields 14 to 17 of proc_pid_stat(5), in hundredths of a second. */
function cpuMs(): number {
    if (process.platform !== "linux") return Number.NaN;
    const fields = readFileSync("/proc/self/stat", "utf8")
        .replace(/^.*\) /, "")
        .split(" ");
    return fields.slice(11, 15).reduce((sum, ticks) => sum + 10 * Number(ticks), 0);
}

function measure(stack: Stack, way: Way, progress: Progress): Promise<Measured> {
    return inStep(progress.step(`Preview with ${way}`), async (step) => {
        const [start, cpu] = [performance.now(), cpuMs()];
        const { counts } = await runOperation(stack, "preview", { policyPacks: WAYS[way], onDoing: (text) => step.update(text) });
        return {
            result: { wallMs: performance.now() - start, cpuMs: cpuMs() - cpu },
            says: `${counts.created} to create, ${counts.same} unchanged`,
        };
    });
}

/** The observer of the example, whose objects nobody has created. */
const exampleObserver = (pulumiPath: string, stateDir: string): Promise<Stack> =>
    stackFor({
        pulumiPath,
        stateDir,
        stackName: STACK,
        program: require("../index") as PulumiFn,
        config: readStackFile(ROOT, STACK),
        plugins: RECORDING_PLUGINS,
    });

/** The observer that `npm start` has deployed, as it deploys it. */
async function runningObserver(pulumiPath: string, progress: Progress, signal: AbortSignal): Promise<Stack> {
    const [state, fleet] = await Promise.all([readFleetState(), readFleet()]);
    if (state === undefined || fleet === undefined) throw new Error("No fleet is here. Run `npm start` first, or leave --fleet away.");
    const { helm } = await findTools(["helm"], progress, signal);
    const engine = { pulumiPath, stateDir: engineDirectory() };
    const settings = { fleet, target: state.targets.observer, chart: await findChart(helm.path, progress, signal) };
    return stackFor({
        ...engine,
        stackName: STACK,
        program: require("../index") as PulumiFn,
        config: stackConfig(STACK, { ...settings, storageClass: LOCAL_STORAGE_CLASS }),
        plugins: await findPlugins(engine),
        env: { HELM_BINARY: helm.path },
    });
}

async function main(): Promise<void> {
    const { fleet } = new Command("npm run bench:policies --")
        .description(
            "Measures what the policy pack adds to a preview of the example observer. Takes a minute or two. Ends with 1 where a limit is exceeded.",
        )
        .option("--fleet", "of the observer of the fleet that `npm start` has made instead")
        .parse()
        .opts<{ fleet?: boolean }>();
    // The average of the minute before the first run.
    const [load = 0] = loadavg();
    const busy = load > availableParallelism() / 2;
    const progress = createProgress(styleFor(process.stderr, false), process.stderr);
    const { signal } = new AbortController();
    const { pulumi } = await findTools(["pulumi"], progress, signal);
    const stateDir = mkdtempSync(join(tmpdir(), "thanos-fleet-bench-"));
    const runs: Record<Way, Measured[]> = { "no pack": [], "a pack without policies": [], "the policy pack": [] };
    try {
        const stack = await (fleet ? runningObserver(pulumi.path, progress, signal) : exampleObserver(pulumi.path, stateDir));
        // Compiles what is not compiled yet.
        for (const way of NAMES) await measure(stack, way, progress);
        for (let run = 0; run < RUNS; run++) for (const way of NAMES) runs[way].push(await measure(stack, way, progress));
    } finally {
        rmSync(stateDir, { recursive: true, force: true });
    }

    const best = (way: Way, key: keyof Measured) => Math.min(...runs[way].map((run) => run[key])) / 1000;
    const row = (way: Way) => [
        `with ${way}`,
        ...(["wallMs", "cpuMs"] as const).map(
            (key) => `${best(way, key).toFixed(2)} s (${(best(way, key) / best("no pack", key)).toFixed(2)} x)`,
        ),
    ];
    const table = new Table({ head: [`best of ${RUNS}`, "wall", "CPU"], style: { head: [], border: [] } });
    table.push(...NAMES.map(row));
    const ratio = best("the policy pack", "wallMs") / best("no pack", "wallMs");
    process.stdout.write(
        [
            fleet ? `A preview of the running fleet's ${STACK}` : `A first preview of stack ${STACK}, with plugins that record`,
            `Node ${process.versions.node}, ${availableParallelism()} cores, load ${load.toFixed(1)} before the first run`,
            table.toString(),
            `Limit: ${LIMIT} x of wall time, ${ratio < LIMIT ? "met" : "not met"}.`,
            ...(busy ? ["The machine is busy: times are too long."] : []),
            "",
        ].join("\n"),
    );
    if (ratio >= LIMIT && !busy) process.exitCode = 1;
}

main().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
});
