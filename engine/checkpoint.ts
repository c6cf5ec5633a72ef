/** Reads and replaces a stack's state (checkpoint), in which secrets stay encrypted. The Automation API would write them into a file as plain text. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Stack } from "@pulumi/pulumi/automation";

const run = promisify(execFile);

/** Reading or writing the state takes a second. */
const CLI_TIMEOUT_MS = 120_000;

/** A resource in a state (ResourceV3 of sdk/go/common/apitype/core.go): what this project reads and changes. */
export interface StateResource {
    urn: string;
    type: string;
    /** Whether it is managed by a plugin; a component is not. */
    custom: boolean;
    id?: string;
    inputs?: Record<string, unknown>;
    outputs?: Record<string, unknown>;
    /** URN and id of the provider, joined by "::". */
    provider?: string;
    parent?: string;
    dependencies?: string[];
    created?: string;
    protect?: boolean;
    retainOnDelete?: boolean;
    /** It is looked up, not managed. */
    external?: boolean;
    /** It was replaced and is to be deleted. */
    delete?: boolean;
    /** It was deleted, and its replacement is to be created. */
    pendingReplacement?: boolean;
}

/** Something that the engine had begun when it wrote the state. */
export interface PendingOperation {
    type: "creating" | "updating" | "deleting" | "reading" | "importing";
    resource: StateResource;
}

export interface Checkpoint {
    resources?: StateResource[];
    pending_operations?: PendingOperation[];
}

/** The state of a stack, as `pulumi stack export` prints it. */
export interface ExportedState {
    version: number;
    deployment: Checkpoint;
}

export const exportState = async (stack: Stack) => JSON.parse(await cli(stack, ["stack", "export"])) as ExportedState;

/** Replaces the state. The engine drops the state's pending operations. */
export async function importState(stack: Stack, state: ExportedState): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "thanos-fleet-state-"));
    try {
        const file = join(folder, "state.json");
        await writeFile(file, JSON.stringify(state), { mode: 0o600 });
        await cli(stack, ["stack", "import", "--file", file]);
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}

/** Takes the mark `protect` off resources in the state. The next `up` of a program that protects them puts it back. */
export async function unprotect(stack: Stack, urns: readonly string[]): Promise<void> {
    if (urns.length > 0) await cli(stack, ["state", "unprotect", ...urns, "--yes"]);
}

async function cli(stack: Stack, args: string[]): Promise<string> {
    const { pulumiCommand, pulumiHome, envVars, workDir } = stack.workspace;
    const env = { ...process.env, ...(pulumiHome && { PULUMI_HOME: pulumiHome }), ...envVars };
    const options = { cwd: workDir, env, maxBuffer: 256 << 20, timeout: CLI_TIMEOUT_MS };
    return (await run(pulumiCommand.command, [...args, "--stack", stack.name, "--non-interactive"], options)).stdout;
}
