import { execFile } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface EngineOptions {
    /** The Pulumi CLI. */
    pulumiPath: string;
    /** Folder of the engine's state; made if missing. */
    stateDir: string;
}

export const home = (stateDir: string) => join(stateDir, "home");

/** A provider plugin that the fleet's program needs, and what serves it. */
export interface Plugin {
    name: string;
    version: string;
    /** The folder of a stand-in; undefined: the official plugin is installed. */
    standIn?: string;
}

/** Where the official plugins are; the CLI asks for them there too. */
const DOWNLOADS = "https://get.pulumi.com/releases/plugins";
const PROBE_MS = 5_000;
const INSTALL_MS = 300_000;

/** The version of a plugin that the installed SDK of the same name goes with. */
export async function pluginVersion(name: string): Promise<string> {
    const { version } = JSON.parse(await readFile(require.resolve(`@pulumi/${name}/package.json`), "utf8")) as { version: string };
    return version;
}

export const isInstalled = ({ stateDir }: EngineOptions, { name, version }: Plugin): Promise<boolean> =>
    access(join(home(stateDir), "plugins", `resource-${name}-v${version}`)).then(
        () => true,
        () => false,
    );

/** Can the official plugin be downloaded from here? One request, five seconds at most. */
export async function isDownloadable({ name, version }: Plugin): Promise<boolean> {
    const arch = process.arch === "x64" ? "amd64" : process.arch;
    const file = `pulumi-resource-${name}-v${version}-${process.platform}-${arch}.tar.gz`;
    const answer = await fetch(`${DOWNLOADS}/${file}`, { method: "HEAD", signal: AbortSignal.timeout(PROBE_MS) }).catch(() => undefined);
    return answer?.ok === true;
}

/** Downloads the official plugin into the engine's home. */
export async function install({ stateDir, pulumiPath }: EngineOptions, { name, version }: Plugin): Promise<void> {
    const env = { ...process.env, PULUMI_HOME: home(stateDir), PULUMI_SKIP_UPDATE_CHECK: "true" };
    await run(pulumiPath, ["plugin", "install", "resource", name, version], { env, timeout: INSTALL_MS });
}
