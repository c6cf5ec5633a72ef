import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { PulumiFn, Stack } from "@pulumi/pulumi/automation";
import Table from "cli-table3";
import { Command } from "commander";
import { runOperation } from "../engine/operation";
import { stackFor } from "../engine/stack";
import { readStackFile } from "../engine/stackFile";
import { findTools } from "../local/offline/findTools";
import { createProgress, inStep, type Progress, styleFor } from "../terminal/progress";
import { RECORDING_PLUGINS } from "./recorders";

/**
 * Measures what the policy pack adds to a preview of the observer in Pulumi.observer.yaml, before its first update. The engine is the real one; recorders
 * take the place of the plugins: AWS and a Kubernetes API would make the preview longer, and the pack's part of it smaller. A pack without policies shows
 * which part of that is out of the rules' reach. The three alternate, so that a busy minute of the machine affects all, and the best of each counts:
 * other work only adds to it.
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
        return { result: { wallMs: performance.now() - start, cpuMs: cpuMs() - cpu }, says: `${counts.created} to create` };
    });
}

async function main(): Promise<void> {
    new Command("npm run bench:policies --")
        .description(
            "Measures what the policy pack adds to a preview of the example observer. Takes a minute or two. Ends with 1 where a limit is exceeded.",
        )
        .parse();
    // The average of the minute before the first run.
    const [load = 0] = loadavg();
    const busy = load > availableParallelism() / 2;
    const progress = createProgress(styleFor(process.stderr, false), process.stderr);
    const { pulumi } = await findTools(["pulumi"], progress, new AbortController().signal);
    const stateDir = mkdtempSync(join(tmpdir(), "thanos-fleet-bench-"));
    const runs: Record<Way, Measured[]> = { "no pack": [], "a pack without policies": [], "the policy pack": [] };
    try {
        const program = require("../index") as PulumiFn;
        const config = readStackFile(ROOT, STACK);
        const stack = await stackFor({ pulumiPath: pulumi.path, stateDir, stackName: STACK, program, config, plugins: RECORDING_PLUGINS });
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
            `A first preview of stack ${STACK} through the engine`,
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
