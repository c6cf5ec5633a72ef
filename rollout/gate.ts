/**
 * The gate after a wave: what the fleet's Query answers decides whether the next wave may start. Which alerts there are, and so what counts as unwell
 * (Compact halted, uploads late, remote write behind), is said once, in components/alerts/.
 */
import { setTimeout as wait } from "node:timers/promises";
import { type Answer, instantQuery } from "../clients/thanos";
import { CONFIG_INFO } from "../config/ruleFiles";
import { formatDuration, parseDuration } from "../rules/duration";
import type { RolloutSettings } from "./settings";

type Gate = NonNullable<RolloutSettings["gate"]>;

/** What Query says at one moment. */
export interface Evidence {
    /** This machine's clock, milliseconds since the epoch. */
    at: number;
    /** By cluster: the time of its newest sample, by the same clock. */
    newest: ReadonlyMap<string, number>;
    /** The same for each configuration with which a Prometheus has evaluated rules: "blue 1f3a...", its cluster and hash. */
    configs: ReadonlyMap<string, number>;
    /** Alerts that fire, or will if nothing changes: "FleetCompactHalted in observer". */
    alerts: readonly string[];
    /** Clusters in which an upload of a block has failed in the last minutes. */
    failedUploads: readonly string[];
    /** What Query says is missing from its answers. */
    warnings: readonly string[];
}

/** How the fleet was before a rollout: what it did not cause, and may mend. */
export interface Before {
    /** Clusters that answered. */
    clusters: readonly string[];
    alerts: readonly string[];
    failedUploads: readonly string[];
    warnings: readonly string[];
}

/** What a gate demands. */
export interface Demands {
    /** Clusters that have to answer. */
    clusters: readonly string[];
    /** Hashes of the configuration with which their Prometheus has to answer, by cluster. */
    configs: ReadonlyMap<string, string>;
    /** The end of the wave, milliseconds since the epoch: what is older says nothing about it. */
    since: number;
    before: Pick<Before, "alerts" | "failedUploads" | "warnings">;
}

/** A cluster is scraped every 30 s or faster, unless somebody chose otherwise. Without a sample for so long, it has lost some. */
const FRESH_MS = parseDuration("90s");

export const beforeOf = ({ at, newest, alerts, failedUploads, warnings }: Evidence): Before => ({
    clusters: [...newest].flatMap(([cluster, time]) => (at - time <= FRESH_MS ? [cluster] : [])).sort(),
    alerts,
    failedUploads,
    warnings,
});

/** Why a fleet with this evidence is not well. Empty if it is. */
export function problemsIn(evidence: Evidence, { clusters, configs, since, before }: Demands): string[] {
    const { at, newest } = evidence;
    const time = (cluster: string) => newest.get(cluster) ?? 0;
    const silent = clusters.filter((cluster) => time(cluster) <= since);
    const lost = clusters.filter((cluster) => time(cluster) > since && at - time(cluster) > FRESH_MS);
    const unconfigured = [...configs].filter(
        ([cluster, hash]) => !silent.includes(cluster) && (evidence.configs.get(`${cluster} ${hash}`) ?? 0) <= since,
    );
    const alerts = evidence.alerts.filter((alert) => !before.alerts.includes(alert));
    const uploads = evidence.failedUploads.filter((cluster) => !before.failedUploads.includes(cluster));
    const known = before.warnings.map(withoutNumbers);
    const warnings = evidence.warnings.filter((warning) => !known.includes(withoutNumbers(warning)));
    const listed = (text: string, found: readonly string[]) => (found.length > 0 ? [`${text} ${found.join(", ")}`] : []);
    return [
        ...listed("no sample since the wave ended from", silent),
        ...listed(`no sample for ${formatDuration(FRESH_MS)} from`, lost),
        ...listed(
            "Prometheus does not have its configuration yet in",
            unconfigured.map(([cluster]) => cluster),
        ),
        ...listed("alerts:", alerts),
        ...listed("uploads fail in", uploads),
        ...listed("Query warns:", warnings.slice(0, 1)),
    ];
}

/** Times and addresses of pods differ between two warnings about the same thing. */
const withoutNumbers = (text: string) => text.replaceAll(/\d+/g, "0");

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

/**
 * For how long before a look failed uploads count, as a duration of PromQL: since the wave ended, so that what its update mends is not held against it. A minute
 * at least, in which Prometheus scrapes twice.
 */
export const uploadsWithin = (since: number | undefined, now = Date.now()): string =>
    `${since === undefined ? 300 : Math.min(Math.max(Math.ceil((now - since) / 1000), 60), 300)}s`;

/** Asks Query, or Query Frontend. `since`: the end of the wave. */
export async function askEvidence(
    { query: url, alerts, severities }: Pick<Gate, "query" | "alerts" | "severities">,
    { since, signal }: { since?: number; signal?: AbortSignal } = {},
): Promise<Evidence> {
    const base = url.replace(/\/+$/, "");
    const within = uploadsWithin(since);
    const ask = (promql: string) => instantQuery(base, promql, signal && { signal });
    const [samples, configs, pending, uploads] = await Promise.all([
        ask("max by (cluster) (timestamp(up))"),
        ask(`max by (cluster, config_hash) (timestamp(${CONFIG_INFO}))`),
        // Pending ones, too: most alerts wait longer than a gate does before they fire.
        ask(`ALERTS{alertname=~"${alerts}",severity=~"${severities.join("|")}"}`),
        // Rounds of sidecars, ingesters and Rule fail also where they may not look what is there already; Compact has no rounds.
        ask(
            `sum by (cluster) (increase(thanos_shipper_dir_sync_failures_total[${within}])) > 0 or ` +
                `sum by (cluster) (increase(thanos_objstore_bucket_operation_failures_total{operation="upload"}[${within}])) > 0`,
        ),
    ]);
    const at = Date.now();
    // Samples have the clocks of the fleet.
    const offset = at - samples.time * 1000;
    const clusterOf = ({ metric }: Answer["samples"][number]) => metric.cluster ?? "no cluster";
    const timeOf = ({ value }: Answer["samples"][number]) => value * 1000 + offset;
    return {
        at,
        newest: new Map(samples.samples.map((sample) => [clusterOf(sample), timeOf(sample)])),
        configs: new Map(configs.samples.map((sample) => [`${clusterOf(sample)} ${sample.metric.config_hash}`, timeOf(sample)])),
        alerts: unique(pending.samples.map((sample) => `${sample.metric.alertname} in ${clusterOf(sample)}`)),
        failedUploads: unique(uploads.samples.map(clusterOf)),
        warnings: unique([samples, configs, pending, uploads].flatMap(({ warnings }) => warnings)),
    };
}

const unique = (texts: readonly string[]) => [...new Set(texts)].sort();

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
        const problems = await askEvidence(gate, { since: demands.since, signal }).then(
            (evidence) => problemsIn(evidence, demands),
            (error: Error) => {
                signal.throwIfAborted();
                return [`${gate.query} does not answer: ${error.message}`];
            },
        );
        looks.push({ at: Date.now(), problems });
        const verdict = gateVerdict(looks, demands.since, limits);
        if (verdict !== "wait") return verdict === "passed" ? {} : verdict;
        onLook(problems.length > 0 ? problems.join("; ") : `well, and has to be for ${formatDuration(limits.soak)}`);
        await wait(Math.min(LOOK_EVERY_MS, limits.soak || LOOK_EVERY_MS), undefined, { signal });
    }
}
