import { setTimeout as sleep } from "node:timers/promises";
import { remoteWrite } from "./remoteWrite";

const EVERY_MS = 1000;
const GIVE_UP_MS = 60_000;

/** What was written: times of the samples that were taken, in milliseconds, and the longest time for which writes failed. */
export interface Written {
    times: number[];
    longestFailureMs: number;
}

/**
 * Writes a sample to each series every second until it is stopped, and sends a refused request again, as Prometheus does (storage/remote/queue_manager.go).
 */
export function writeSteadily(url: string, tenant: string, series: readonly Record<string, string>[]): () => Promise<Written> {
    const written: Written = { times: [], longestFailureMs: 0 };
    let writing = true;
    const loop = (async () => {
        let failingSince: number | undefined;
        for (let time = Date.now(); writing; time += EVERY_MS) {
            await sleep(Math.max(0, time - Date.now()));
            while ((await remoteWrite(url, tenant, series, time).catch(() => 0)) !== 200) {
                failingSince ??= Date.now();
                if (Date.now() - failingSince > GIVE_UP_MS) throw new Error(`writes of ${tenant} have failed for ${GIVE_UP_MS / 1000} s`);
                await sleep(100);
            }
            if (failingSince !== undefined) written.longestFailureMs = Math.max(written.longestFailureMs, Date.now() - failingSince);
            failingSince = undefined;
            written.times.push(time);
        }
    })();
    // Thrown when it is stopped, not before.
    loop.catch(() => {});
    return async () => {
        writing = false;
        await loop;
        return written;
    };
}

/** The times of the samples of each series that a range such as "up[5m]" selects, in milliseconds. */
export async function samples(base: string, range: string, parameters: Record<string, string> = {}): Promise<number[][]> {
    const url = `${base}/api/v1/query?${new URLSearchParams({ query: range, ...parameters })}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
    const { data } = (await response.json()) as { data: { result: { values: [number, string][] }[] } };
    return data.result.map(({ values }) => values.map(([seconds]) => Math.round(seconds * 1000)));
}
