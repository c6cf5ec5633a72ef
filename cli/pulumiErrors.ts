import { CommandError } from "@pulumi/pulumi/automation";
import { CommandFailed, EXIT_CODES, type Exit } from "./exitCodes";

/** The endings for which Pulumi and this command have the same exit code. */
const SHARED: readonly Exit[] = ["notLoggedIn", "noStack"];

/** Rethrows a failure of the Pulumi CLI with the CLI's own exit code, where it is one of those above, and with what it printed as errors. */
export function failedAsPulumi(error: unknown): never {
    if (!(error instanceof CommandError)) throw error;
    // The SDK keeps the CLI's exit code and output in a private field (automation/cmd.ts).
    const { err } = (error as unknown as { commandResult: { err?: { exitCode?: number; stderr?: string; message: string } } })
        .commandResult;
    const exit = SHARED.find((name) => EXIT_CODES[name].code === err?.exitCode) ?? "failed";
    throw new CommandFailed(exit, (err?.stderr || err?.message || error.message).trim());
}
