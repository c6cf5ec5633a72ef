import { createSpinner, type Spinner } from "nanospinner";
import { color } from "./color";

/** How the steps of a long command are shown: on a terminal, piped, or as JSON events. */
export type Style = "terminal" | "plain" | "json";

/** One line of work: it says what it is doing, and ends well or badly exactly once. */
export interface Step {
    update(doing: string): void;
    done(result: string): void;
    fail(reason: string): void;
}

export interface Progress {
    /** Opens a step. `estimate`: seconds it takes the first time, shown beside it. */
    step(name: string, estimate?: number): Step;
    /** A line (or several) outside of any step. */
    say(text: string): void;
    /** A fact for machines: printed by the JSON style only. */
    event(event: string, data: Record<string, unknown>): void;
}

export function styleFor(stream: NodeJS.WriteStream, json: boolean): Style {
    // A terminal without a width (`script` makes such) would be rewritten for ever: the spinner divides by it.
    return json ? "json" : stream.isTTY && stream.columns > 0 ? "terminal" : "plain";
}

export function seconds(since: number): string {
    const s = Math.round((Date.now() - since) / 1000);
    return s < 60 ? `${s}s` : `${Math.floor(s / 60)}m${String(s % 60).padStart(2, "0")}s`;
}

export function createProgress(style: Style, out: NodeJS.WriteStream = process.stdout): Progress {
    const write = (line: string) => void out.write(`${line}\n`);
    const emit = (event: string, data: Record<string, unknown>) =>
        write(JSON.stringify({ time: new Date().toISOString(), event, ...data }));
    const openers: Record<Style, (name: string, estimate?: number) => Step> = {
        terminal: (name, estimate) => terminalStep(name, estimate, out),
        plain: (name, estimate) => plainStep(name, estimate, write),
        json: (name, estimate) => jsonStep(name, estimate, emit),
    };
    return {
        step: openers[style],
        say: (text) => (style === "json" ? emit("say", { text }) : write(text)),
        event: (event, data) => style === "json" && emit(event, data),
    };
}

const about = (estimate?: number) =>
    estimate === undefined ? "" : ` (about ${estimate < 60 ? `${estimate}s` : `${Math.round(estimate / 60)} min`})`;
const label = (name: string) => name.padEnd(22);

function terminalStep(name: string, estimate: number | undefined, out: NodeJS.WriteStream): Step {
    const started = Date.now();
    let doing = about(estimate);
    const line = () => `${label(name)} ${color.dim(`${doing} ${seconds(started)}`)}`;
    const spinner: Spinner = createSpinner(line(), { stream: out }).start();
    const tick = setInterval(() => spinner.update({ text: line() }), 1000);
    const end = (finish: () => void) => {
        clearInterval(tick);
        finish();
    };
    return {
        update: (text) => {
            doing = text;
            spinner.update({ text: line() });
        },
        done: (result) => end(() => spinner.success({ text: `${label(name)} ${result} ${color.dim(seconds(started))}` })),
        fail: (reason) => end(() => spinner.error({ text: `${label(name)} ${color.red(reason)}` })),
    };
}

function plainStep(name: string, estimate: number | undefined, write: (line: string) => void): Step {
    const started = Date.now();
    write(`${label(name)} ...${about(estimate)}`);
    return {
        update: (text) => write(`${label(name)} ... ${text} ${seconds(started)}`),
        done: (result) => write(`${label(name)} ok ${result} ${seconds(started)}`),
        fail: (reason) => write(`${label(name)} FAILED ${reason}`),
    };
}

function jsonStep(name: string, estimate: number | undefined, emit: (event: string, data: Record<string, unknown>) => void): Step {
    const started = Date.now();
    emit("step", { name, estimate });
    const end = (event: string, text: string) => emit(event, { name, text, seconds: (Date.now() - started) / 1000 });
    return { update: (text) => end("progress", text), done: (text) => end("done", text), fail: (text) => end("failed", text) };
}

/** Runs `work` as one step: its end, good or bad, is the step's end. */
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
