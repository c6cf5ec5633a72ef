/**
 * The Pulumi engine of a local fleet: its own home, backend and passphrase in one folder, so that nothing of the user's own
 * Pulumi (login, plugins, stacks) is touched, and removing the folder removes all of it.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { LocalWorkspace, type ProjectSettings, PulumiCommand, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";

export const PROJECT = "thanos-fleet";

export interface EngineOptions {
    /** The Pulumi CLI. */
    pulumiPath: string;
    /** Folder of the engine's state; made if missing. */
    stateDir: string;
}

/** A provider plugin that the fleet's program needs, and what serves it. */
export interface Plugin {
    name: string;
    version: string;
    /** The folder of a stand-in; undefined: the official plugin is installed. */
    standIn?: string;
}

export interface StackOptions extends EngineOptions {
    stackName: string;
    program: PulumiFn;
    /** Plain values by key; a key without a namespace is the project's. What is not a string is written as JSON. */
    config: Record<string, unknown>;
    plugins: Plugin[];
    /** For the plugins, such as HELM_BINARY. */
    env?: Record<string, string>;
}

/** Where the official plugins are; the CLI asks for them there too. */
const DOWNLOADS = "https://get.pulumi.com/releases/plugins";
const PROBE_MS = 5_000;
const INSTALL_MS = 300_000;

const run = promisify(execFile);
const exists = (path: string) =>
    access(path).then(
        () => true,
        () => false,
    );

const home = (stateDir: string) => join(stateDir, "home");
const root = join(__dirname, "..");
const standIn = (name: string) => join(__dirname, "standins", "bin", name);

/** Can the official plugin be downloaded from here? One request, five seconds at most. */
async function reachable(file: string): Promise<boolean> {
    const answer = await fetch(`${DOWNLOADS}/${file}`, { method: "HEAD", signal: AbortSignal.timeout(PROBE_MS) }).catch(() => undefined);
    return answer?.ok === true;
}

/**
 * Finds the plugins `kubernetes`, `random` and `tls` in the versions of the installed SDKs: installed before, else downloaded, else the
 * stand-in of this project. Ask once per run and hand the answer to every `stackFor`.
 */
export async function findPlugins(options: EngineOptions, canDownload = reachable): Promise<Plugin[]> {
    return Promise.all(
        ["kubernetes", "random", "tls"].map(async (name) => {
            const { version } = JSON.parse(await readFile(require.resolve(`@pulumi/${name}/package.json`), "utf8")) as { version: string };
            if (await exists(join(home(options.stateDir), "plugins", `resource-${name}-v${version}`))) return { name, version };
            const arch = process.arch === "x64" ? "amd64" : process.arch;
            if (!(await canDownload(`pulumi-resource-${name}-v${version}-${process.platform}-${arch}.tar.gz`))) {
                return { name, version, standIn: standIn(name) };
            }
            const env = { ...process.env, PULUMI_HOME: home(options.stateDir), PULUMI_SKIP_UPDATE_CHECK: "true" };
            const installed = run(options.pulumiPath, ["plugin", "install", "resource", name, version], { env, timeout: INSTALL_MS });
            return installed.then(
                () => ({ name, version }),
                () => ({ name, version, standIn: standIn(name) }),
            );
        }),
    );
}

/** The stack, made if missing. Nothing is deployed yet: see `update` in update.ts. */
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
            // What runs policy packs comes with the official language host; an engine that was built here has none.
            analyzers: [{ name: "policy-nodejs", path: standIn("analyzer") }],
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
    const entries = Object.entries(config).filter(([, value]) => value !== undefined);
    const written = entries.map(([key, value]) => [
        key.includes(":") ? key : `${PROJECT}:${key}`,
        typeof value === "string" ? value : JSON.stringify(value),
    ]);
    await stack.workspace.saveStackSettings(stack.name, { ...settings, config: Object.fromEntries(written) });
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
