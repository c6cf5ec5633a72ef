/** What happened in a rollout, as a list of events, and what follows from it: the state of each stack, the verdict. */
import type { Counts } from "../engine/counts";
import type { StackEnd } from "./stackProcess";
import type { Wave } from "./waves";

type Failed = Extract<StackEnd, { ok: false }>;

export type RolloutEvent =
    /** A run begins, or goes on with what an earlier one left: every stack waits. */
    | { event: "started"; waves: readonly Wave[] }
    | { event: "previewing" | "updating"; stack: string }
    | { event: "previewed" | "updated"; stack: string; counts: Counts }
    | { event: "failed"; stack: string; operation: "preview" | "up"; because: Failed["because"]; message: string; counts: Counts }
    /** The gate after a wave; waves count from 1. */
    | { event: "gateBegun" | "gatePassed"; wave: number }
    | { event: "gateRefused"; wave: number; why: string }
    | { event: "ended"; how: "done" | "stopped" | "cancelled" };

/**
 * "updating" in a rollout that has not ended and does not run: it was killed then, and the stack may be changed in part. "refused": nothing of the stack was
 * changed. "failed": its update failed, so it may be changed in part.
 */
export type StackState = "waiting" | "previewing" | "previewed" | "updating" | "updated" | "refused" | "failed";

export interface Rollout {
    waves: readonly Wave[];
    /** In the order of the waves. `changes`: how many resources its update has changed. */
    stacks: ReadonlyMap<string, { state: StackState; changes: number }>;
    /** In the order in which they failed. */
    failures: readonly Extract<RolloutEvent, { event: "failed" }>[];
    /** The gate that it waits at, or that refused it. @default none */
    gate?: { wave: number; refused?: string };
    /** @default none: it is running, or it was killed */
    ended?: "done" | "stopped" | "cancelled";
}

const NOTHING: Rollout = { waves: [], stacks: new Map(), failures: [] };

/** How many resources an operation changed. */
export const changesIn = ({ created, updated, replaced, deleted }: Counts) => created + updated + replaced + deleted;

/** The rollout after one more event. */
export function after(rollout: Rollout, event: RolloutEvent): Rollout {
    const set = (stack: string, state: StackState, changes = 0) => ({
        ...rollout,
        stacks: new Map(rollout.stacks).set(stack, { state, changes }),
    });
    switch (event.event) {
        case "started": {
            const names = event.waves.flatMap(({ stacks }) => stacks);
            return { ...NOTHING, waves: event.waves, stacks: new Map(names.map((name) => [name, { state: "waiting", changes: 0 }])) };
        }
        case "previewing":
        case "updating":
        case "previewed":
            return set(event.stack, event.event);
        case "updated":
            return set(event.stack, "updated", changesIn(event.counts));
        case "failed": {
            const failures = [...rollout.failures, event];
            // The engine takes the lock, and the program checks its configuration, before anything is changed.
            const untouched = event.operation === "preview" || event.because === "locked" || event.because === "wrongInput";
            return { ...(untouched ? set(event.stack, "refused") : set(event.stack, "failed", changesIn(event.counts))), failures };
        }
        case "gateBegun":
            return { ...rollout, gate: { wave: event.wave } };
        case "gateRefused":
            return { ...rollout, gate: { wave: event.wave, refused: event.why } };
        case "gatePassed": {
            const { gate: _, ...past } = rollout;
            return past;
        }
        case "ended":
            return { ...rollout, ended: event.how };
    }
}

export const rolloutOf = (events: readonly RolloutEvent[]): Rollout => events.reduce(after, NOTHING);

/** Whether a rollout that did not end well has changed anything. */
export const isPartlyDone = ({ stacks }: Rollout) =>
    [...stacks.values()].some(({ state, changes }) => state === "failed" || state === "updating" || (state === "updated" && changes > 0));

/** Where a rollout is or how it ended, and which stacks it changed, in a few sentences. */
export function verdict(rollout: Rollout): string {
    const named = (text: string, test: (state: StackState, changes: number) => boolean) => {
        const names = [...rollout.stacks].filter(([, { state, changes }]) => test(state, changes)).map(([name]) => name);
        return names.length === 0 ? [] : [`${text}: ${names.join(", ")}.`];
    };
    return [
        firstSentence(rollout),
        ...named("Changed", (state, changes) => state === "updated" && changes > 0),
        ...named("Changed in part", (state) => state === "failed" || state === "updating"),
        ...named("Had nothing to change", (state, changes) => state === "updated" && changes === 0),
        ...named("Not changed", (state) => !["updated", "failed", "updating"].includes(state)),
    ].join(" ");
}

function firstSentence({ waves, stacks, failures, gate, ended }: Rollout): string {
    const plural = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;
    if (ended === "done") return `Done: ${plural(stacks.size, "stack")} in ${plural(waves.length, "wave")}.`;
    const wave = waves.findIndex((one) => one.stacks.some((name) => stacks.get(name)?.state !== "updated")) + 1;
    const failed = failures.filter(({ because }) => because !== "cancelled");
    const why = failed.map(({ operation, stack }) => `the ${operation === "up" ? "update" : "preview"} of ${stack} failed`).join(", ");
    const how = ended === "cancelled" ? "Cancelled" : ended === "stopped" ? "Stopped" : "Not ended:";
    if (gate)
        return `${how} at the gate after wave ${gate.wave} of ${waves.length}${gate.refused === undefined ? "" : `: ${gate.refused}`}.`;
    return `${how} in wave ${wave} of ${waves.length}${why && `: ${why}`}.`;
}
