/** What happened in a rollout, as a list of events, and what follows from it: the state of each stack, the verdict. */
import type { Counts } from "../engine/counts";
import type { Before } from "./gate";
import type { StackEnd } from "./stackProcess";
import type { Wave } from "./waves";

type Failed = Extract<StackEnd, { ok: false }>;

/** What a rollout does with its stacks: bring them to what the program says, or take them down. */
export type RolloutCommand = "up" | "destroy";

export type RolloutEvent =
    /** How the fleet was before anything was changed, for the gates of this run and of those that go on with it. */
    | ({ event: "evidence" } & Before)
    /** A run begins, or goes on with what an earlier one left: every stack waits. `commit`: that of the stack files, if they are in a repository. */
    | { event: "started"; command: RolloutCommand; waves: readonly Wave[]; commit?: string }
    | { event: "previewing" | "updating" | "destroying"; stack: string }
    | { event: "previewed" | "updated" | "destroyed"; stack: string; counts: Counts }
    | { event: "failed"; stack: string; operation: "preview" | RolloutCommand; because: Failed["because"]; message: string; counts: Counts }
    /** The gate after a wave; waves count from 1. */
    | { event: "gateBegun" | "gatePassed"; wave: number }
    | { event: "gateRefused"; wave: number; why: string }
    | { event: "ended"; how: "done" | "stopped" | "cancelled" };

/**
 * "updating" or "destroying" in a rollout that has not ended and does not run: it was killed then, and the stack may be changed in part. "refused": nothing of the stack was
 * changed. "failed": its update or destruction failed, so it may be changed in part.
 */
export type StackState =
    | "waiting"
    | "previewing"
    | "previewed"
    | "updating"
    | "updated"
    | "destroying"
    | "destroyed"
    | "refused"
    | "failed";

export interface Rollout {
    command: RolloutCommand;
    waves: readonly Wave[];
    /** Commit of the stack files. @default they are in no repository */
    commit?: string;
    /** In the order of the waves. `changes`: how many resources have changed, or are gone from its state. */
    stacks: ReadonlyMap<string, { state: StackState; changes: number }>;
    /** In the order in which they failed. */
    failures: readonly Extract<RolloutEvent, { event: "failed" }>[];
    /** How the fleet was before it. @default nobody has asked: there is no gate */
    before?: Before;
    /** Stacks that were changed, or may have been, and that no gate has passed since. */
    unproven: ReadonlySet<string>;
    /** The gate that it waits at, or that refused it. @default none */
    gate?: { wave: number; refused?: string };
    /** @default none: it is running, or it was killed */
    ended?: "done" | "stopped" | "cancelled";
}

const NOTHING: Rollout = { command: "up", waves: [], stacks: new Map(), failures: [], unproven: new Set() };

/** How many resources an operation changed. */
export const changesIn = ({ created, updated, replaced, deleted }: Counts) => created + updated + replaced + deleted;

/** The rollout after one more event. */
export function after(rollout: Rollout, event: RolloutEvent): Rollout {
    const set = (stack: string, state: StackState, changes = 0) => ({
        ...rollout,
        stacks: new Map(rollout.stacks).set(stack, { state, changes }),
        ...((changes > 0 || state === "failed") && { unproven: new Set([...rollout.unproven, stack]) }),
    });
    switch (event.event) {
        case "evidence": {
            const { event: _, ...before } = event;
            return { ...rollout, before };
        }
        case "started": {
            const { command, waves, commit } = event;
            const names = waves.flatMap(({ stacks }) => stacks);
            return {
                ...NOTHING,
                ...(rollout.before && { before: rollout.before }),
                // Who was killed in an update does not know what it has changed.
                unproven: new Set([...rollout.unproven, ...stacksThat(rollout, isHalfDone)]),
                command,
                waves,
                ...(commit !== undefined && { commit }),
                stacks: new Map(names.map((name) => [name, { state: "waiting", changes: 0 }])),
            };
        }
        case "previewing":
        case "updating":
        case "destroying":
        case "previewed":
            return set(event.stack, event.event);
        case "updated":
        case "destroyed":
            return set(event.stack, event.event, changesIn(event.counts));
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
            const done = stacksThat(rollout, isDone);
            return { ...past, unproven: new Set([...rollout.unproven].filter((stack) => !done.includes(stack))) };
        }
        case "ended":
            return { ...rollout, ended: event.how };
        default:
            // Another version of this program wrote it.
            return rollout;
    }
}

