import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import Table from "cli-table3";
import { Command } from "commander";
import { stringify } from "yaml";
import { checkSettings } from "../rollout/settings";
import { createProgress, inStep, type Progress, styleFor } from "../terminal/progress";
import { VERSIONS } from "../upstream/versions";

/**
 * Measures `thanos-fleet up` of a hundred observees against one of ten: how time and memory grow with the fleet, how many engines run at once, and whether
 * the waves keep their order. Everything is the real one but the engine: a shell script that answers as `pulumi` does, with the events and the time of an observee on a
 * local fleet, so that a machine can drive a hundred of them.
 */

const ROOT = join(__dirname, "..");

/** Number of observees in each fleet. The first one is what the others are compared with. */
const FLEETS = [10, 100];

/** What `npm start` of this project takes for an observee on two cores, in seconds. */
const RECORDED = { resources: 20, preview: 8, up: 28 };
const TIMES_FASTER = 10;

/** Limits for the last fleet: for a stack, compared with the first fleet. */
const LIMIT = { timePerStack: 1.2, memory: 1.5 };

const settings = checkSettings({});

/** A program that behaves as the CLI does for a rollout, and notes in `$NOTES` how many of it run. */
const ENGINE = `#!/bin/sh
backend() { printf '{"url": "file://%s/backend"}' "$NOTES"; }
operation() {
    mkdir "$NOTES/running/$$"
    ls "$NOTES/running" | wc -l >>"$NOTES/running-at-once"
    while [ "$1" != --event-log ]; do shift; done
    i=0
    while [ $i -lt ${RECORDED.resources} ]; do
        metadata='{"op":"update","urn":"urn:pulumi:s::p::kubernetes:apps/v1:StatefulSet::r'$i'","type":"kubernetes:apps/v1:StatefulSet"}'
        printf '{"sequence":%s,"timestamp":0,"resourcePreEvent":{"metadata":%s}}\\n' $((2 * i)) "$metadata" >>"$2"
        sleep $pause
        printf '{"sequence":%s,"timestamp":0,"resOutputsEvent":{"metadata":%s}}\\n' $((2 * i + 1)) "$metadata" >>"$2"
        i=$((i + 1))
    done
    printf '{"sequence":%s,"timestamp":0,"summaryEvent":{"resourceChanges":{"update":%s}}}\\n' $((2 * i)) $i >>"$2"
    rmdir "$NOTES/running/$$"
}
case "$*" in
    version*) echo ${VERSIONS.pulumi} ;;
    whoami*) backend ;;
    "stack ls"*) cat "$NOTES/stacks.json" ;;
    "stack output"*) echo '{}' ;;
    "stack history"*) echo '[{"kind":"update","result":"succeeded"}]' ;;
    "stack export"*) echo '{"version":3,"deployment":{}}' ;;
    preview*) pause=${RECORDED.preview / RECORDED.resources / TIMES_FASTER}; operation "$@" ;;
    up*) pause=${RECORDED.up / RECORDED.resources / TIMES_FASTER}; operation "$@" ;;
    *) echo "error: pulumi $* is not expected" >&2; exit 1 ;;
esac
`;

interface Event {
    event: string;
    stack?: string;
    waves?: { stacks: string[] }[];
    /** Why the command failed. */
    error?: string;
}

interface Measured {
    stacks: number;
    waves: number;
    ms: number;
    /** Peak resident memory of the rollout itself, without the processes of stacks. */
    rssMb: number;
    enginesAtOnce: number;
    inOrder: boolean;
}

/** Stack files of a fleet, and the engine. */
function makeFleet(directory: string, observees: readonly string[]): void {
    for (const folder of ["bin", "running", "backend", "fleet"]) mkdirSync(join(directory, folder));
    writeFileSync(join(directory, "bin", "pulumi"), ENGINE, { mode: 0o755 });
    writeFileSync(join(directory, "stacks.json"), JSON.stringify(["observer", ...observees].map((name) => ({ name }))));
    writeFileSync(join(directory, "fleet", "Pulumi.yaml"), readFileSync(join(ROOT, "Pulumi.yaml")));
    const common = { domain: "fleet.test", cloud: "local", kubeconfig: "/kubeconfig", storageClass: "standard", chart: "/chart" };
    const write = (name: string, own: Record<string, unknown>) => {
        const config = Object.entries({ ...common, cluster: name, ...own }).map(([key, value]) => [`thanos-fleet:${key}`, value]);
        writeFileSync(join(directory, "fleet", `Pulumi.${name}.yaml`), stringify({ config: Object.fromEntries(config) }));
    };
    write("observer", { role: "observer", observees: observees.map((name) => ({ name, mode: "sidecar" })) });
    for (const name of observees) write(name, { role: "observee", observer: "organization/thanos-fleet/observer" });
}

