import { setTimeout as sleep } from "node:timers/promises";
import { query, type Sample, scalar } from "../clients/thanos";
import type { Step } from "../terminal/progress";
import { CLUSTERS } from "./fleet/settings";
import { HISTORY_SERIES } from "./history";

/** What a fleet that answers looks like, asked through the Query Frontend as a person would. */
export interface Answer {
    /** Targets that are up, by cluster. */
    up: Record<string, number>;
    /** Series of one query with replicas merged, and without. */
    merged: number;
    unmerged: number;
    /** The oldest sample of the history, as a date. */
    historySince: string;
}

const ANSWERS_WITHIN_MS = 240_000;

/** Asks until every cluster answers and replicas collapse; gives up after four minutes with what is still missing. */
export async function checkFleet(base: string, step: Step, signal: AbortSignal): Promise<Answer> {
    const deadline = Date.now() + ANSWERS_WITHIN_MS;
    for (let missing = ""; ; ) {
        signal.throwIfAborted();
        const found = await ask(base).catch((error: Error) => error.message);
        if (typeof found !== "string") return found;
        if (Date.now() > deadline) throw new Error(`the fleet does not answer as it should: ${found}`);
        if (found !== missing) step.update(found);
        missing = found;
        await sleep(2000, undefined, { signal });
    }
}

/** The answer, or what is missing from it. */
async function ask(base: string): Promise<Answer | string> {
    const up = byCluster(await query(base, "count by (cluster) (up == 1)"));
    const silent = CLUSTERS.filter((c) => !up[c.name]).map((c) => c.name);
    if (silent.length > 0) return `waiting for ${silent.join(", ")}`;
    const merged = (await query(base, 'up{job="kps-prometheus"}')).length;
    const unmerged = (await query(base, 'up{job="kps-prometheus"}', { dedup: false })).length;
    if (unmerged < 2 * merged) return `waiting for the second replicas (${unmerged} series for ${merged})`;
    const series = HISTORY_SERIES[1];
    const oldest = await scalar(base, `min(min_over_time(timestamp(${series})[40d:6h]))`);
    if (oldest === 0) return "waiting for the history in Store";
    return { up, merged, unmerged, historySince: new Date(oldest * 1000).toISOString().slice(0, 10) };
}

const byCluster = (samples: Sample[]) => Object.fromEntries(samples.map(({ metric, value }) => [metric.cluster ?? "", value]));