export const rolloutOf = (events: readonly RolloutEvent[]): Rollout => events.reduce(after, NOTHING);

/** Whether a run with these stacks goes on with what an earlier one left. */
export const goesOnWith = (rollout: Rollout, command: RolloutCommand, stacks: readonly string[]) =>
    rollout.command === command &&
    rollout.ended !== "done" &&
    rollout.stacks.size === stacks.length &&
    stacks.every((stack) => rollout.stacks.has(stack));

/** Stacks whose state passes a test. */
export const stacksThat = ({ stacks }: Rollout, test: (state: StackState) => boolean): string[] =>
    [...stacks].flatMap(([name, { state }]) => (test(state) ? [name] : []));

/** Whether the rollout is done with a stack in this state. */
export const isDone = (state: StackState) => state === "updated" || state === "destroyed";

/** Whether a stack in this state may be changed in part. */
const isHalfDone = (state: StackState) => state === "failed" || state === "updating" || state === "destroying";

/** Whether a rollout that did not end well has changed anything. */
export const isPartlyDone = ({ stacks }: Rollout) =>
    [...stacks.values()].some(({ state, changes }) => isHalfDone(state) || (isDone(state) && changes > 0));

/** What has happened to stacks, for people. */
const WORDS: Record<RolloutCommand, { done: string; inPart: string; nothing: string; not: string }> = {
    up: { done: "Changed", inPart: "Changed in part", nothing: "Had nothing to change", not: "Not changed" },
    destroy: { done: "Taken down", inPart: "Taken down in part", nothing: "Had nothing to take down", not: "Not taken down" },
};

const NOUNS = { preview: "preview", up: "update", destroy: "destroy" };

/** Where a rollout is or how it ended, and which stacks it changed, in a few sentences. */
export function verdict(rollout: Rollout): string {
    const named = (text: string, test: (state: StackState, changes: number) => boolean) => {
        const names = [...rollout.stacks].filter(([, { state, changes }]) => test(state, changes)).map(([name]) => name);
        return names.length === 0 ? [] : [`${text}: ${names.join(", ")}.`];
    };
    const words = WORDS[rollout.command];
    return [
        firstSentence(rollout),
        ...named(words.done, (state, changes) => isDone(state) && changes > 0),
        ...named(words.inPart, isHalfDone),
        ...named(words.nothing, (state, changes) => isDone(state) && changes === 0),
        ...named(words.not, (state) => !isDone(state) && !isHalfDone(state)),
    ].join(" ");
}

function firstSentence({ waves, stacks, failures, gate, ended }: Rollout): string {
    const plural = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;
    if (ended === "done") return `Done: ${plural(stacks.size, "stack")} in ${plural(waves.length, "wave")}.`;
    const wave = waves.findIndex((one) => one.stacks.some((name) => !isDone(stacks.get(name)?.state ?? "waiting"))) + 1;
    const failed = failures.filter(({ because }) => because !== "cancelled");
    const why = failed.map(({ operation, stack }) => `the ${NOUNS[operation]} of ${stack} failed`).join(", ");
    const how = ended === "cancelled" ? "Cancelled" : ended === "stopped" ? "Stopped" : "Not ended:";
    if (gate)
        return `${how} at the gate after wave ${gate.wave} of ${waves.length}${gate.refused === undefined ? "" : `: ${gate.refused}`}.`;
    if (wave === 0) return `${how} after wave ${waves.length} of ${waves.length}.`;
    return `${how} in wave ${wave} of ${waves.length}${why && `: ${why}`}.`;
}
