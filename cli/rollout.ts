import { ConfigError } from "../config/configError";
import type { BackendFolder } from "../engine/backend/backendFolder";
import { commitOf } from "../rollout/commit";
import { estimate, type Times, timesIn } from "../rollout/estimate";
import { examineStacks } from "../rollout/examine";
import {
    after,
    changesIn,
    isPartlyDone,
    type Rollout,
    type RolloutCommand,
    type RolloutEvent,
    rolloutOf,
    verdict,
} from "../rollout/journal";
import { type Journal, JournalFailed, lastGoodCommit, openJournal, recentRollouts } from "../rollout/journalStore";
import { Locked } from "../rollout/locked";
import { type RollOutOptions, rollOut } from "../rollout/rollOut";
import { stackDriver } from "../rollout/stackDriver";
import type { Wave } from "../rollout/waves";
import { color } from "../terminal/color";
import { formatElapsed, formatTime } from "../terminal/progress";
import { CommandFailed, type Exit } from "./exitCodes";
import { onInterrupt } from "./interrupt";
import { failedAsPulumi } from "./pulumiErrors";
import { Turn } from "./turn";

export const NO_JOURNAL = "There is no journal of rollouts: a backend of files (`file://`) or in S3 keeps one.";

/** What a command finds out when no other rollout can begin. */
export interface Preparation {
    print: Printer;
    signal: AbortSignal;
    /** What this run goes on with. */
    rollout: Rollout;
    /** Writes an event into the journal. */
    record: (event: RolloutEvent) => Promise<void>;
}

interface Run {
    command: RolloutCommand;
    waves: readonly Wave[];
    /** The directory of Pulumi.yaml and the stack files. */
    directory: string;
    /** @default none: a backend that keeps no journal */
    backend: BackendFolder | undefined;
    /** All stacks that it will touch. */
    names: readonly string[];
    parallel: number;
    policyPacks: string[];
    /** Their configurations, one for each. @default none */
    policyPackConfigs?: string[];
    /** Whether every resource is read anew before it is compared. @default false */
    refresh?: boolean;
    /** How long to wait for locks that others hold, milliseconds. */
    wait: number;
    /** What a gate waits at least, milliseconds. */
    soak: number;
    /** Whether to print events instead of text. */
    json?: boolean;
    /** What it throws ends the rollout before anything is changed. */
    prepare: (preparation: Preparation) => Promise<Pick<RollOutOptions, "gate">>;
}

/** Rollouts whose times the next one expects to take. */
const REMEMBERED = 5;

/** Rolls the waves out, alone, with a journal. Throws a CommandFailed or a ConfigError where it ends otherwise than well. */
export async function runRollout(run: Run): Promise<void> {
    const {
        command,
        waves,
        directory,
        backend,
        names,
        parallel,
        policyPacks,
        policyPackConfigs = [],
        refresh = false,
        json,
        prepare,
    } = run;
    const times = timesIn(backend ? await recentRollouts(backend, REMEMBERED) : []);
    const print = json ? printJson : printText(times);
    const signal = onInterrupt(() =>
        print.say(`Stopping: what runs is cancelled, and ends in order. \`thanos-fleet ${command}\` goes on from there.`),
    );
    const turn = new Turn(run.wait, signal, print);
    const journal = backend && (await turn.of(() => openJournal(backend, command, names)));
    let rollout = rolloutOf(journal?.earlier ?? []);
    const record = async (event: RolloutEvent) => {
        await journal?.record({ time: new Date().toISOString(), ...event });
        rollout = after(rollout, event);
        print.event(event);
    };
    try {
        await turn.of(() => refuseObstacles(directory, names, backend, parallel).catch(failedAsPulumi));
        announce(print, journal);
        const about = estimate(waves, command === "up" ? ["preview", "update"] : ["destroy"], times, { parallel, soak: run.soak });
        if (about !== undefined) print.estimate(about);
        const commit = await commitOf(directory);
        const { gate } = await prepare({ print, signal, rollout, record });
        await rollOut(waves, {
            command,
            ...(commit !== undefined && { commit }),
            begin: rollout,
            drive: stackDriver({ directory, policyPacks, policyPackConfigs, refresh }),
            parallel,
            waitForLock: (stack) => turn.comesFor(stack),
            ...(gate && { gate }),
            signal,
            onDoing: print.doing,
            onEvent: record,
        });
        const exit = exitOf(rollout);
        print.verdict(verdict(rollout));
        if (exit !== "done")
            throw new CommandFailed(exit, json ? verdict(rollout) : next(rollout, backend && (await lastGoodCommit(backend))));
    } catch (error) {
        if (!(error instanceof JournalFailed)) throw error;
        const stopped: Rollout = { ...rollout, ended: "stopped" };
        print.verdict(verdict(stopped));
        throw new CommandFailed(
            isPartlyDone(stopped) ? "partlyDone" : "failed",
            `${error.message}. What ran has finished, nothing more was started. Mend it, then run \`thanos-fleet ${command}\` again.`,
        );
    } finally {
        await journal?.close().catch((error: Error) => print.say(`The lock of this rollout may still be there: ${error.message}`));
    }
}

