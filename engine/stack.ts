/**
 * Stacks in an engine with its own home, backend and passphrase, all in one folder: the user's own Pulumi (login, plugins, stacks) stays
 * untouched, and removing the folder removes everything.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LocalWorkspace, type ProjectSettings, PulumiCommand, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import { type EngineOptions, engineHome, type Plugin } from "./plugins";
import { PROJECT, toEngineConfig } from "./stackFile";

export interface StackOptions extends EngineOptions {
    stackName: string;
    /** The program, which the engine calls in this process. */
    program: PulumiFn;
    /** The whole configuration, as `toEngineConfig` takes it. */
    config: Record<string, unknown>;
    plugins: Plugin[];
    /** Environment variables for the plugins, such as HELM_BINARY. @default none */
    env?: Record<string, string>;
}

const PROJECT_DIRECTORY = join(__dirname, "..");

/** Selects the stack, or creates it, and sets its configuration. `runOperation` deploys it. */
export async function stackFor(options: StackOptions): Promise<Stack> {
    const { stateDir, stackName } = options;
    const backend = join(stateDir, "backend");
    const workDir = join(stateDir, "workspace", stackName);
    for (const dir of [backend, workDir, engineHome(stateDir)]) await mkdir(dir, { recursive: true });

    const standIns = options.plugins.flatMap(({ name, standIn: path }) => (path === undefined ? [] : [{ name, path }]));
    const projectSettings: ProjectSettings & { plugins: unknown } = {
        name: PROJECT,
        runtime: "nodejs",
        // The engine starts the plugins in this folder, so relative paths resolve as with `pulumi up` in the project's folder.
        main: PROJECT_DIRECTORY,
        plugins: { providers: standIns },
    };
    const stack = await LocalWorkspace.createOrSelectStack(
        { stackName, projectName: PROJECT, program: options.program },
        {
            workDir,
            projectSettings,
            pulumiHome: engineHome(stateDir),
            pulumiCommand: await pulumiCommand(options),
            secretsProvider: "passphrase",
            envVars: {
                PULUMI_BACKEND_URL: `file://${backend}`,
                PULUMI_CONFIG_PASSPHRASE_FILE: await passphraseFile(stateDir),
                PULUMI_SKIP_UPDATE_CHECK: "true",
                // A stand-in cannot be downloaded; trying would only take time.
                ...(standIns.length > 0 && { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" }),
                ...options.env,
            },
        },
    );
    await saveConfig(stack, options.config);
    return stack;
}

/** Replaces the whole config in one file write. `pulumi config set` takes half a second and keeps keys that were removed. */
async function saveConfig(stack: Stack, config: Record<string, unknown>): Promise<void> {
    const settings = await stack.workspace.stackSettings(stack.name).catch(() => ({}));
    await stack.workspace.saveStackSettings(stack.name, { ...settings, config: toEngineConfig(config) });
}

/**
 * The CLI at `<root>/bin/pulumi`, where the Automation API expects it. It runs in its own session where the system has `setsid`:
 * Ctrl-C at a terminal reaches every process of the session, and a CLI that gets the signal twice (from the terminal and from
 * this process) terminates at once and leaves half-created resources behind.
 */
async function pulumiCommand({ pulumiPath, stateDir }: EngineOptions): Promise<PulumiCommand> {
    const folder = join(stateDir, "cli");
    await mkdir(join(folder, "bin"), { recursive: true });
    const quoted = `'${pulumiPath.replaceAll("'", "'\\''")}'`;
    const script = `#!/bin/sh\ncommand -v setsid >/dev/null && exec setsid ${quoted} "$@"\nexec ${quoted} "$@"\n`;
    const file = join(folder, "bin", "pulumi");
    if ((await readFile(file, "utf8").catch(() => "")) !== script) await writeFile(file, script, { mode: 0o755 });
    return PulumiCommand.get({ root: folder });
}

/** Generates the passphrase once. Without it, the secrets in the state cannot be read. */
async function passphraseFile(stateDir: string): Promise<string> {
    const file = join(stateDir, "passphrase");
    // "wx": if two runs start together, one writes the file and the other uses it.
    await writeFile(file, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
    });
    return file;
}