/** Whether every stack was previewed before it was updated, and no wave began before the one before it was done. */
function isInOrder(events: readonly Event[], waves: readonly { stacks: string[] }[]): boolean {
    const at = (event: string, stack: string) => events.findIndex((found) => found.event === event && found.stack === stack);
    return waves.every(({ stacks }, i) => {
        const begun = Math.min(...stacks.map((stack) => at("previewing", stack)));
        const updated = (waves[i - 1]?.stacks ?? []).map((stack) => at("updated", stack));
        const steps = stacks.map((stack) => ["previewing", "previewed", "updating", "updated"].map((event) => at(event, stack)));
        return (
            stacks.length <= settings.maxUnhealthy &&
            updated.every((index) => index >= 0 && index < begun) &&
            steps.every((indices) => indices.every((index, k) => index >= 0 && index > (indices[k - 1] ?? -1)))
        );
    });
}

async function measure(count: number, progress: Progress): Promise<Measured> {
    const directory = mkdtempSync(join(tmpdir(), "thanos-fleet-bench-"));
    try {
        makeFleet(
            directory,
            Array.from({ length: count }, (_, i) => `small-${i}`),
        );
        return await inStep(progress.step(`Rollout of ${count}`), async (step) => {
            const start = performance.now();
            const child = spawn(process.execPath, ["cli/thanos-fleet.js", "up", "-C", join(directory, "fleet"), "--json"], {
                cwd: ROOT,
                env: { ...process.env, NOTES: directory, PATH: `${join(directory, "bin")}${delimiter}${process.env.PATH}` },
                stdio: ["ignore", "pipe", "inherit"],
            });
            let rssKb = 0;
            const sampled = setInterval(async () => {
                const ps = spawn("ps", ["-o", "rss=", "-p", String(child.pid)]);
                for await (const text of ps.stdout) rssKb = Math.max(rssKb, Number.parseInt(String(text), 10) || 0);
            }, 500);
            const events: Event[] = [];
            for await (const line of createInterface({ input: child.stdout })) {
                const event = JSON.parse(line) as Event;
                if (event.event !== "doing") events.push(event);
                if (event.event === "updated") step.update(`${event.stack} updated`);
            }
            clearInterval(sampled);
            if (child.exitCode === null) await once(child, "exit");
            if (child.exitCode !== 0) throw new Error(events.at(-1)?.error ?? `exit code ${child.exitCode}`);
            const { waves = [] } = events.find(({ event }) => event === "started") ?? {};
            const running = readFileSync(join(directory, "running-at-once"), "utf8").trim().split("\n").map(Number);
            const result = {
                stacks: count + 1,
                waves: waves.length,
                ms: performance.now() - start,
                rssMb: rssKb / 1024,
                enginesAtOnce: Math.max(...running),
                inOrder: isInOrder(events, waves),
            };
            return { result, says: `${result.stacks} stacks in ${result.waves} waves` };
        });
    } finally {
        rmSync(directory, { recursive: true, force: true });
    }
}

async function main(): Promise<void> {
    new Command("npm run bench:rollout --")
        .description(
            "Measures a rollout over 100 observees against one over 10, with an engine that is a script. Takes some minutes. Ends with 1 where a limit is exceeded.",
        )
        .parse();
    const [load = 0] = loadavg();
    const progress = createProgress(styleFor(process.stderr, false), process.stderr);
    const fleets: Measured[] = [];
    for (const count of FLEETS) fleets.push(await measure(count, progress));

    const [baseline] = fleets as [Measured];
    const largest = fleets.at(-1) as Measured;
    const perStack = ({ ms, stacks }: Measured) => ms / stacks;
    const cell = (value: number, least: number, text: string) => `${text} (${(value / least).toFixed(1)} x)`;
    const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
    const head = ["stacks", "waves", "time", "time for a stack", "memory", "engines at once", "in order"];
    const table = new Table({ head, style: { head: [], border: [] } });
    for (const fleet of fleets)
        table.push([
            cell(fleet.stacks, baseline.stacks, `${fleet.stacks}`),
            fleet.waves,
            cell(fleet.ms, baseline.ms, seconds(fleet.ms)),
            cell(perStack(fleet), perStack(baseline), seconds(perStack(fleet))),
            cell(fleet.rssMb, baseline.rssMb, `${fleet.rssMb.toFixed(0)} MB`),
            fleet.enginesAtOnce,
            fleet.inOrder ? "yes" : "NO",
        ]);
    const met =
        perStack(largest) <= LIMIT.timePerStack * perStack(baseline) &&
        largest.rssMb <= LIMIT.memory * baseline.rssMb &&
        fleets.every(({ enginesAtOnce, inOrder }) => enginesAtOnce <= settings.parallel && inOrder);
    process.stdout.write(
        [
            `A rollout with the default settings, the engine ${TIMES_FASTER} times faster than on a local fleet`,
            `Node ${process.versions.node}, ${availableParallelism()} cores, load ${load.toFixed(1)} before the first run`,
            table.toString(),
            `Limit for the last row: ${LIMIT.timePerStack} x of time for a stack, ${LIMIT.memory} x of memory, ${settings.parallel} engines, ${met ? "met" : "not met"}.`,
            "",
        ].join("\n"),
    );
    if (!met) process.exitCode = 1;
}

main().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
});
