import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { PulumiFn, Stack } from "@pulumi/pulumi/automation";
import Table from "cli-table3";
import { Command } from "commander";
import type { Counts } from "../engine/counts";
import { runOperation } from "../engine/operation";
import { stackFor } from "../engine/stack";
import { readStackFile } from "../engine/stackFile";
import { findTools } from "../local/offline/findTools";
import { createProgress, inStep, type Progress, styleFor } from "../terminal/progress";
import { RECORDING_PLUGINS } from "./recorders";

/**
 * Measures how an observer grows with its fleet: a first `up`, and one without changes, of the stack in Pulumi.observer.yaml with ten small clusters
 * per stream. The engine is the real one; recorders take the place of the plugins, so that neither AWS nor a Kubernetes API adds its own time.
 */

const ROOT = join(__dirname, "..");
const STACK = "observer";
const CLUSTERS_PER_STREAM = 10;

/** Number of observees in each fleet. The first one is what the others are compared with. */
const FLEETS = [10, 100];

/** Limits for the last fleet. */
const LIMIT = { resources: 700, unchangedMs: 120_000 };

/** The example observer with `count` small clusters. */
function configOf(count: number): Record<string, string> {
    const names = Array.from({ length: count }, (_, i) => `small-${i}`);
    const streams = Array.from({ length: count / CLUSTERS_PER_STREAM }, (_, i) => ({
        name: `stream-${i}`,
        writers: names.slice(CLUSTERS_PER_STREAM * i, CLUSTERS_PER_STREAM * (i + 1)),
    }));
    const example = readStackFile(ROOT, STACK);
    const aws = JSON.parse(example["thanos-fleet:aws"] as string) as { nodeGroups: Record<string, unknown> };
    // Stores and Compacts of eleven streams need more nodes than the example has.
    aws.nodeGroups = {
        ...aws.nodeGroups,
        stateful: { instanceType: "m7g.8xlarge", nodesPerZone: 2 },
        general: { instanceType: "m7g.4xlarge" },
    };
    return {
        ...example,
        "thanos-fleet:aws": JSON.stringify(aws),
        "thanos-fleet:observees": JSON.stringify(names.map((name) => ({ name, mode: "sidecar" }))),
        "thanos-fleet:streams": JSON.stringify(streams),
    };
}

interface Measured {
    clusters: number;
    resources: number;
    firstMs: number;
    unchangedMs: number;
}

async function measure(clusters: number, pulumiPath: string, progress: Progress): Promise<Measured> {
    const stateDir = mkdtempSync(join(tmpdir(), "thanos-fleet-bench-"));
    try {
        const program = require("../index") as PulumiFn;
        const stack = await stackFor({
            pulumiPath,
            stateDir,
            stackName: STACK,
            program,
            config: configOf(clusters),
            plugins: RECORDING_PLUGINS,
        });
        const first = await timedUp(stack, progress, `First up of ${clusters}`);
        const second = await timedUp(stack, progress, `Unchanged up of ${clusters}`);
        if (second.counts.same !== first.counts.created)
            throw new Error(`The second update changed something: ${JSON.stringify(second.counts)}`);
        return { clusters, resources: first.counts.created, firstMs: first.ms, unchangedMs: second.ms };
    } finally {
        rmSync(stateDir, { recursive: true, force: true });
    }
}

function timedUp(stack: Stack, progress: Progress, name: string): Promise<{ ms: number; counts: Counts }> {
    return inStep(progress.step(name), async (step) => {
        const start = performance.now();
        const { counts } = await runOperation(stack, "up", { onDoing: (text) => step.update(text) });
        return { result: { ms: performance.now() - start, counts }, says: `${counts.created} created, ${counts.same} unchanged` };
    });
}

async function main(): Promise<void> {
    new Command("npm run bench:fleet --")
        .description(
            "Measures a first update and one without changes of an observer of 100 clusters, against one of 10. Takes some minutes.",
        )
        .parse();
    const [load = 0] = loadavg();
    const progress = createProgress(styleFor(process.stderr, false), process.stderr);
    const { pulumi } = await findTools(["pulumi"], progress, new AbortController().signal);
    const fleets: Measured[] = [];
    for (const clusters of FLEETS) fleets.push(await measure(clusters, pulumi.path, progress));

    const [baseline] = fleets as [Measured];
    const largest = fleets.at(-1) as Measured;
    const cell = (value: number, least: number, text: string) => `${text} (${(value / least).toFixed(1)} x)`;
    const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
    const table = new Table({ head: ["clusters", "resources", "first up", "up without changes"], style: { head: [], border: [] } });
    for (const { clusters, resources, firstMs, unchangedMs } of fleets)
        table.push([
            cell(clusters, baseline.clusters, `${clusters}`),
            cell(resources, baseline.resources, `${resources}`),
            cell(firstMs, baseline.firstMs, seconds(firstMs)),
            cell(unchangedMs, baseline.unchangedMs, seconds(unchangedMs)),
        ]);
    const met = largest.resources < LIMIT.resources && largest.unchangedMs < LIMIT.unchangedMs;
    process.stdout.write(
        [
            `An observer through the engine, ${CLUSTERS_PER_STREAM} small clusters per stream`,
            `Node ${process.versions.node}, ${availableParallelism()} cores, load ${load.toFixed(1)} before the first run`,
            table.toString(),
            `Limit for the last row: ${LIMIT.resources} resources, ${seconds(LIMIT.unchangedMs)} without changes, ${met ? "met" : "not met"}.`,
            "",
        ].join("\n"),
    );
    if (!met) process.exitCode = 1;
}

main().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
});
