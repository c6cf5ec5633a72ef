/** Order and remaining time of the builds. */

/** A build with less work than this is a small one, CPU seconds. */
const SMALL = 75;

/**
 * Small builds come first: they compile while the sources of the largest are downloaded. The others follow from the largest to the smallest,
 * so that at the end no core waits for long.
 */
export function inBuildOrder<T extends { cpuSeconds: number }>(builds: readonly T[]): T[] {
    const small = (b: T) => b.cpuSeconds < SMALL;
    return [
        ...builds.filter(small).sort((a, b) => a.cpuSeconds - b.cpuSeconds),
        ...builds.filter((b) => !small(b)).sort((a, b) => b.cpuSeconds - a.cpuSeconds),
    ];
}

/** Work of a build in CPU seconds of the machine that the catalogue was measured on, and the share of it that is done, 0 to 1. */
export interface BuildWork {
    cpuSeconds: number;
    done: number;
}

/** For so many seconds the expected speed counts as much as the speed that was seen: the first packages say little. */
const EXPECTED_SPEED_FOR = 30;

/** Seconds until all builds are done. `elapsed`: seconds since the first build began. `cores`: what share of the work a second does when all are busy. */
export function remainingSeconds(builds: readonly BuildWork[], elapsed: number, cores: number): number {
    const total = builds.reduce((sum, b) => sum + b.cpuSeconds, 0);
    const done = builds.reduce((sum, b) => sum + b.cpuSeconds * b.done, 0);
    const speed = (done + cores * EXPECTED_SPEED_FOR) / (elapsed + EXPECTED_SPEED_FOR);
    return (total - done) / speed;
}

/** `about 11 min`, `less than a minute`. */
export const roughly = (seconds: number) => (seconds < 60 ? "less than a minute" : `about ${Math.round(seconds / 60)} min`);
