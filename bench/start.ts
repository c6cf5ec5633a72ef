import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { Command } from "commander";
import { parse } from "yaml";

/**
 * Measures program start: from the start of Node to the last registered resource of the observer in Pulumi.observer.yaml, without an engine.
 * Each run is a new process. The ways to start alternate, so that a busy minute of the machine affects all of them.
 */

const ROOT = join(__dirname, "..");
const STACK = "observer";
const RUN_TIMEOUT_MS = 120_000;

/** Limits for this project's own way to start. */
const LIMIT = { wallMs: 1000, rssMb: 200 };

/** A way to start the program. */
interface Way {
    name: string;
    /** Node's arguments before the program. */
    nodeArgs: string[];
    /** Number of runs, of which the best counts. */
    runs: number;
}

/** The way `pulumi up` starts this program. */
const { runtime } = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8")) as { runtime: { options: { nodeargs: string } } };
const ours = { name: "this project's way", nodeArgs: runtime.options.nodeargs.split(" "), runs: 5 };

const WAYS: Way[] = [ours, { name: "ts-node, transpile-only", nodeArgs: ["--require", "ts-node/register"], runs: 3 }];

interface Measured {
    /** From the start of the process. */
    wallMs: number;
    /** User CPU time of all threads. */
    userMs: number;
    /** Peak resident memory. */
    rssMb: number;
    /** Number of registered resources. */
    resources: number;
}

/** Runs in the child process: plans the stack, and sends the figures of the process to the parent. */
async function child(): Promise<void> {
    const { runInProcess } = require("../engine/runInProcess") as typeof import("../engine/runInProcess");
    const { readStackFile } = require("../engine/stackFile") as typeof import("../engine/stackFile");
    const { resources } = await runInProcess(STACK, readStackFile(ROOT, STACK));
    const { userCPUTime, maxRSS } = process.resourceUsage();
    const measured: Measured = { wallMs: performance.now(), userMs: userCPUTime / 1000, rssMb: maxRSS / 1024, resources: resources.length };
    process.send?.(measured, () => process.exit(0));
}

async function measure({ name, nodeArgs }: Way): Promise<Measured> {
    const run = fork(__filename, ["child"], { cwd: ROOT, execArgv: nodeArgs, timeout: RUN_TIMEOUT_MS });
    const exited = once(run, "exit");
    const early = exited.then(([code, signal]) => {
        throw new Error(`${name}: the program ended (${signal ?? `exit code ${code}`}) before its last resource. Its output is above.`);
    });
    const [measured] = (await Promise.race([once(run, "message"), early])) as [Measured];
    await early.catch(() => {});
    return measured;
}

/** The lowest value of each figure: other work on the machine only adds to it. */
function best(runs: readonly Measured[]): Measured {
    const least = (pick: (run: Measured) => number) => Math.min(...runs.map(pick));
    const [wallMs, userMs, rssMb] = [least((r) => r.wallMs), least((r) => r.userMs), least((r) => r.rssMb)];
    return { wallMs, userMs, rssMb, resources: least((r) => r.resources) };
}

async function main(): Promise<void> {
    new Command("npm run bench --")
        .description(
            "Measures program start of the example observer, against its limit and against other ways to start. Takes about a minute.",
        )
        .parse();
    // The average of the minute before the first run.
    const [load = 0] = loadavg();
    const busy = load > availableParallelism() / 2;
    const runs = new Map(WAYS.map((way) => [way, [] as Measured[]]));
    for (let round = 0; round < Math.max(...WAYS.map((way) => way.runs)); round++)
        for (const way of WAYS) if (round < way.runs) runs.get(way)?.push(await measure(way));

    const figures = WAYS.map((way) => ({ way, ...best(runs.get(way) ?? []) }));
    const [own] = figures as [(typeof figures)[0]];
    const cell = (value: number, unit: string, ownValue: number) =>
        `${value.toFixed(unit === "s" ? 2 : 0)} ${unit} (${(value / ownValue).toFixed(1)} x)`;
    const table = new Table({ head: ["", "best of", "wall", "user CPU", "peak RSS"], style: { head: [], border: [] } });
    for (const { way, wallMs, userMs, rssMb } of figures)
        table.push([
            `${way.name}\nnode ${way.nodeArgs.join(" ")}`,
            way.runs,
            cell(wallMs / 1000, "s", own.wallMs / 1000),
            cell(userMs / 1000, "s", own.userMs / 1000),
            cell(rssMb, "MB", own.rssMb),
        ]);
    const met = own.wallMs < LIMIT.wallMs && own.rssMb < LIMIT.rssMb;
    process.stdout.write(
        [
            `Program start: from load to the last of ${own.resources} resources of stack ${STACK}`,
            `Node ${process.versions.node}, ${availableParallelism()} cores, load ${load.toFixed(1)} before the first run`,
            table.toString(),
            `Limit for the first row: ${LIMIT.wallMs / 1000} s and ${LIMIT.rssMb} MB, ${met ? "met" : "not met"}.`,
            ...(busy ? ["The machine is busy: times are too long. Peak memory and the ratios of user CPU time are still valid."] : []),
            "",
        ].join("\n"),
    );
    if (!met && !busy) process.exitCode = 1;
}

(process.argv[2] === "child" ? child() : main()).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
});
