import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { query, scalar, warnings } from "../../clients/thanos";
import { LOCAL_STORAGE_CLASS } from "../../components/naming/names";
import { runOperation } from "../../engine/operation";
import { type ClusterName, stackConfig } from "../../local/fleet/settings";
import { eventually } from "./eventually";
import { localStack } from "./localStack";
import { core, NAMESPACE, targetOf } from "./runningFleet";

/** Changes the running fleet while red writes to Receive and somebody asks for what it wrote. */

export const SCRAPE_SECONDS = 15;
/** Prometheus and the reloader, in two pods. */
export const TARGETS = 4;
/** Samples that reach the observer by remote write only, and both of red's Prometheus have. */
const WRITTEN = 'up{cluster="red",job="kps-prometheus"}';

type Settings = Record<string, Record<string, unknown> | readonly unknown[]>;
type Observee = Record<string, unknown>;

/** The observer's settings after its volumes have grown (volumes.test.ts): they stay as large as they are. */
export const GROWN = { receive: { storage: "3Gi" }, store: { storage: "3Gi", replicas: 2 }, compact: { storage: "3Gi" } };

/** Deploys a stack with some of its settings changed, and the list of its observees. */
export async function deploy(
    cluster: ClusterName,
    changes: Settings,
    listed: (observee: Observee) => Observee[] = (observee) => [observee],
) {
    const plain = stackConfig(cluster, { target: await targetOf(cluster), chart: "", storageClass: LOCAL_STORAGE_CLASS });
    const config = Object.fromEntries(
        Object.entries(changes).map(([part, more]) => [part, Array.isArray(more) ? more : { ...(plain[part] as object), ...more }]),
    );
    const observees = (plain.observees as Observee[] | undefined)?.flatMap(listed);
    return runOperation(await localStack(cluster, { config: { ...config, ...(observees && { observees }) } }), "up");
}

export const changed = ({ counts }: Awaited<ReturnType<typeof deploy>>) => ({ ...counts, same: 0 });
export const NOTHING = { created: 0, updated: 0, replaced: 0, deleted: 0, same: 0 };

/** UID and restarts of every pod but those that an earlier update has ended, which serve on for a while. */
export async function pods(cluster: ClusterName): Promise<Record<string, string>> {
    const { items } = await (await core(cluster)).listNamespacedPod({ namespace: NAMESPACE });
    const restarts = (pod: (typeof items)[number]) => (pod.status?.containerStatuses ?? []).map((c) => c.restartCount).join();
    const staying = items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
    return Object.fromEntries(staying.map((pod) => [pod.metadata?.name, `${pod.metadata?.uid} ${restarts(pod)}`]));
}

/** Longer than any test asks: one that fails before it stops asking must not keep the process alive. */
const ASKS_FOR_MS = 1_800_000;

/** Asks a question every second until it is stopped. `ask` tells what is wrong with its answer. Returns all that was wrong. */
export function askEverySecond(ask: () => Promise<string | undefined>): () => Promise<string[]> {
    const wrong: string[] = [];
    const end = Date.now() + ASKS_FOR_MS;
    let asking = true;
    let asked = 0;
    const loop = (async () => {
        for (; asking && Date.now() < end; asked++) {
            const problem = await ask();
            if (problem !== undefined) {
                wrong.push(`${new Date().toISOString()} ${problem}`);
                // What it is about can be looked up on the fleet now, and not when the test has ended.
                console.log(`        ${wrong.at(-1)}`);
            }
            await sleep(1000);
        }
        if (asking) wrong.push(`${new Date().toISOString()} nobody has stopped it`);
    })();
    return async () => {
        asking = false;
        await loop;
        assert.ok(asked > 5, `asked ${asked} times`);
        return wrong;
    };
}

/**
 * Asks for what red writes, and for warnings, once each target counts once: the last samples of a Prometheus that an earlier test has ended
 * count for five minutes, since nothing marks them as stale.
 */
export async function askSteadily(base: string): Promise<() => Promise<string[]>> {
    const problem = async () => {
        const answer = await scalar(base, `count(${WRITTEN})`).catch((error: Error) => error.message);
        const missing = await warnings(base, `count(${WRITTEN})`).catch(() => []);
        return answer !== TARGETS || missing.length > 0 ? `${answer} ${missing.join()}` : undefined;
    };
    await eventually("each target counts once", 360, async () => assert.equal(await problem(), undefined));
    return askEverySecond(problem);
}

/**
 * When the written series have samples, in the `seconds` before half a minute ago: by the copy's holder (a sidecar, or an ingester), for each Prometheus
 * and each of its targets.
 */
export async function sampleTimes(base: string, seconds: number): Promise<Record<string, Record<string, number[]>>> {
    const time = String(Math.floor(Date.now() / 1000) - 30);
    const params = new URLSearchParams({ query: `${WRITTEN}[${seconds}s]`, dedup: "false", time });
    const response = await fetch(`${base}/api/v1/query?${params}`, { signal: AbortSignal.timeout(20_000) });
    const { data } = (await response.json()) as { data: { result: { metric: Record<string, string>; values: [number, string][] }[] } };
    const byHolder: Record<string, Record<string, number[]>> = {};
    for (const { metric, values } of data.result) {
        const holder = metric.receive_replica ?? "sidecar";
        const copy = { [`${metric.prometheus_replica} ${metric.instance}`]: values.map(([at]) => at) };
        byHolder[holder] = { ...byHolder[holder], ...copy };
    }
    return byHolder;
}

/** Samples of the two minutes before `time`, by cluster. */
export async function minutesOfThePast(base: string, time: number): Promise<Record<string, number>> {
    const counts = await query(base, 'sum by (cluster) (count_over_time(up{job="kps-prometheus"}[2m]))', { dedup: false, time });
    return Object.fromEntries(counts.map(({ metric, value }) => [metric.cluster, value]));
}

/** Samples that red's Prometheus have given up to write. */
export const lost = (base: string) =>
    scalar(base, 'sum({__name__=~"prometheus_remote_storage_samples_(failed|dropped)_total",cluster="red"})');
