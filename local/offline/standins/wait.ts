/** The one way a stand-in waits: asking again, until there is an answer, the time is over, or the user cancels. */
import { setTimeout as sleep } from "node:timers/promises";

export interface Wait {
    seconds: number;
    /** Aborted when the user cancels the update. */
    cancelled: AbortSignal;
    /** What to say when the time is over. */
    late: () => string;
}

const FIRST_MS = 200;
const LONGEST_MS = 1000;

/** Calls `ask` until it answers something. Asks at least once. */
export async function until<T>(wait: Wait, ask: () => Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + wait.seconds * 1000;
    for (let pause = FIRST_MS; ; pause = Math.min(pause * 1.5, LONGEST_MS)) {
        if (wait.cancelled.aborted) throw new Error("Cancelled. The next update goes on from here.");
        const answer = await ask();
        if (answer !== undefined) return answer;
        if (Date.now() + pause > deadline) throw new Error(wait.late());
        await sleep(pause, undefined, { signal: wait.cancelled }).catch(() => {});
    }
}
