import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** Repeats `attempt` every second until it resolves; after `withinSeconds` it fails with the last reason. */
export async function eventually<T>(what: string, withinSeconds: number, attempt: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + withinSeconds * 1000;
    for (;;) {
        try {
            return await attempt();
        } catch (error) {
            if (Date.now() > deadline)
                throw new assert.AssertionError({ message: `${what}: not within ${withinSeconds} s: ${(error as Error).message}` });
            await sleep(1000);
        }
    }
}
