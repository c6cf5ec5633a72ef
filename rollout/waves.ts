/**
 * The order of a rollout. Who goes first follows from two things:
 *
 * - An observee reads the observer's contract, so the observer is deployed before it (docs/adr/0002).
 * - A Query may be newer than what it asks, not older: the release notes of Thanos 0.36 ask for the upper Query first. An observee refuses to be newer than
 *   its observer (components/stack/contract.ts). So the observer comes first on an upgrade, and last where Thanos gets older.
 */
import semver from "semver";
import { ConfigError } from "../config/configError";
import type { Problem } from "../rules/problem";
import type { RolloutSettings, WaveSettings } from "./settings";

/** A stack of the fleet, as its stack file describes it. */
export interface FleetStack {
    name: string;
    role: "observer" | "observee";
    /** The setting `cluster`. */
    cluster: string;
    /** The setting `prometheus.externalLabels`. */
    labels: Readonly<Record<string, string>>;
    /** Name of the observer's stack, for an observee. */
    observer?: string;
    /** Clusters that it keeps only the history of, for an observer. */
    archived?: readonly string[];
}

/** What an observer has deployed, by its contract. */
export interface Deployed {
    /** Version of Thanos. */
    thanos: string;
    /** Clusters of its observees. */
    observees: readonly string[];
}

/** Stacks that are changed together. The next wave starts when all of them are done and well. */
export interface Wave {
    stacks: string[];
    /** Why they are in this place. */
    why: string;
}

export interface WaveInput {
    stacks: readonly FleetStack[];
    settings: Pick<RolloutSettings, "waves" | "maxUnhealthy">;
    /** By name of the observer's stack. @default none: it is not deployed yet */
    deployed: ReadonlyMap<string, Deployed>;
    /** The version of Thanos that this checkout deploys. */
    thanos: string;
}

/**
 * Puts every stack into one wave. Equal input gives equal waves, in whatever order the stacks are given. Throws a ConfigError where an observer would get
 * older than a leaf Query of an observee that is left out.
 */
export function wavesOf({ stacks, settings, deployed, thanos }: WaveInput): Wave[] {
    const sorted = [...stacks].sort((a, b) => (a.name < b.name ? -1 : 1));
    const observers = sorted.filter(({ role }) => role === "observer");
    const older = observers.filter(({ name }) => isOlder(thanos, deployed.get(name)));
    const goesBefore = ({ observer, cluster }: FleetStack) =>
        older.some(({ name }) => name === observer) && deployed.get(observer ?? "")?.observees.includes(cluster);
    const observees = sorted.filter(({ role }) => role === "observee");
    const problems = older.flatMap(({ name }) => leftOut(name, deployed.get(name), observees, thanos));
    if (problems.length > 0) throw new ConfigError("order of the rollout", problems);
    const before = observees.filter((stack) => goesBefore(stack));
    const after = observees.filter((stack) => !goesBefore(stack));
    return [
        ...ofObservees(before, settings, "before its observer, whose Query must not be older than a leaf Query"),
        ...observers.map((stack) => ({
            stacks: [stack.name],
            why: older.includes(stack)
                ? "the observer, after all leaf Queries are as old as it will be"
                : "the observer, which observees read",
        })),
        ...ofObservees(after, settings, "after its observer"),
    ];
}

/** Observees that would stay newer than their observer. */
function leftOut(observer: string, running: Deployed | undefined, observees: readonly FleetStack[], thanos: string): Problem[] {
    const missing = running?.observees.filter((name) => !observees.some((stack) => stack.observer === observer && stack.cluster === name));
    return missing?.length
        ? [
              {
                  path: observer,
                  problem: `would go from Thanos ${running?.thanos} to ${thanos}, and ${missing.join(", ")} would stay newer: a Query may be newer than what it asks, not older.`,
                  remedy: "Roll out these clusters, too, or keep the version.",
              },
          ]
        : [];
}

const isOlder = (thanos: string, deployed: Deployed | undefined) => deployed !== undefined && semver.lt(thanos, deployed.thanos);

function ofObservees(observees: readonly FleetStack[], { waves, maxUnhealthy }: WaveInput["settings"], why: string): Wave[] {
    const found: Wave[] = [];
    let left = [...observees];
    for (const wave of [...waves, THE_REST]) {
        const chosen = left.filter((stack) => isFor(wave, stack)).slice(0, sizeIn(observees.length, wave.size));
        left = left.filter((stack) => !chosen.includes(stack));
        const names = chosen.map(({ name }) => name);
        for (let i = 0; i < names.length; i += maxUnhealthy) found.push({ stacks: names.slice(i, i + maxUnhealthy), why });
    }
    return found;
}

const THE_REST: WaveSettings = { labels: {}, size: "100%" };

/** Whether a wave may have this observee, by its name and its labels. */
const isFor = ({ stacks = ["*"], labels }: WaveSettings, { name, labels: own }: FleetStack) =>
    stacks.some((pattern) => matches(pattern, name)) &&
    Object.entries(labels).every(([label, pattern]) => {
        const value = own[label];
        return value !== undefined && matches(pattern, value);
    });

/** Waves that choose no observee of the whole fleet: a misspelt canary would let all others go first. */
export function wavesForNone(fleet: readonly FleetStack[], waves: readonly WaveSettings[]): Problem[] {
    const observees = fleet.filter(({ role }) => role === "observee");
    if (observees.length === 0) return [];
    return waves.flatMap((wave, i) =>
        observees.some((stack) => isFor(wave, stack))
            ? []
            : [
                  {
                      path: `waves.${i}`,
                      problem: "chooses no observee.",
                      remedy: "Compare `stacks` with the names of the stack files and `labels` with their prometheus.externalLabels, or remove the wave.",
                  },
              ],
    );
}

/** Rounded up, so that a small fleet has waves, too. */
const sizeIn = (total: number, size: number | string) =>
    typeof size === "number" ? size : Math.ceil((total * Number.parseInt(size, 10)) / 100);

const matches = (pattern: string, name: string) =>
    new RegExp(
        `^${pattern
            .split("*")
            .map((part) => part.replace(/[^\w-]/g, "\\$&"))
            .join(".*")}$`,
    ).test(name);
