import { setTimeout as sleep } from "node:timers/promises";
import { query, type Sample, scalar } from "../clients/thanos";
import type { Step } from "../terminal/progress";
import { CLUSTERS } from "./fleet/settings";
import { HISTORY_SERIES } from "./history";

/** What the Query Frontend answers once the whole fleet works. */
export interface FleetAnswer {
    /** Number of targets that are up, by cluster. */
    up: Record<string, number>;
    /** Number of series of one query with deduplication of replicas. */
    merged: number;
    /** Number of series of the same query without deduplication. */
    unmerged: number;
    /** Date of the oldest sample, as YYYY-MM-DD. */
    historySince: string;
}

const ANSWERS_WITHIN_MS = 240_000;

/** Queries until every cluster answers and replicas are deduplicated; after four minutes it fails and names what is missing. */
export async function checkFleet(base: string, step: Step, signal: AbortSignal): Promise<FleetAnswer> {
    const deadline = Date.now() + ANSWERS_WITHIN_MS;
    for (let missing = ""; ; ) {
        signal.throwIfAborted();
        const answer = await answerOrMissing(base).catch((error: Error) => error.message);
        if (typeof answer !== "string") return answer;
        if (Date.now() > deadline) throw new Error(`the fleet does not answer as it should: ${answer}`);
        if (answer !== missing) step.update(answer);
        missing = answer;
        await sleep(2000, undefined, { signal });
    }
}

/** The whole answer, or a text that says which part is missing. */
async function answerOrMissing(base: string): Promise<FleetAnswer | string> {
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
