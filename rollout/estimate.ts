/** How long a rollout will take, by the journals of earlier ones. */
import type { RolloutEvent } from "./journal";
import type { Recorded } from "./journalStore";
import type { Wave } from "./waves";

export type Step = "preview" | "update" | "destroy";

/** How long a step of a stack takes, milliseconds. Undefined where none was seen. */
export type Times = (stack: string, step: Step) => number | undefined;

const BEGINS: Partial<Record<RolloutEvent["event"], Step>> = { previewing: "preview", updating: "update", destroying: "destroy" };
const ENDS: Partial<Record<RolloutEvent["event"], Step>> = { previewed: "preview", updated: "update", destroyed: "destroy" };

/** The median of the stack's own times, else that of all stacks. A step that failed, or was killed, took no time that says something. */
export function timesIn(journals: readonly (readonly Recorded[])[]): Times {
    const took: { stack: string; step: Step; ms: number }[] = [];
    for (const events of journals) {
        const begun = new Map<string, number>();
        for (const event of events) {
            if (!("stack" in event)) continue;
            const [begins, ends] = [BEGINS[event.event], ENDS[event.event]];
            const at = Date.parse(event.time);
            if (begins) begun.set(`${begins} ${event.stack}`, at);
            const since = begun.get(`${ends} ${event.stack}`);
            if (ends && since !== undefined) took.push({ stack: event.stack, step: ends, ms: at - since });
        }
    }
    return (stack, step) => {
        const all = took.filter((one) => one.step === step);
        const own = all.filter((one) => one.stack === stack);
        return median((own.length > 0 ? own : all).map(({ ms }) => ms));
    };
}

function median(values: readonly number[]): number | undefined {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
}

/** The time of all waves, milliseconds, without what a gate waits beyond `soak`. Undefined where the time of a stack is not known. */
export function estimate(
    waves: readonly Wave[],
    steps: readonly Step[],
    times: Times,
    { parallel, soak }: { parallel: number; soak: number },
): number | undefined {
    const known = (stacks: readonly string[], step: Step) => stacks.map((stack) => times(stack, step));
    const lengths = waves.flatMap(({ stacks }) => steps.map((step) => inLanes(known(stacks, step), parallel)));
    return lengths.reduce((sum, ms) => (sum === undefined || ms === undefined ? undefined : sum + ms), soak * waves.length);
}

/** How long it takes until all are done, when so many run at the same time and the next one begins where one ends. */
function inLanes(lengths: readonly (number | undefined)[], parallel: number): number | undefined {
    const lanes = Array.from({ length: parallel }, () => 0);
    for (const ms of lengths) {
        if (ms === undefined) return undefined;
        const first = lanes.indexOf(Math.min(...lanes));
        lanes[first] = (lanes[first] ?? 0) + ms;
    }
    return Math.max(...lanes);
}
