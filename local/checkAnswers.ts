import { setTimeout as sleep } from "node:timers/promises";
import { unschedulablePods } from "../clients/kubernetes";
import { query, type Sample, type StoreStatus, scalar, stores } from "../clients/thanos";
import { leafQueryHost } from "../components/naming/names";
import type { Step } from "../terminal/progress";
import { FleetFailure } from "./fleet/failure";
import { ALL_CLUSTERS, type ClusterName, DOMAIN, hasSidecars, NAMESPACE, type Targets, targetList } from "./fleet/settings";
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
    clusters: Targets;
}

const ANSWERS_WITHIN_MS = 240_000;
const EVERY_MS = 2000;

/** Queries until every target of every cluster is up and replicas are deduplicated; after four minutes it fails, and says what is missing and why. */
export async function checkFleet(fleet: FleetAccess, step: Step, signal: AbortSignal, withinMs = ANSWERS_WITHIN_MS): Promise<FleetAnswer> {
    for (const deadline = Date.now() + withinMs; ; ) {
        signal.throwIfAborted();
        const answer = await answerOrMissing(fleet).catch((error: Error): Missing => ({ waitingFor: error.message, details: [] }));
        if (!("waitingFor" in answer)) return answer;
        const causes = await likelyCauses(fleet);
        if (Date.now() > deadline)
            throw new FleetFailure(
                [
                    `the fleet does not answer as it should: still waiting for ${answer.waitingFor}`,
                    ...[...answer.details, ...causes].map((line) => `  ${line}`),
                ].join("\n"),
            );
        step.update([`waiting for ${answer.waitingFor}`, ...causes.slice(0, 1)].join(" · "));
        await sleep(EVERY_MS, undefined, { signal });
    }
}

/** The part of the answer that is missing. */
interface Missing {
    waitingFor: string;
    /** A line for each cluster in which something is missing. */
    details: string[];
}

/** The whole answer, or which part is missing. */
async function answerOrMissing({ frontend, clusters }: FleetAccess): Promise<FleetAnswer | Missing> {
    const upByPort = await query(frontend, "count by (cluster, namespace, service, endpoint) (up == 1)");
    const counted = await Promise.all(
        targetList(clusters).map(async ({ name, target }) => ({
            name,
            ...countTargets(
                await targetsOf(target, NAMESPACE),
                upByPort.filter(({ metric }) => metric.cluster === name),
            ),
        })),
    );
    const incomplete = counted.filter(({ up, expected }) => up < expected || expected === 0);
    if (incomplete.length > 0)
        return {
            waitingFor: `targets: ${incomplete.map(({ name, up, expected }) => `${name} ${up} of ${expected}`).join(", ")}`,
            details: incomplete.map(
                ({ name, missing }) => `${name} lacks ${missing.join(", ") || "every target: its ServiceMonitors select none yet"}`,
            ),
        };
    const merged = (await query(frontend, 'up{job="kps-prometheus"}')).length;
    const unmerged = (await query(frontend, 'up{job="kps-prometheus"}', { dedup: false })).length;
    if (unmerged < 2 * merged) return { waitingFor: `the second replicas (${unmerged} series for ${merged})`, details: [] };
    const series = HISTORY_SERIES[1];
    const oldest = await scalar(frontend, `min(min_over_time(timestamp(${series})[40d:6h]))`);
    if (oldest === 0) return { waitingFor: "the history in Store", details: [] };
    const up = byCluster(await query(frontend, "count by (cluster) (up == 1)"));
    return { up, merged, unmerged, historySince: new Date(oldest * 1000).toISOString().slice(0, 10) };
}

const byCluster = (samples: Sample[]) => Object.fromEntries(samples.map(({ metric, value }) => [metric.cluster ?? "", value]));

/**
 * How many targets of one cluster are up, of how many, and behind which ports the others are. `upByPort` counts the series `up == 1` by Service and port.
 * Each port counts by itself: a surplus behind one, as a rollout leaves for five minutes, makes up for nothing behind another.
 */
export function countTargets(targets: readonly ScrapeTargets[], upByPort: readonly Sample[]) {
    const ports = targets.map(({ namespace, service, endpoint, count }) => {
        const sample = upByPort.find(
            ({ metric }) => metric.namespace === namespace && metric.service === service && metric.endpoint === endpoint,
        );
        return { port: `${service}:${endpoint}`, up: Math.min(sample?.value ?? 0, count), expected: count };
    });
    const sum = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
    return {
        up: sum(ports.map(({ up }) => up)),
        expected: sum(ports.map(({ expected }) => expected)),
        missing: ports.filter(({ up, expected }) => up < expected).map(({ port, up, expected }) => `${port} (${up} of ${expected})`),
    };
}

/** What may keep the fleet from answering: ways between clusters that do not work, and pods without a node. */
async function likelyCauses({ frontend, clusters }: FleetAccess): Promise<string[]> {
    const endpoints = await stores(frontend).catch(() => []);
    const pods = await Promise.all(
        targetList(clusters).map(async ({ name, target }) =>
            (await unschedulablePods(target, NAMESPACE).catch(() => [])).map((pod) => `no node takes pod ${pod} (cluster ${name})`),
        ),
    );
    return [...pods.flat(), ...brokenLegs(endpoints, leavesOf(clusters))];
}

/** The clusters with a leaf Query. */
const leavesOf = (clusters: Targets): ClusterName[] =>
    ALL_CLUSTERS.filter((cluster) => cluster.name in clusters && cluster.name !== "observer" && hasSidecars(cluster)).map(
        ({ name }) => name,
    );

/** Why the observer's Query does not read from the clusters and their components that it should read from. `leaves`: clusters with a leaf Query. */
export function brokenLegs(endpoints: readonly (StoreStatus & { kind: string })[], leaves: readonly ClusterName[]): string[] {
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
