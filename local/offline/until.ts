import { setTimeout as sleep } from "node:timers/promises";

export interface Wait {
    /** How long to wait. */
    seconds: number;
    /** The message of the error when the time is over. */
    late: () => string;
    /** Ends the wait with the signal's reason. */
    signal?: AbortSignal;
    /** The longest pause between two checks, ms; the first is 200. @default 1000 */
    longestPauseMs?: number;
}

const FIRST_PAUSE_MS = 200;

/** Calls `check`, at least once, until it answers something other than undefined or false. */
export async function until<T>(
    { seconds, late, signal, longestPauseMs = 1000 }: Wait,
    check: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
    const deadline = Date.now() + seconds * 1000;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, longestPauseMs)) {
        signal?.throwIfAborted();
        const answer = await check();
        if (answer !== undefined && answer !== false) return answer;
        if (Date.now() + pause > deadline) throw new Error(late());
        await sleep(pause, undefined, signal && { signal }).catch(() => {});
    }
}
