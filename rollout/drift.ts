/** Drift of a whole fleet: every stack is looked at, whatever is the matter with another one. */
import type { Drifted } from "../engine/drift";
import type { Problem } from "../rules/problem";
import { atOnce } from "./rollOut";
import type { StackDriver } from "./stackDriver";

export interface StackDrift {
    name: string;
    drift: readonly Drifted[];
    /** Why nothing is known of it. @default all of it was read */
    unknown?: string;
}

export interface DriftOptions {
    drive: StackDriver;
    /** How many stacks are read at the same time. */
    parallel: number;
    /** What stands against a look at a stack: who changes it now, or what a killed update has left. */
    examine: (stack: string) => Promise<Problem[]>;
    /** Receives what the engine does with a stack now. */
    onDoing: (stack: string, text: string) => void;
    onEnd: (found: StackDrift) => void;
    signal: AbortSignal;
}

/** Looks at every stack, and answers in the order of the names. */
export async function findDrift(names: readonly string[], options: DriftOptions): Promise<StackDrift[]> {
    const { drive, examine, signal } = options;
    const look = async (name: string): Promise<StackDrift> => {
        const [problem] = await examine(name);
        if (problem) return unknown(name, problem);
        const end = await drive(name, "drift check", { signal, onDoing: (text) => options.onDoing(name, text) });
        if (!end.ok) return { name, drift: [], unknown: end.message };
        const drift = [...(end.drift ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
        // A preview takes no lock. What an update has changed meanwhile is no drift.
        const [since] = drift.length > 0 ? await examine(name) : [];
        return since ? unknown(name, since) : { name, drift };
    };
    const found = new Map<string, StackDrift>();
    await atOnce(
        options.parallel,
        names,
        () => !signal.aborted,
        async (name) => {
            const ended = await look(name).catch((error: Error) => ({ name, drift: [], unknown: error.message }));
            found.set(name, ended);
            options.onEnd(ended);
        },
    );
    return names.map((name) => found.get(name) ?? { name, drift: [], unknown: "It was not looked at." });
}

const unknown = (name: string, { problem, remedy }: Problem): StackDrift => ({ name, drift: [], unknown: `${name} ${problem} ${remedy}` });

/** How a resource is not as it was deployed: "is gone", "spec.replicas changed". */
export function differenceOf({ what, properties }: Drifted): string {
    if (what === "deleted") return "is gone";
    return properties.length === 0 ? "changed" : properties.map(({ path, how }) => `${path} ${how}`).join(", ");
}

/** What was found, in a sentence or two. */
export function driftVerdict(stacks: readonly StackDrift[]): string {
    const names = (test: (stack: StackDrift) => boolean) => stacks.filter(test).map(({ name }) => name);
    const drifted = names(({ drift }) => drift.length > 0);
    const unread = names((stack) => stack.unknown !== undefined);
    return [
        drifted.length === 0
            ? `No drift in ${stacks.length - unread.length} of ${stacks.length} stacks.`
            : `Drift in ${drifted.length} of ${stacks.length} stacks: ${drifted.join(", ")}.`,
        ...(unread.length > 0 ? [`Not known of: ${unread.join(", ")}.`] : []),
    ].join(" ");
}
