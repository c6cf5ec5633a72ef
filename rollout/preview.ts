/** What `up` would do to a fleet, stack by stack, without doing it. */
import { type Counts, NO_CHANGES } from "../engine/counts";
import { changesIn } from "./journal";
import { atOnce } from "./rollOut";
import type { StackDriver } from "./stackDriver";
import type { StackEnd } from "./stackProcess";
import type { StackReport } from "./stackReport";
import type { FleetStack } from "./waves";

export interface StackPreview extends StackReport {
    name: string;
    role: FleetStack["role"];
    /**
     * "refused": by a policy. "waits": it cannot be previewed before its observer is updated, or made. "unknown": Pulumi's backend has no such stack.
     * "failed": anything else.
     */
    state: "previewed" | "refused" | "waits" | "unknown" | "failed";
    /** Why it failed or waits. @default it does neither, or its observer is not there */
    message?: string;
    /** How it failed. @default it ended well */
    because?: Extract<StackEnd, { ok: false }>["because"];
    /**
     * The observer, where an update changes it first: this stack reads what it exports, so more may change here than this preview knows.
     * @default nothing that it reads changes
     */
    provisional?: string;
    counts: Counts;
}

const NOTHING: StackReport = { changes: [], risks: [], findings: [], outputsChange: false };

interface PreviewOptions {
    drive: StackDriver;
    /** Stacks that Pulumi's backend does not have. */
    unknown: readonly string[];
    /** How many stacks are previewed at the same time. */
    parallel: number;
    signal: AbortSignal;
    /** A stack is done, as far as it alone can say. */
    onEnd: (stack: string, ok: boolean) => void;
}

/** Previews all stacks: observers first, then observees, by name. */
export async function previewFleet(fleet: readonly FleetStack[], options: PreviewOptions): Promise<StackPreview[]> {
    const { drive, unknown, parallel, signal, onEnd } = options;
    const ends = new Map<string, StackEnd>();
    const isMissing = (name: string | undefined) => name !== undefined && unknown.includes(name);
    // A preview of an observee whose observer has no stack ends with an error of the engine, which says less than "waits".
    const runnable = fleet.filter(({ name, observer }) => !isMissing(name) && !isMissing(observer));
    await atOnce(
        parallel,
        runnable,
        () => !signal.aborted,
        async ({ name }) => {
            const end = await drive(name, "preview", { signal, onDoing: () => {} });
            ends.set(name, end);
            onEnd(name, end.ok);
        },
    );
    const previews = [...fleet].sort(observersFirst).map(({ name, role, observer }) => {
        const end = ends.get(name);
        // Nothing was started after a cancellation, and nobody reads what is left.
        const state = isMissing(name) ? "unknown" : end === undefined ? "waits" : stateOf(end);
        const failed = end?.ok === false ? end : undefined;
        const preview: StackPreview = {
            name,
            role,
            state,
            ...(failed && { because: failed.because, ...(state === "failed" && { message: failed.message }) }),
            counts: end?.counts ?? NO_CHANGES,
            ...(end?.report ?? NOTHING),
        };
        return { preview, observer };
    });
    const find = (name: string | undefined) => previews.find(({ preview }) => preview.name === name)?.preview;
    return previews.map(({ preview, observer }) => afterItsObserver(preview, find(observer)));
}

const observersFirst = (a: FleetStack, b: FleetStack) =>
    Number(b.role === "observer") - Number(a.role === "observer") || (a.name < b.name ? -1 : 1);

const stateOf = (end: StackEnd): StackPreview["state"] => (end.ok ? "previewed" : end.because === "policy" ? "refused" : "failed");

/** Whether the stack is known to stay as it is. What did not end well may change it. */
const isUnchanged = ({ state, counts, outputsChange }: StackPreview) => state === "previewed" && changesIn(counts) === 0 && !outputsChange;

/**
 * An observee is compared with what its observer exports now. Where the observer changes, that may say too little; and where its program refuses it, as it
 * does with a cluster that the observer does not list yet, the update of the observer may be what it waits for.
 */
function afterItsObserver(preview: StackPreview, observer: StackPreview | undefined): StackPreview {
    if (observer === undefined || isUnchanged(observer)) return preview;
    const waits = preview.state === "failed" && preview.because === "wrongInput";
    return { ...preview, ...(waits && { state: "waits" as const }), provisional: observer.name };
}

/** Whether an update would change something, or may. */
export const mayChange = (preview: StackPreview) => !isUnchanged(preview) || preview.provisional !== undefined;
