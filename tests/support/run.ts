import { spawn } from "node:child_process";
import { constants } from "node:os";
import { ROOT } from "./root";

export interface Finished {
    code: number;
    /** Standard output and standard error, as they came. */
    output: string;
    /** Seconds from the start to the first output that matched `seen`. */
    seenAfter?: number;
}

export interface RunOptions {
    /** @default the environment of this process */
    env?: NodeJS.ProcessEnv;
    /** Sets `seenAfter` once this was printed. */
    seen?: RegExp;
    /** Sends SIGINT once this was printed. */
    interruptAt?: RegExp;
    /** Seconds until the command is killed. */
    within: number;
    /** @default the checkout */
    cwd?: string;
}

/** Runs a command in its own process group. */
export async function run(command: string, args: string[], options: RunOptions): Promise<Finished> {
    const started = Date.now();
    const child = spawn(command, args, {
        cwd: options.cwd ?? ROOT,
        env: options.env ?? process.env,
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
    });
    const signalGroup = (signal: NodeJS.Signals) => child.pid !== undefined && process.kill(-child.pid, signal);
    let output = "";
    let seenAfter: number | undefined;
    let interrupted = false;
    const take = (chunk: Buffer) => {
        output += chunk.toString();
        if (seenAfter === undefined && options.seen?.test(output)) seenAfter = (Date.now() - started) / 1000;
        if (!interrupted && options.interruptAt?.test(output)) {
            interrupted = true;
            // A terminal sends Ctrl-C to the whole foreground process group, too.
            signalGroup("SIGINT");
        }
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    const timer = setTimeout(() => signalGroup("SIGKILL"), options.within * 1000);
    // The exit code that a shell reports: npm ends by the signal that it received.
    const code = await new Promise<number>((resolve) =>
        child.once("close", (status, signal) => resolve(status ?? 128 + (signal ? constants.signals[signal] : 0))),
    );
    clearTimeout(timer);
    return { code, output, ...(seenAfter !== undefined && { seenAfter }) };
}

export const npmStart = (args: string[], options: RunOptions) => run("npm", ["start", "--", ...args], options);