async function refuseObstacles(...args: Parameters<typeof examineStacks>): Promise<void> {
    const { locked, interrupted } = await examineStacks(...args);
    if (interrupted.length > 0) throw new ConfigError("stacks", [...locked, ...interrupted]);
    if (locked.length > 0) throw new Locked("stacks", locked);
}

/** What to do after a rollout that did not end well. `good`: the commit of the last one that did. */
function next({ command, ended, gate }: Rollout, good: string | undefined): string {
    const again = `\`thanos-fleet ${command}\``;
    if (ended === "cancelled") return `Run ${again} again to go on.`;
    return [
        `Mend it, then run ${again} again: stacks that are done have nothing to ${command === "up" ? "change" : "delete"}.`,
        ...(command === "up" && good !== undefined
            ? [`Or go back: check out ${good}, and run it there (docs/rollouts.md, "Going back").`]
            : []),
        ...(gate?.refused !== undefined ? ["If this rollout is not the cause: `thanos-fleet up --accept`."] : []),
    ].join("\n");
}

/** The exit code of a rollout that has ended. */
export function exitOf(rollout: Rollout): Exit {
    if (rollout.ended === "done" || rollout.ended === "cancelled") return rollout.ended;
    if (rollout.gate?.refused !== undefined) return "gateFailed";
    if (isPartlyDone(rollout)) return "partlyDone";
    const because = rollout.failures[0]?.because;
    return because === "policy" || because === "wrongInput" ? because : "failed";
}

export interface Printer {
    say(text: string): void;
    event(event: RolloutEvent): void;
    /** What the engine does with a stack now. */
    doing(stack: string, text: string): void;
    /** How long the rollout will take, milliseconds. */
    estimate(ms: number): void;
    verdict(text: string): void;
}

function announce(print: Printer, journal: Journal | undefined): void {
    if (journal === undefined) print.say(NO_JOURNAL);
    else if (journal.earlier.length === 0) print.say(`Rollout ${journal.id}`);
    else print.say(`Rollout ${journal.id} goes on. ${verdict(rolloutOf(journal.earlier))}`);
}

const writeJson = (data: object) => void process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...data })}\n`);

const printJson: Printer = {
    say: (text) => writeJson({ event: "say", text }),
    event: writeJson,
    doing: (stack, text) => writeJson({ event: "doing", stack, text }),
    estimate: (ms) => writeJson({ event: "estimate", seconds: Math.round(ms / 1000) }),
    verdict: (text) => writeJson({ event: "verdict", text }),
};

/** A line for every resource of several stacks would bury what matters. */
const DOING_EVERY_MS = 15_000;

function printText(times: Times): Printer {
    const write = (text: string) => void process.stdout.write(`${text}\n`);
    const since = new Map<string, number>();
    const lastLine = new Map<string, number>();
    const line = (stack: string, text: string) => {
        lastLine.set(stack, Date.now());
        write(`${stack.padEnd(22)} ${text}`);
    };
    const elapsed = (stack: string) => color.dim(formatElapsed(since.get(stack) ?? Date.now()));
    const begin = (stack: string, text: string, expected?: number) => {
        since.set(stack, Date.now());
        line(stack, `${text} ...${expected === undefined ? "" : color.dim(` about ${formatTime(expected)}`)}`);
    };
    return {
        say: write,
        estimate: (ms) => write(`It will take about ${formatTime(ms)}, by earlier rollouts.`),
        verdict: (text) => write(`\n${text}`),
        doing: (stack, text) => {
            if (Date.now() - (lastLine.get(stack) ?? 0) >= DOING_EVERY_MS) line(stack, `... ${text} ${elapsed(stack)}`);
        },
        event: (event) => {
            if (event.event === "started")
                for (const [i, { stacks, why }] of event.waves.entries()) write(`Wave ${i + 1}: ${stacks.join(", ")} (${why})`);
            if (event.event === "previewing") begin(event.stack, "preview", times(event.stack, "preview"));
            if (event.event === "updating") begin(event.stack, "update", times(event.stack, "update"));
            if (event.event === "destroying") begin(event.stack, "destroy", times(event.stack, "destroy"));
            if (event.event === "previewed") line(event.stack, `preview ok ${elapsed(event.stack)}`);
            if (event.event === "updated") line(event.stack, `ok, ${changesIn(event.counts)} changed ${elapsed(event.stack)}`);
            if (event.event === "destroyed")
                line(event.stack, `ok, ${changesIn(event.counts)} gone from its state ${elapsed(event.stack)}`);
            if (event.event === "gateBegun") begin("gate", `after wave ${event.wave}`);
            if (event.event === "gatePassed") line("gate", `passed ${elapsed("gate")}`);
            if (event.event === "gateRefused") line("gate", `${color.red("FAILED")} ${event.why} ${elapsed("gate")}`);
            if (event.event === "failed") line(event.stack, `${color.red("FAILED")} ${event.message} ${elapsed(event.stack)}`);
        },
    };
}
