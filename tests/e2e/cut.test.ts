import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { deploy } from "../support/changesUnderLoad";
import { eventually } from "../support/eventually";
import { p99 } from "../support/percentile";
import { apps, frontend, NAMESPACE } from "../support/runningFleet";

/**
 * Cuts blue off for a while, as `npm run test:cut` does for ten minutes. Not a part of the suite, because of its length. Blue's blocks are two hours long
 * here, as on AWS: what it scrapes meanwhile is in its own two Prometheus only.
 */
const MINUTES = Number(process.env.MINUTES ?? 10);

const OF_ALL = "count by (cluster) (up)";
const STEP_SECONDS = 15;

interface Answer {
    /** Targets of blue in the answer. */
    blue: number;
    warned: boolean;
    milliseconds: number;
}

type Series<Point> = { metric: Record<string, string> } & Point;

/** What an API path answers: data and warnings of the same answer. */
async function get<Point>(base: string, path: string, parameters: Record<string, string>) {
    const url = `${base}/api/v1/${path}?${new URLSearchParams({ query: OF_ALL, ...parameters })}`;
    const body = await (await fetch(url, { signal: AbortSignal.timeout(60_000) })).json();
    const { data, warnings = [] } = body as { data: { result: Series<Point>[] }; warnings?: string[] };
    return { blue: data.result.find(({ metric }) => metric.cluster === "blue"), warnings };
}

async function ask(base: string): Promise<Answer> {
    const started = performance.now();
    const { blue, warnings } = await get<{ value: [number, string] }>(base, "query", {});
    return {
        blue: Number(blue?.value[1] ?? 0),
        warned: warnings.some((warning) => /query\.blue\./.test(warning)),
        milliseconds: performance.now() - started,
    };
}

async function askFor(base: string, seconds: number): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(500)) answers.push(await ask(base));
    return answers;
}

const slowest = (answers: Answer[]) => p99(answers.map(({ milliseconds }) => milliseconds)).toFixed(0);

/** The times of a graph's points that blue has, in seconds. The graph is the same in each call, so that a cached hole would stay. */
async function graph(base: string, [start, end]: [number, number]): Promise<number[]> {
    const range = { start: String(start), end: String(end), step: String(STEP_SECONDS) };
    const { blue } = await get<{ values: [number, string][] }>(base, "query_range", range);
    return (blue?.values ?? []).map(([time]) => time);
}

describe(`a leaf Query that is away for ${MINUTES} minutes`, () => {
    it("is named by every answer without it, and leaves no hole in graphs afterwards", async () => {
        const base = await frontend();
        await deploy("blue", { prometheus: { blockDuration: "2h", retention: "24h" } });
        const all = await eventually("blue has all its targets", 300, async () => {
            const { blue, warned } = await ask(base);
            assert.ok(blue >= 15 && !warned, `${blue} targets`);
            return blue;
        });
        const before = await askFor(base, 60);

        const api = await apps("blue");
        const leaf = { name: "thanos-query", namespace: NAMESPACE };
        const scale = async (replicas: number) => {
            const body = await api.readNamespacedDeploymentScale(leaf);
            await api.replaceNamespacedDeploymentScale({ ...leaf, body: { ...body, spec: { replicas } } });
        };
        // The end of the graph is in the middle of the cut, and old enough to be cached.
        const cutAt = Math.floor(Date.now() / 1000 / STEP_SECONDS) * STEP_SECONDS;
        const inGraph: [number, number] = [cutAt - 60, cutAt + (MINUTES * 60) / 2];
        await scale(0);
        const during = await askFor(base, MINUTES * 30);
        await graph(base, inGraph);
        during.push(...(await askFor(base, MINUTES * 30)));
        const holesMeanwhile = await graph(base, inGraph);
        await scale(2);
        const returned = Date.now();
        await eventually("answers have no warning", 240, async () => assert.deepEqual((await ask(base)).warned, false));
        const silence = Math.round((Date.now() - returned) / 1000);

        const lacking = during.filter(({ blue }) => blue < all);
        console.log(
            `      ${before.length} answers before, ${during.length} during, ${lacking.length} of these without all of blue; p99 ${slowest(before)} ms before, ${slowest(during)} ms during; warned until ${silence} s after the return`,
        );
        assert.ok(lacking.length > during.length / 2);
        assert.deepEqual(
            lacking.filter(({ warned }) => !warned),
            [],
        );
        const points = await graph(base, inGraph);
        assert.ok(holesMeanwhile.length < points.length, "the graph had no hole during the cut");
        assert.deepEqual(
            points.slice(1).map((time, i) => time - (points[i] ?? 0)),
            Array(points.length - 1).fill(STEP_SECONDS),
        );
        assert.equal(points.at(-1), inGraph[1]);
    });

    after(async () => void (await deploy("blue", {})));
});
