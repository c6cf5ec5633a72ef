import { setTimeout as sleep } from "node:timers/promises";
import { unschedulablePods } from "../clients/kubernetes";
import { query, type Sample, type StoreStatus, scalar, stores } from "../clients/thanos";
import { leafQueryHost } from "../components/naming/names";
import type { Step } from "../terminal/progress";
import { FleetFailure } from "./fleet/failure";
import { CLUSTERS, type ClusterName, DOMAIN, NAMESPACE, type Target } from "./fleet/settings";
import { HISTORY_SERIES } from "./history";
import { type ScrapeTargets, targetsOf } from "./scrapeTargets";

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

/** How the fleet is reached. */
export interface FleetAccess {
    /** Base URL of the observer's Query Frontend. */
    frontend: string;
    clusters: Record<ClusterName, Target>;
}

const ANSWERS_WITHIN_MS = 240_000;
const EVERY_MS = 2000;

/** Queries until every target of every cluster is up and replicas are deduplicated; after four minutes it fails, and says what is missing and why. */
export async function checkFleet(fleet: FleetAccess, step: Step, signal: AbortSignal, withinMs = ANSWERS_WITHIN_MS): Promise<FleetAnswer> {
    for (const deadline = Date.now() + withinMs; ; ) {
        signal.throwIfAborted();
        const answer = await answerOrMissing(fleet).catch((error: Error) => error.message);
        if (typeof answer !== "string") return answer;
        const causes = await likelyCauses(fleet);
        if (Date.now() > deadline)
            throw new FleetFailure(
                [`the fleet does not answer as it should: ${answer}`, ...causes.map((cause) => `  ${cause}`)].join("\n"),
            );
        step.update([answer, ...causes.slice(0, 1)].join(" · "));
        await sleep(EVERY_MS, undefined, { signal });
    }
}

/** The whole answer, or a text that says which part is missing. */
async function answerOrMissing({ frontend, clusters }: FleetAccess): Promise<FleetAnswer | string> {
    const upByPort = await query(frontend, "count by (cluster, namespace, service, endpoint) (up == 1)");
    const missing: string[] = [];
    for (const { name } of CLUSTERS) {
        const expected = await targetsOf(clusters[name], NAMESPACE);
        const text = missingTargets(
            expected,
            upByPort.filter(({ metric }) => metric.cluster === name),
        );
        if (text !== undefined) missing.push(`${name} ${text}`);
    }
    if (missing.length > 0) return `waiting for ${missing.join("; ")}`;
    const merged = (await query(frontend, 'up{job="kps-prometheus"}')).length;
    const unmerged = (await query(frontend, 'up{job="kps-prometheus"}', { dedup: false })).length;
    if (unmerged < 2 * merged) return `waiting for the second replicas (${unmerged} series for ${merged})`;
    const series = HISTORY_SERIES[1];
    const oldest = await scalar(frontend, `min(min_over_time(timestamp(${series})[40d:6h]))`);
    if (oldest === 0) return "waiting for the history in Store";
    const up = byCluster(await query(frontend, "count by (cluster) (up == 1)"));
    return { up, merged, unmerged, historySince: new Date(oldest * 1000).toISOString().slice(0, 10) };
}

const byCluster = (samples: Sample[]) => Object.fromEntries(samples.map(({ metric, value }) => [metric.cluster ?? "", value]));

/**
 * Which targets of one cluster are not up, or undefined. `up` counts the series `up == 1` by Service and port. Each port counts by itself: a surplus behind
 * one, as a rollout leaves for five minutes, makes up for nothing behind another.
 */
export function missingTargets(expected: readonly ScrapeTargets[], up: readonly Sample[]): string | undefined {
    if (expected.length === 0) return "(no target: its ServiceMonitors select nothing yet)";
    const upAt = ({ namespace, service, endpoint, count }: ScrapeTargets) => {
        const sample = up.find((s) => s.metric.namespace === namespace && s.metric.service === service && s.metric.endpoint === endpoint);
        return Math.min(sample?.value ?? 0, count);
    };
    const short = expected.filter((targets) => upAt(targets) < targets.count);
    if (short.length === 0) return undefined;
    const sum = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
    const places = short.map((targets) => `${targets.service}:${targets.endpoint} ${upAt(targets)} of ${targets.count}`);
    return `(${sum(expected.map(upAt))} of ${sum(expected.map(({ count }) => count))} targets up: ${places.join(", ")})`;
}

/** What may keep the fleet from answering: ways between clusters that do not work, and pods without a node. */
async function likelyCauses({ frontend, clusters }: FleetAccess): Promise<string[]> {
    const endpoints = await stores(frontend).catch(() => []);
    const pods = await Promise.all(
        CLUSTERS.map(async ({ name }) =>
            (await unschedulablePods(clusters[name], NAMESPACE).catch(() => [])).map((pod) => `no node takes pod ${pod} (cluster ${name})`),
        ),
    );
    return [...pods.flat(), ...brokenLegs(endpoints)];
}

/** Why the observer's Query does not read from the clusters and their components that it should read from. */
export function brokenLegs(endpoints: readonly (StoreStatus & { kind: string })[]): string[] {
    const leaves = CLUSTERS.map(({ name }) => name).filter((name) => name !== "observer");
    return [
        ...endpoints
            .filter(({ lastError }) => lastError !== null)
            .map(
                ({ name, lastError }) =>
                    `Query gets no answer from ${name}: ${typeof lastError === "string" ? lastError : JSON.stringify(lastError)}`,
            ),
        // Query lists an endpoint from its first answer on; the name of a group has a scheme before its host.
        ...leaves
            .filter((cluster) => !endpoints.some(({ name }) => name.includes(`${leafQueryHost(cluster, DOMAIN)}:`)))
            .map((cluster) => `Query has had no answer from ${leafQueryHost(cluster, DOMAIN)}, the leaf Query of ${cluster}, yet`),
    ];
}
