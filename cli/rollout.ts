import { ConfigError } from "../config/configError";
import { examineStacks } from "../rollout/examine";
import { changesIn, isPartlyDone, type Rollout, type RolloutCommand, type RolloutEvent, rolloutOf, verdict } from "../rollout/journal";
import { type Journal, JournalFailed, openJournal } from "../rollout/journalStore";
import { type RollOutOptions, rollOut } from "../rollout/rollOut";
import { stackDriver } from "../rollout/stackDriver";
import type { Wave } from "../rollout/waves";
import { color } from "../terminal/color";
import { formatElapsed } from "../terminal/progress";
import { CommandFailed, type Exit } from "./exitCodes";
import { onInterrupt } from "./interrupt";

interface Run {
    command: RolloutCommand;
    waves: readonly Wave[];
    /** The directory of Pulumi.yaml and the stack files. */
    directory: string;
    /** That of a backend on this machine. @default none: another backend, which keeps no journal */
    folder: string | undefined;
    /** All stacks that it will touch. */
    names: readonly string[];
    parallel: number;
    policyPacks: string[];
    /** Whether to print events instead of text. */
    json?: boolean;
    /** What is left to find out when no other rollout can begin. What it throws ends this one before anything is changed. */
    prepare: (print: Printer, signal: AbortSignal) => Promise<Pick<RollOutOptions, "gate">>;
}

/** Rolls the waves out, alone, with a journal. Throws a CommandFailed or a ConfigError where it ends otherwise than well. */
export async function runRollout({ command, waves, directory, folder, names, parallel, policyPacks, json, prepare }: Run): Promise<void> {
    const print = json ? printJson : printText;
    const signal = onInterrupt(() =>
        print.say(`Stopping: what runs is cancelled, and ends in order. \`thanos-fleet ${command}\` goes on from there.`),
    );
    const journal = folder === undefined ? undefined : await openJournal(folder, command);
    try {
        const problems = await examineStacks(directory, names, folder, parallel);
        if (problems.length > 0) throw new ConfigError("stacks", problems);
        announce(print, journal);
        const rollout = await rollOut(waves, {
            command,
            drive: stackDriver({ directory, policyPacks }),
            parallel,
            ...(await prepare(print, signal)),
            signal,
            onDoing: print.doing,
            onEvent: async (event) => {
                await journal?.record({ time: new Date().toISOString(), ...event });
                print.event(event);
            },
        });
        const text = verdict(rollout);
        print.verdict(text);
        const exit = exitOf(rollout);
        if (exit !== "done") throw new CommandFailed(exit, json ? text : next(rollout));
    } catch (error) {
        throw error instanceof JournalFailed ? new CommandFailed("failed", error.message) : error;
    } finally {
        await journal?.close();
    }
}

/** What to do after a rollout that did not end well. */
const next = ({ command, ended }: Rollout) =>
    ended === "cancelled"
        ? `Run \`thanos-fleet ${command}\` again to go on.`
        : `Mend it, then run \`thanos-fleet ${command}\` again: stacks that are done have nothing to ${command === "up" ? "change" : "delete"}.`;

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
    verdict(text: string): void;
}

function announce(print: Printer, journal: Journal | undefined): void {
    if (journal === undefined) print.say("No journal: only a backend of files (`file://`) keeps one so far.");
    else if (journal.earlier.length === 0) print.say(`Rollout ${journal.id}`);
    else print.say(`Rollout ${journal.id} goes on. ${verdict(rolloutOf(journal.earlier))}`);
}

const writeJson = (data: object) => void process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...data })}\n`);

const printJson: Printer = {
    say: (text) => writeJson({ event: "say", text }),
    event: writeJson,
    doing: (stack, text) => writeJson({ event: "doing", stack, text }),
    verdict: (text) => writeJson({ event: "verdict", text }),
};

/** A line for every resource of several stacks would bury what matters. */
const DOING_EVERY_MS = 15_000;

const printText: Printer = (() => {
    const write = (text: string) => void process.stdout.write(`${text}\n`);
    const since = new Map<string, number>();
    const lastLine = new Map<string, number>();
    const line = (stack: string, text: string) => {
        lastLine.set(stack, Date.now());
        write(`${stack.padEnd(22)} ${text}`);
    };
    const elapsed = (stack: string) => color.dim(formatElapsed(since.get(stack) ?? Date.now()));
    const begin = (stack: string, text: string) => {
        since.set(stack, Date.now());
        line(stack, `${text} ...`);
    };
    return {
        say: write,
        verdict: (text) => write(`\n${text}`),
        doing: (stack, text) => {
            if (Date.now() - (lastLine.get(stack) ?? 0) >= DOING_EVERY_MS) line(stack, `... ${text} ${elapsed(stack)}`);
        },
        event: (event) => {
            if (event.event === "started")
                for (const [i, { stacks, why }] of event.waves.entries()) write(`Wave ${i + 1}: ${stacks.join(", ")} (${why})`);
            if (event.event === "previewing") begin(event.stack, "preview");
            if (event.event === "updating") begin(event.stack, "update");
            if (event.event === "destroying") begin(event.stack, "destroy");
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
})();
