import { CommandError } from "@pulumi/pulumi/automation";
import { PulumiCliFailed } from "../engine/pulumiCli";
import { CommandFailed, EXIT_CODES, type Exit } from "./exitCodes";

/** The endings for which Pulumi and this command have the same exit code. */
const SHARED: readonly Exit[] = ["notLoggedIn", "noStack"];

const sharedExit = (code: number | undefined) => SHARED.find((name) => EXIT_CODES[name].code === code) ?? "failed";

/** Rethrows a failure of the Pulumi CLI with the CLI's own exit code, where it is one of those above, and with what it printed as errors. */
export function failedAsPulumi(error: unknown): never {
    if (error instanceof PulumiCliFailed) throw new CommandFailed(sharedExit(error.exitCode), error.message);
    if (!(error instanceof CommandError)) throw error;
    // The SDK keeps the CLI's exit code and output in a private field (automation/cmd.ts).
    const { err } = (error as unknown as { commandResult: { err?: { exitCode?: number; stderr?: string; message: string } } })
        .commandResult;
    throw new CommandFailed(sharedExit(err?.exitCode), (err?.stderr || err?.message || error.message).trim());
}
