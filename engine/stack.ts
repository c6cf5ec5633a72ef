/**
 * The Pulumi engine of a local fleet: its own home, backend and passphrase in one folder, so that nothing of the user's own
 * Pulumi (login, plugins, stacks) is touched, and removing the folder removes all of it.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LocalWorkspace, type ProjectSettings, PulumiCommand, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import { type EngineOptions, home, type Plugin } from "./plugins";
import { asText, PROJECT } from "./stackFile";

export interface StackOptions extends EngineOptions {
    stackName: string;
    program: PulumiFn;
    /** Plain values by key; a key without a namespace is the project's. What is not a string is written as JSON. */
    config: Record<string, unknown>;
    plugins: Plugin[];
    /** The folder of `pulumi-analyzer-policy-nodejs`, which runs policy packs: it comes with the official language host, and an engine that was built from its module has none. */
    policyRunner?: string;
    /** For the plugins, such as HELM_BINARY. */
    env?: Record<string, string>;
}

const root = join(__dirname, "..");

/** The stack, made if missing. Nothing is deployed yet: see `update` in operation.ts. */
export async function stackFor(options: StackOptions): Promise<Stack> {
    const { stateDir, stackName } = options;
    const backend = join(stateDir, "backend");
    const workDir = join(stateDir, "workspace", stackName);
    for (const dir of [backend, workDir, home(stateDir)]) await mkdir(dir, { recursive: true });

    const standIns = options.plugins.flatMap(({ name, standIn: path }) => (path === undefined ? [] : [{ name, path }]));
    const projectSettings: ProjectSettings & { plugins: unknown } = {
        name: PROJECT,
        runtime: "nodejs",
        // Where the engine starts the plugins: relative paths mean the same as in `pulumi up` in the project's folder.
        main: root,
        plugins: {
            providers: standIns,
            ...(options.policyRunner && { analyzers: [{ name: "policy-nodejs", path: options.policyRunner }] }),
        },
    };
    const stack = await LocalWorkspace.createOrSelectStack(
        { stackName, projectName: PROJECT, program: options.program },
        {
            workDir,
            projectSettings,
            pulumiHome: home(stateDir),
            pulumiCommand: await command(options),
            secretsProvider: "passphrase",
            envVars: {
                PULUMI_BACKEND_URL: `file://${backend}`,
                PULUMI_CONFIG_PASSPHRASE_FILE: await passphraseFile(stateDir),
                PULUMI_SKIP_UPDATE_CHECK: "true",
                // With a stand-in there is nothing to download; a try would only take its time to fail.
                ...(standIns.length > 0 && { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" }),
                ...options.env,
            },
        },
    );
    await configure(stack, options.config);
    return stack;
}

/** Replaces the whole config in one file write; `pulumi config set` would take half a second and keep keys that are gone. */
async function configure(stack: Stack, config: Record<string, unknown>): Promise<void> {
    const settings = await stack.workspace.stackSettings(stack.name).catch(() => ({}));
    await stack.workspace.saveStackSettings(stack.name, { ...settings, config: asText(config) });
}

/**
 * The CLI as the Automation API wants it, `<root>/bin/pulumi`, and in a session of its own where the system has `setsid`:
 * Ctrl-C at a terminal reaches every process of the session, and a CLI that gets the signal twice (once from the terminal, once
 * from us) takes it as "end at once" and leaves half-made resources behind.
 */
async function command({ pulumiPath, stateDir }: EngineOptions): Promise<PulumiCommand> {
    const folder = join(stateDir, "cli");
    await mkdir(join(folder, "bin"), { recursive: true });
    const quoted = `'${pulumiPath.replaceAll("'", "'\\''")}'`;
    const script = `#!/bin/sh\ncommand -v setsid >/dev/null && exec setsid ${quoted} "$@"\nexec ${quoted} "$@"\n`;
    const file = join(folder, "bin", "pulumi");
    if ((await readFile(file, "utf8").catch(() => "")) !== script) await writeFile(file, script, { mode: 0o755 });
    return PulumiCommand.get({ root: folder });
}

/** Generated once; without it the secrets in the state cannot be read. */
async function passphraseFile(stateDir: string): Promise<string> {
    const file = join(stateDir, "passphrase");
    // "wx": of two runs that start together, one writes, the other keeps what is there.
    await writeFile(file, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
    });
    return file;
}
