import { type Compiler, compile, fetchSources, type GoBuild } from "./goBuild";

/**
 * One build alone leaves cores idle while it links, waits for its largest package or downloads: on two cores that was two fifths of the time.
 * So two modules compile at a time, and the sources of the next are downloaded meanwhile.
 */
const BUILDS_AT_ONCE = 2;

/** Milliseconds between reports: short enough to see that the builds go on, long enough for a log. */
const REPORT_EVERY_MS = 30_000;

/** A build in the queue. */
export interface QueuedBuild extends GoBuild {
    label: string;
    /** CPU seconds that the build takes on the machine that the catalogue was measured on. */
    cpuSeconds: number;
    /** Takes the folder of the binaries and when their compilation began, or the reason why there are none. */
    finish(result: { binaries: string; started: number } | { error: Error }): Promise<void>;
}

interface RunningBuild {
    build: QueuedBuild;
    state: "waiting" | "fetching" | "compiling" | "finished";
    fetched: Promise<void>;
    packages: number;
    packagesDone: number;
}

/** Runs all builds. One that fails does not stop the others. `report` is called with what is being done and how long all of it will take. */
export async function runBuilds(queue: readonly QueuedBuild[], compiler: Compiler, report: (text: string) => void): Promise<void> {
    const builds: RunningBuild[] = [];
    let pace = expectedPace(compiler.machine.cores);
    let last = { at: Date.now(), done: 0 };
    const reportNow = () => {
        const now = { at: Date.now(), done: builds.map(workOf).reduce((sum, { cpuSeconds, done }) => sum + cpuSeconds * done, 0) };
        pace = nextPace(pace, now.done - last.done, (now.at - last.at) / 1000);
        last = now;
        report(reportText(builds, pace));
    };
    const reporting = setInterval(reportNow, REPORT_EVERY_MS);
    let previous: Promise<unknown> = Promise.resolve();
    for (const build of inBuildOrder(queue)) {
        const running: RunningBuild = { build, state: "waiting", fetched: Promise.resolve(), packages: 0, packagesDone: 0 };
        running.fetched = previous.then(async () => {
            running.state = "fetching";
            running.packages = await fetchSources(compiler, build);
        });
        previous = running.fetched.catch(() => {}); // Whoever compiles the build hears of the failure.
        builds.push(running);
    }
    const next = builds.values();
    const worker = async () => {
        for (const running of next) {
            const { build, fetched } = running;
            try {
                await fetched;
                running.state = "compiling";
                reportNow();
                const result = { started: Date.now(), binaries: await compile(compiler, build, () => running.packagesDone++) };
                await build.finish(result);
            } catch (error) {
                await build.finish({ error: error as Error });
            }
            running.state = "finished";
        }
    };
    await Promise.all(Array.from({ length: BUILDS_AT_ONCE }, worker)).finally(() => clearInterval(reporting));
}

/** A build with less work than this is a small one, CPU seconds. */
const SMALL = 80;

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

/** The work of a build in CPU seconds, and the share of it that is done, 0 to 1. */
export interface BuildWork {
    cpuSeconds: number;
    done: number;
}

/** Work in CPU seconds, and the seconds that it took. Older work counts less, for other programs come and go. */
export interface Pace {
    work: number;
    seconds: number;
}

/** After so many seconds, work counts half. */
const HALF_LIFE = 120;

/**
 * Before anything is known: all cores are busy. Counts like four minutes of builds, because the first builds are the small ones, which wait for downloads
 * and compile the standard library for all others: alone they would say 21 minutes where 12 remain.
 */
export const expectedPace = (cores: number): Pace => ({ work: cores * 240, seconds: 240 });

export function nextPace(pace: Pace, work: number, seconds: number): Pace {
    const kept = 0.5 ** (seconds / HALF_LIFE);
    return { work: pace.work * kept + work, seconds: pace.seconds * kept + seconds };
}

/** Seconds until all builds are done. */
export const remainingSeconds = (builds: readonly BuildWork[], pace: Pace): number =>
    (builds.reduce((sum, b) => sum + b.cpuSeconds * (1 - b.done), 0) * pace.seconds) / pace.work;

/** The share of a build that is left for linking when all packages are compiled. */
const LINKING = 0.05;

function workOf({ build: { cpuSeconds }, state, packages, packagesDone }: RunningBuild): BuildWork {
    const compiled = packages > 0 ? Math.min(packagesDone / packages, 1) : 0;
    return { cpuSeconds, done: state === "finished" ? 1 : compiled * (1 - LINKING) };
}

/** `building pulumi 3.259.0, thanos 0.42.4; 3 of 9 done, about 11 min left` */
function reportText(builds: readonly RunningBuild[], pace: Pace): string {
    const labels = (state: RunningBuild["state"]) => builds.flatMap((b) => (b.state === state ? [b.build.label] : []));
    const compiling = labels("compiling");
    const doing = compiling.length > 0 ? `building ${compiling.join(", ")}` : `downloading the sources of ${labels("fetching").join(", ")}`;
    const left = roughly(remainingSeconds(builds.map(workOf), pace));
    return `${doing}; ${labels("finished").length} of ${builds.length} done, ${left} left`;
}

/** `about 11 min`, `less than a minute`. */
export const roughly = (seconds: number) => (seconds < 60 ? "less than a minute" : `about ${Math.round(seconds / 60)} min`);
