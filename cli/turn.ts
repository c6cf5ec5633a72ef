import { setTimeout as wait } from "node:timers/promises";
import { ConfigError } from "../config/configError";
import { Locked } from "../rollout/locked";
import { parseDuration } from "../rules/duration";
import { CommandFailed } from "./exitCodes";

/** The option of all commands that take locks. */
export const WAIT = ["--wait <duration>", "wait so long for locks that others hold, as in 90s, 5m, 1h (default: not at all)"] as const;

/** Milliseconds of the option `--wait`. */
export function waitOf(text: string | undefined): number {
    if (text === undefined) return 0;
    try {
        return parseDuration(text);
    } catch {
        throw new ConfigError("command line", [
            { path: `--wait ${text}`, problem: "is no duration.", remedy: "Write one as 90s, 5m or 1h." },
        ]);
    }
}

/** What it says meanwhile. */
interface Printer {
    say(text: string): void;
    doing(stack: string, text: string): void;
}

/** How often a lock is tried again, unless a test is in a hurry. */
const TRY_EVERY_MS = 5_000;

/** Waits for locks that others hold, each as long as the user wants to. */
export class Turn {
    private readonly deadlines = new Map<string, number>();

    constructor(
        private readonly wait: number,
        private readonly signal: AbortSignal,
        private readonly print: Printer,
        private readonly every = TRY_EVERY_MS,
    ) {}

    /** What `attempt` answers, when it does not meet a lock any more. */
    async of<T>(attempt: () => Promise<T>): Promise<T> {
        const until = Date.now() + this.wait;
        for (let said = ""; ; ) {
            try {
                return await attempt();
            } catch (error) {
                if (!(error instanceof Locked) || Date.now() >= until) throw error;
                if (error.message !== said) this.print.say(`Waiting. ${error.message}`);
                said = error.message;
                if (!(await this.pause())) throw new CommandFailed("cancelled", "Cancelled while it waited. Nothing was changed.");
            }
        }
    }

    /** Whether to try a stack again whose lock was held. */
    async comesFor(stack: string): Promise<boolean> {
        const until = this.deadlines.get(stack) ?? Date.now() + this.wait;
        this.deadlines.set(stack, until);
        if (Date.now() >= until) return false;
        this.print.doing(stack, "locked, waiting");
        return this.pause();
    }

    /** False at the signal. */
    private pause(): Promise<boolean> {
        return wait(this.every, true, { signal: this.signal }).catch(() => false);
    }
}
