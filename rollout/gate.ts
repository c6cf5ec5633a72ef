/**
 * The gate after a wave: what the fleet's Query answers decides whether the next wave may start. Which alerts there are, and so what counts as unwell
 * (Compact halted, uploads late, remote write behind), is said once, in components/alerts/.
 */
import { setTimeout as wait } from "node:timers/promises";
import { query } from "../clients/thanos";
import { formatDuration, parseDuration } from "../rules/duration";
import type { RolloutSettings } from "./settings";

type Gate = NonNullable<RolloutSettings["gate"]>;

/** What Query says at one moment. */
export interface Evidence {
    /** By cluster: the time of its newest sample, milliseconds since the epoch. */
    newest: ReadonlyMap<string, number>;
    /** Alerts that fire: "ThanosCompactHalted in observer". */
    alerts: readonly string[];
}

/** What a gate demands. */
export interface Demands {
    /** Clusters that have to answer. */
    clusters: readonly string[];
    /** The end of the wave, milliseconds since the epoch: what is older says nothing about it. */
    since: number;
    /** Alerts that fired before the rollout, which it did not cause and may mend. */
    known: readonly string[];
}

/** Why a fleet with this evidence is not well. Empty if it is. */
export function problemsIn({ newest, alerts }: Evidence, { clusters, since, known }: Demands): string[] {
    const silent = clusters.filter((cluster) => (newest.get(cluster) ?? 0) <= since);
    const firing = alerts.filter((alert) => !known.includes(alert));
    return [
        ...(silent.length > 0 ? [`no sample since the wave ended from ${silent.join(", ")}`] : []),
        ...(firing.length > 0 ? [`firing: ${firing.join(", ")}`] : []),
    ];
}

/** One look at the fleet. */
export interface Look {
    /** Milliseconds since the epoch. */
    at: number;
    problems: readonly string[];
}

/** What follows from all looks since the wave ended: the fleet has been well for long enough, it is too late, or neither yet. */
export function gateVerdict(
    looks: readonly Look[],
    since: number,
    { soak, deadline }: { soak: number; deadline: number },
): "passed" | "wait" | { failed: string } {
    const last = looks.at(-1);
    if (last === undefined) return "wait";
    const wellSince = looks[looks.findLastIndex(({ problems }) => problems.length > 0) + 1]?.at;
    if (wellSince !== undefined && last.at - wellSince >= soak) return "passed";
    if (last.at - since < deadline) return "wait";
    return { failed: wellSince === undefined ? last.problems.join("; ") : "the fleet was not well for long enough before the deadline" };
}

/** Asks Query, or Query Frontend, at this base URL. */
export async function askEvidence(url: string, severities: readonly string[]): Promise<Evidence> {
    const [samples, firing] = await Promise.all([
        query(url, "max by (cluster) (timestamp(up))"),
        query(url, `ALERTS{alertstate="firing",severity=~"${severities.join("|")}"}`),
    ]);
    return {
        newest: new Map(samples.flatMap(({ metric, value }) => (metric.cluster === undefined ? [] : [[metric.cluster, value * 1000]]))),
        alerts: [...new Set(firing.map(({ metric }) => `${metric.alertname} in ${metric.cluster ?? "no cluster"}`))].sort(),
    };
}

/** The evidence before a rollout. Where Query does not answer, as before the first rollout, nothing is known to be well. */
export const evidenceBefore = ({ query: url, severities }: Gate): Promise<Evidence> =>
    askEvidence(url, severities).catch(() => ({ newest: new Map(), alerts: [] }));

/** The longest time between two looks. */
const LOOK_EVERY_MS = 5_000;

/** Looks until the gate has a verdict. Throws an AbortError at the signal. `onLook` receives what is not well. */
export async function waitAtGate(
    gate: Gate,
    demands: Demands,
    signal: AbortSignal,
    onLook: (text: string) => void,
): Promise<{ failed?: string }> {
    const limits = { soak: parseDuration(gate.soak), deadline: parseDuration(gate.deadline) };
    const looks: Look[] = [];
    for (;;) {
        const problems = await askEvidence(gate.query, gate.severities).then(
            (evidence) => problemsIn(evidence, demands),
            (error: Error) => [`${gate.query} does not answer: ${error.message}`],
        );
        looks.push({ at: Date.now(), problems });
        const verdict = gateVerdict(looks, demands.since, limits);
        if (verdict !== "wait") return verdict === "passed" ? {} : verdict;
        onLook(problems.length > 0 ? problems.join("; ") : `well, and has to be for ${formatDuration(limits.soak)}`);
        await wait(Math.min(LOOK_EVERY_MS, limits.soak || LOOK_EVERY_MS), undefined, { signal });
    }
}
