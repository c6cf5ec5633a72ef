import { EXIT_CODES } from "./exitCodes";

/**
 * The first Ctrl-C (or SIGTERM) aborts the signal, so that what runs ends in order; the second ends the process at once. `onFirst` tells people what
 * happens now.
 */
export function onInterrupt(onFirst: () => void): AbortSignal {
    const stop = new AbortController();
    let first = 0;
    for (const name of ["SIGINT", "SIGTERM"] as const)
        process.on(name, () => {
            // The terminal signals npm and this process, and npm passes the signal on: a signal within a second is the same Ctrl-C.
            if (stop.signal.aborted && Date.now() - first > 1000) process.exit(EXIT_CODES.cancelled.code);
            if (stop.signal.aborted) return;
            first = Date.now();
            onFirst();
            stop.abort();
        });
    return stop.signal;
}
