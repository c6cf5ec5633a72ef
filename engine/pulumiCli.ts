/** Questions to the user's own Pulumi: its backend, its stacks, their locks and interrupted operations. Nothing is selected or changed. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { BackendFolder } from "./backend/backendFolder";
import { openBackend } from "./backend/openBackend";
import type { ExportedState, PendingOperation, StateResource } from "./checkpoint";
import { PROJECT } from "./stackFile";

const run = promisify(execFile);

/** Each question takes a second; one to a backend behind a slow network takes longer. */
const TIMEOUT_MS = 120_000;

/** The CLI ended with an error. The message is what it printed. */
export class PulumiCliFailed extends Error {
    constructor(
        message: string,
        /** @default none: it did not run, or was killed */
        readonly exitCode?: number,
    ) {
        super(message);
    }
}

/** Runs `pulumi` of PATH in the directory of Pulumi.yaml, and returns what it prints. */
async function ask(directory: string, args: string[]): Promise<string> {
    const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const options = { cwd: directory, env, maxBuffer: 256 << 20, timeout: TIMEOUT_MS };
    return run("pulumi", [...args, "--non-interactive"], options).then(
        ({ stdout }) => stdout,
        (error: Error & { code?: number | string; stderr?: string }) => {
            if (error.code === "ENOENT")
                throw new PulumiCliFailed("`pulumi` is not on PATH. Install it: https://www.pulumi.com/docs/install/.");
            throw new PulumiCliFailed(error.stderr?.trim() || error.message, typeof error.code === "number" ? error.code : undefined);
        },
    );
}

/**
 * The folder of the backend that Pulumi is logged in to; undefined for Pulumi Cloud, and for stores other than files and S3. Its URL is for instance
 * "file:///srv/state", "s3://bucket" or "https://api.pulumi.com/me".
 */
export async function backendOf(directory: string): Promise<BackendFolder | undefined> {
    const { url } = JSON.parse(await ask(directory, ["whoami", "--verbose", "--json"])) as { url: string };
    return openBackend(url, directory);
}

/** A stack of the project in the backend. */
export interface KnownStack {
    name: string;
    /** Whether it is being updated. Only Pulumi Cloud says so. */
    updateInProgress?: boolean;
}

export const knownStacks = async (directory: string) => JSON.parse(await ask(directory, ["stack", "ls", "--json"])) as KnownStack[];

/** What a stack has exported under this name; undefined if it has no such output. */
export async function outputOf(directory: string, stack: string, name: string): Promise<unknown> {
    return (JSON.parse(await ask(directory, ["stack", "output", "--json", "--stack", stack])) as Record<string, unknown>)[name];
}

const deploymentOf = async (directory: string, stack: string) =>
    (JSON.parse(await ask(directory, ["stack", "export", "--stack", stack])) as ExportedState).deployment;

/** What a killed update of the stack has left undecided; what a running one is doing is among it. */
export const pendingOperations = async (directory: string, stack: string): Promise<PendingOperation[]> =>
    (await deploymentOf(directory, stack)).pending_operations ?? [];

/** The resources in the state of a stack. Secrets are encrypted. */
export const resourcesOf = async (directory: string, stack: string): Promise<StateResource[]> =>
    (await deploymentOf(directory, stack)).resources ?? [];

/** Who holds the lock of a stack (lockContent of pkg/backend/diy/lock.go, 3.259). */
export interface Lock {
    pid: number;
    username: string;
    hostname: string;
    /** ISO 8601. */
    timestamp: string;
}

/** The locks of a stack. One that is being written or removed at this moment is left out. */
export async function locksOf(backend: BackendFolder, stack: string): Promise<Lock[]> {
    const folder = `.pulumi/locks/organization/${PROJECT}/${stack}`;
    // Beside each file the backend keeps another one with its attributes (gocloud.dev/blob/fileblob).
    const names = (await backend.list(folder)).filter((name) => name.endsWith(".json"));
    const read = async (name: string): Promise<Lock[]> => {
        try {
            return [JSON.parse((await backend.read(`${folder}/${name}`))?.text ?? "")];
        } catch (error) {
            if (error instanceof SyntaxError) return [];
            throw error;
        }
    };
    return (await Promise.all(names.map(read))).flat();
}
