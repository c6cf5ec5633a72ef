import { fork } from "node:child_process";
import { join } from "node:path";
import { NO_CHANGES } from "../engine/counts";
import type { StackEnd, StackMessage, StackTask } from "./stackProcess";

/** Runs an operation on one stack. The rollout knows nothing else of the engine. */
export type StackDriver = (
    stack: string,
    operation: StackTask["operation"],
    options: { onDoing: (text: string) => void; signal: AbortSignal },
) => Promise<StackEnd>;

/** Enough of what a process printed to see why it crashed. */
const KEPT_OUTPUT = 2_000;

/** Runs each operation in a process of its own, with the user's Pulumi. */
export const stackDriver =
    (tasks: Omit<StackTask, "stack" | "operation">): StackDriver =>
    (stack, operation, { onDoing, signal }) =>
        new Promise((resolve) => {
            const task: StackTask = { stack, operation, ...tasks };
            const child = fork(join(__dirname, "stackProcess.ts"), [JSON.stringify(task)], {
                execArgv: ["--require", join(__dirname, "..", "register.js")],
                // A session of its own: Ctrl-C at a terminal reaches only the rollout, and the engine gets it once, from there.
                detached: true,
                stdio: ["ignore", "ignore", "pipe", "ipc"],
            });
            let printed = "";
            let ended: StackEnd | undefined;
            const cancel = () => void (child.connected && child.send("cancel"));
            child.stderr?.on("data", (chunk) => {
                printed = `${printed}${chunk}`.slice(-KEPT_OUTPUT);
            });
            child.on("message", (message: StackMessage) => {
                if ("doing" in message) onDoing(message.doing);
                else ended = message.ended;
            });
            const end = (how: string) => {
                signal.removeEventListener("abort", cancel);
                const message = `The ${operation} of stack ${stack} ended early (${how}).\n${printed}`.trim();
                resolve(ended ?? { ok: false, because: "failed", message, counts: NO_CHANGES });
            };
            // It could not be started: too little memory, too many processes.
            child.on("error", (error) => void (child.pid === undefined && end(error.message)));
            child.on("close", (code, killedBy) => end(killedBy ?? `exit code ${code}`));
            signal.addEventListener("abort", cancel);
            if (signal.aborted) cancel();
        });
