import { execFile } from "node:child_process";
import { promisify } from "node:util";

const exec = promisify(execFile);

/** Runs a program to its end. An error's message is what the program printed on stderr. */
export async function runCommand(program: string, args: string[], options: { timeout: number; env?: NodeJS.ProcessEnv }): Promise<void> {
    await exec(program, args, options).catch((error: { stderr?: string; message: string }) => {
        throw new Error(error.stderr?.trim() || error.message);
    });
}
