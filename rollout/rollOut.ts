import { after, isDone, type Rollout, type RolloutCommand, type RolloutEvent, rolloutOf, stacksThat } from "./journal";
import type { StackDriver } from "./stackDriver";
import type { Wave } from "./waves";

export interface RollOutOptions {
    command: RolloutCommand;
    /** Commit of the stack files. @default they are in no repository */
    commit?: string;
    /** What is known before: earlier runs, which this one goes on with, and the evidence before the first of them. @default nothing */
    begin?: Rollout;
    drive: StackDriver;
    /** How many stacks run at the same time. */
    parallel: number;
    /** Receives each event before the next thing is done. What it throws stops the rollout. */
    onEvent: (event: RolloutEvent) => Promise<void>;
    /** Receives what the engine does with a stack now. */
    onDoing: (stack: string, text: string) => void;
    /** Waits for a while where a stack's lock is held, and answers whether to try again. @default never */
    waitForLock?: (stack: string, signal: AbortSignal) => Promise<boolean>;
    /**
     * Waits until the fleet is well after a wave, and answers why it is not. Throws an AbortError at the signal.
     * @default the next wave starts at once
     */
    gate?: (asked: GateQuestion, signal: AbortSignal) => Promise<{ failed?: string }>;
    /** Cancels what is running, and starts nothing more. */
    signal: AbortSignal;
}

export interface GateQuestion {
    /** All stacks that this run has brought to what the program says. */
    updated: readonly string[];
    /** Stacks that an earlier run has changed, without a gate that passed, and that this one has not reached: what is not well may be theirs, and be mended yet. */
    unreached: readonly string[];
    /** Hashes of the configuration with which Prometheus has to answer, by stack. Stacks without one have none that says so. */
    configHashes: ReadonlyMap<string, string>;
}

/** The events at the begin and the end of an operation. */
const EVENTS = {
    preview: ["previewing", "previewed"],
    up: ["updating", "updated"],
    destroy: ["destroying", "destroyed"],
} as const;

/**
 * Brings every stack to what the program says, or takes it down, wave by wave. Before an update all stacks of a wave are previewed, with the policies
 * (docs/adr/0004), and none of them is updated where one is refused. The first failure ends the rollout: what runs beside it may finish, nothing more is started. So does a gate that refuses.
 */
export async function rollOut(waves: readonly Wave[], options: RollOutOptions): Promise<Rollout> {
    const { command, commit, signal } = options;
    let rollout = options.begin ?? rolloutOf([]);
    const record = async (event: RolloutEvent) => {
        rollout = after(rollout, event);
        await options.onEvent(event);
    };
    const configHashes = new Map<string, string>();
    const mayGoOn = () => rollout.failures.length === 0 && !signal.aborted;
    const runAll = (stacks: readonly string[], operation: keyof typeof EVENTS) =>
        atOnce(options.parallel, stacks, mayGoOn, async (stack) => {
            const [begun, done] = EVENTS[operation];
            const drive = () => options.drive(stack, operation, { signal, onDoing: (text) => options.onDoing(stack, text) });
            await record({ event: begun, stack });
            let end = await drive();
            while (!end.ok && end.because === "locked" && (await options.waitForLock?.(stack, signal))) end = await drive();
            if (end.ok) {
                if (end.configHash !== undefined) configHashes.set(stack, end.configHash);
                await record({ event: done, stack, counts: end.counts });
            } else await record({ event: "failed", stack, operation, because: end.because, message: end.message, counts: end.counts });
        });

    await record({ event: "started", command, waves, ...(commit !== undefined && { commit }) });
    const isWhole = await rollOutWaves();
    await record({ event: "ended", how: isWhole ? "done" : signal.aborted ? "cancelled" : "stopped" });
    return rollout;

    /** Whether all were done, and were well. */
    async function rollOutWaves(): Promise<boolean> {
        for (const [i, { stacks }] of waves.entries()) {
            if (command === "up") await runAll(stacks, "preview");
            await runAll(stacks, command);
            const updated = stacksThat(rollout, isDone);
            if (!stacks.every((name) => updated.includes(name))) return false;
            if (!(await passesGate(i + 1, updated))) return false;
        }
        return true;
    }

    async function passesGate(wave: number, updated: readonly string[]): Promise<boolean> {
        const unreached = [...rollout.unproven].filter((stack) => !updated.includes(stack));
        if (options.gate === undefined || unreached.length === rollout.unproven.size) return true;
        await record({ event: "gateBegun", wave });
        try {
            const { failed } = await options.gate({ updated, unreached, configHashes }, signal);
            await record(failed === undefined ? { event: "gatePassed", wave } : { event: "gateRefused", wave, why: failed });
            return failed === undefined;
        } catch (error) {
            if ((error as Error).name === "AbortError") return false;
            throw error;
        }
    }
}

/** Runs `work` for each item, at most `limit` at the same time, as long as `mayGoOn`. Waits for all that were started, also where one throws. */
export async function atOnce<T>(
    limit: number,
    items: readonly T[],
    mayGoOn: () => boolean,
    work: (item: T) => Promise<void>,
): Promise<void> {
    const waiting = [...items];
    let thrown: { error: unknown } | undefined;
    const lane = async () => {
        for (let item = waiting.shift(); item !== undefined && thrown === undefined && mayGoOn(); item = waiting.shift())
            await work(item).catch((error) => {
                thrown ??= { error };
            });
    };
    await Promise.all(Array.from({ length: limit }, lane));
    if (thrown !== undefined) throw (thrown as { error: unknown }).error;
}
