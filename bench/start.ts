import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";

/**
 * Program start: from the start of Node to the last registered resource of the observer in Pulumi.observer.yaml, without an engine.
 * Each run is a fresh process; the two ways take turns, so that a busy minute of the machine hits both.
 */

const ROOT = join(__dirname, "..");
const STACK = "observer";
const RUN_WITHIN_MS = 120_000;

/** The bar for this project's own way. */
const BAR = { wallMs: 1000, rssMb: 200 };

interface Way {
    name: string;
    /** What is loaded before the program. */
    register: string;
    runs: number;
}

const OURS: Way = { name: "transpile-only, as tsconfig.json has it", register: "ts-node/register", runs: 5 };
/** What the Pulumi SDK does with a TypeScript program unless it is told not to (sdk/nodejs/cmd/run/run.ts). */
const DEFAULT: Way = { name: "type check, Pulumi's default", register: "ts-node/register/type-check", runs: 3 };

interface Measured {
    wallMs: number;
    userMs: number;
    rssMb: number;
    resources: number;
}

/** In the child. What Node reports is counted from the start of the process. */
async function child(): Promise<void> {
    const { runInProcess } = require("../cli/inProcess") as typeof import("../cli/inProcess");
    const { readStackFile } = require("../cli/stackFile") as typeof import("../cli/stackFile");
    const { resources } = await runInProcess(STACK, readStackFile(ROOT, STACK));
    const { userCPUTime, maxRSS } = process.resourceUsage();
    const measured: Measured = { wallMs: performance.now(), userMs: userCPUTime / 1000, rssMb: maxRSS / 1024, resources: resources.length };
    process.send?.(measured, () => process.exit(0));
}

async function measure(way: Way): Promise<Measured> {
    const run = fork(__filename, ["child"], {
        cwd: ROOT,
        execArgv: ["--require", way.register],
        stdio: ["ignore", "inherit", "inherit", "ipc"],
        timeout: RUN_WITHIN_MS,
    });
    const exited = once(run, "exit").then(([code, signal]) => {
        throw new Error(`${way.name}: the program ended (${signal ?? `exit code ${code}`}) before its last resource, see above.`);
    });
    const [measured] = (await Promise.race([once(run, "message"), exited])) as [Measured];
    await exited.catch(() => {});
    return measured;
}

/** The best of each figure: noise only ever adds. */
function best(runs: readonly Measured[]): Measured {
    const least = (pick: (run: Measured) => number) => Math.min(...runs.map(pick));
    return {
        wallMs: least((r) => r.wallMs),
        userMs: least((r) => r.userMs),
        rssMb: least((r) => r.rssMb),
        resources: least((r) => r.resources),
    };
}

async function main(): Promise<void> {
    const ways = [OURS, DEFAULT];
    const runs = new Map<Way, Measured[]>(ways.map((way) => [way, []]));
    for (let round = 0; round < Math.max(OURS.runs, DEFAULT.runs); round++)
        for (const way of ways) if (round < way.runs) runs.get(way)?.push(await measure(way));
    const [ours, byDefault] = ways.map((way) => best(runs.get(way) ?? [])) as [Measured, Measured];

    const table = new Table({ head: ["", "best of", "wall", "user CPU", "peak RSS"], style: { head: [], border: [] } });
    const row = (way: Way, m: Measured) => [way.name, way.runs, seconds(m.wallMs), seconds(m.userMs), `${m.rssMb.toFixed(0)} MB`];
    const ratio = (pick: (m: Measured) => number) => `${(pick(byDefault) / pick(ours)).toFixed(1)} x`;
    table.push(
        row(OURS, ours),
        row(DEFAULT, byDefault),
        ["ratio", "", ratio((m) => m.wallMs), ratio((m) => m.userMs), ratio((m) => m.rssMb)],
    );
    const met = ours.wallMs < BAR.wallMs && ours.rssMb < BAR.rssMb;
    process.stdout.write(
        [
            `Program start: load to the last of ${ours.resources} resources of stack ${STACK}, Node ${process.versions.node}, ${machine()}`,
            table.toString(),
            `Bar (first row): under ${seconds(BAR.wallMs)} and ${BAR.rssMb} MB: ${met ? "met" : "not met"}.`,
            "",
        ].join("\n"),
    );
    if (!met) process.exitCode = 1;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;

/** A busy machine makes wall time long; user CPU time less so. */
function machine(): string {
    const cores = availableParallelism();
    const [load = 0] = loadavg();
    return `${cores} cores, load ${load.toFixed(1)}${load > cores ? " (busy: compare user CPU time)" : ""}`;
}

(process.argv[2] === "child" ? child() : main()).catch((error: Error) => {
    process.stderr.write(`${error.stack ?? error.message}\n`);
    process.exitCode = 1;
});
