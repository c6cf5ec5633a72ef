import { clearScreenDown, moveCursor } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { color } from "./color";

/** How the steps of a long command are printed: as lines that rewrite themselves, as plain lines, or as JSON events. */
export type ProgressStyle = "terminal" | "plain" | "json";

/** A step of a long command. `done` or `fail` ends it, once. Several may run at once. */
export interface Step {
    /** Shows what the step does now. */
    update(doing: string): void;
    done(result: string): void;
    fail(reason: string): void;
}

export interface Progress {
    /** Starts a step. `estimate`: seconds that it takes the first time, shown beside it. */
    step(name: string, estimate?: number): Step;
    /** Prints one or several lines outside of any step. */
    say(text: string): void;
    /** Prints an event for programs, in the style `json` only. */
    event(event: string, data: Record<string, unknown>): void;
}

/** The style for an output stream; `json`: whether the user asked for JSON events. */
export function styleFor(stream: NodeJS.WriteStream, json: boolean): ProgressStyle {
    // The spinner divides by the width: on a terminal without one (as `script` creates) it would rewrite its line for ever.
    return json ? "json" : stream.isTTY && stream.columns > 0 ? "terminal" : "plain";
}

/** The time since `since` (milliseconds since the epoch): "42s", "3m05s". */
export const formatElapsed = (since: number): string => formatTime(Date.now() - since);

/** Milliseconds as "42s" or "3m07s". */
export function formatTime(ms: number): string {
    const s = Math.round(ms / 1000);
    return s < 60 ? `${s}s` : `${Math.floor(s / 60)}m${String(s % 60).padStart(2, "0")}s`;
}

export function createProgress(style: ProgressStyle, out: NodeJS.WriteStream = process.stdout): Progress {
    const write = (line: string) => void out.write(`${line}\n`);
    const emit = (event: string, data: Record<string, unknown>) =>
        // What is coloured for people is plain for programs, on a terminal too.
        write(
            JSON.stringify({ time: new Date().toISOString(), event, ...data }, (_, value) =>
                typeof value === "string" ? stripVTControlCharacters(value) : value,
            ),
        );
    const terminal = runningLines(out);
    const openers: Record<ProgressStyle, (name: string, estimate?: number) => Step> = {
        terminal: (name, estimate) => terminalStep(name, estimate, terminal),
        plain: (name, estimate) => plainStep(name, estimate, write),
        json: (name, estimate) => jsonStep(name, estimate, emit),
    };
    const says: Record<ProgressStyle, (text: string) => void> = {
        terminal: terminal.above,
        plain: write,
        json: (text) => emit("say", { text }),
    };
    return {
        step: openers[style],
        say: says[style],
        event: (event, data) => style === "json" && emit(event, data),
    };
}

const estimateText = (estimate?: number) =>
    estimate === undefined ? "" : ` (about ${estimate < 60 ? `${estimate}s` : `${Math.round(estimate / 60)} min`})`;
const label = (name: string) => name.padEnd(22);

/** The lines of the steps that run: they stay the last ones on the terminal, and rewrite themselves. */
interface RunningLines {
    /** Adds a line, which `text` makes anew each time. Returns what removes it and prints `ended` above those that stay. */
    add(text: () => string): (ended: string) => void;
    /** Prints above the lines. */
    above(text: string): void;
}

const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

// A library of spinners (nanospinner) was here until somebody pressed Ctrl-C on a terminal: it ends the process on that signal by itself, before
// the step that runs has ended. Others have one line, or are ES modules only.
function runningLines(out: NodeJS.WriteStream): RunningLines {
    const lines = new Set<() => string>();
    let shown = 0;
    let ticks = 0;
    let timer: NodeJS.Timeout | undefined;
    const redraw = (above = "") => {
        if (shown > 0) {
            moveCursor(out, 0, -shown);
            clearScreenDown(out);
        }
        const frame = FRAMES[ticks % FRAMES.length];
        // A line that wraps would take two rows.
        const drawn = [...lines].map((line) => `${color.yellow(frame)} ${color.dim(line().slice(0, out.columns - 3))}\n`);
        out.write(above + drawn.join(""));
        shown = lines.size;
    };
    const tick = () => {
        ticks++;
        redraw();
    };
    return {
        add(text) {
            lines.add(text);
            timer ??= setInterval(tick, 100);
            redraw();
            return (ended) => {
                lines.delete(text);
                if (lines.size === 0) {
                    clearInterval(timer);
                    timer = undefined;
                }
                redraw(`${ended}\n`);
            };
        },
        above: (text) => redraw(`${text}\n`),
    };
}

function terminalStep(name: string, estimate: number | undefined, lines: RunningLines): Step {
    const started = Date.now();
    let doing = estimateText(estimate);
    const end = lines.add(() => `${label(name)} ${formatElapsed(started)} ${doing}`);
    return {
        update: (text) => {
            doing = text;
        },
        done: (result) => end(`${color.green("✔")} ${label(name)} ${result} ${color.dim(formatElapsed(started))}`),
        fail: (reason) => end(`${color.red("✖")} ${label(name)} ${color.red(reason)}`),
    };
}

function plainStep(name: string, estimate: number | undefined, write: (line: string) => void): Step {
    const started = Date.now();
    write(`${label(name)} ...${estimateText(estimate)}`);
    return {
        update: (text) => write(`${label(name)} ... ${text} ${formatElapsed(started)}`),
        done: (result) => write(`${label(name)} ok ${result} ${formatElapsed(started)}`),
        fail: (reason) => write(`${label(name)} FAILED ${reason}`),
    };
}

function jsonStep(name: string, estimate: number | undefined, emit: (event: string, data: Record<string, unknown>) => void): Step {
    const started = Date.now();
    emit("step", { name, estimate });
    const end = (event: string, text: string) => emit(event, { name, text, seconds: (Date.now() - started) / 1000 });
    return { update: (text) => end("progress", text), done: (text) => end("done", text), fail: (text) => end("failed", text) };
}

/** Runs `work` as one step, which ends as `work` does: with `says`, or with the first line of the error. */
export async function inStep<T>(step: Step, work: (step: Step) => Promise<{ result: T; says: string }>): Promise<T> {
    try {
        const { result, says } = await work(step);
        step.done(says);
        return result;
    } catch (error) {
        step.fail(firstLine(error as Error));
        throw error;
    }
}

const firstLine = (error: Error) => (error.name === "AbortError" ? "stopped" : (error.message.split("\n")[0] ?? ""));
