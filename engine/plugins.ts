import { execFile } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface EngineOptions {
    /** Path of the Pulumi CLI. */
    pulumiPath: string;
    /** Folder of the engine's home, backend and passphrase; created if missing. */
    stateDir: string;
}

/** The folder that the CLI gets as PULUMI_HOME: plugins are installed there. */
export const engineHome = (stateDir: string) => join(stateDir, "home");

/** A provider plugin that the program needs: the official one or a stand-in. */
export interface Plugin {
    /** Name of the package without its scope: "kubernetes". */
    name: string;
    version: string;
    /** The folder of the stand-in's program. @default none: the official plugin, which is installed */
    standIn?: string;
}

/** Where the CLI downloads the official plugins from. */
const DOWNLOADS = "https://get.pulumi.com/releases/plugins";
const PROBE_TIMEOUT_MS = 5_000;
const INSTALL_TIMEOUT_MS = 300_000;

/** The version of the installed SDK of the same name, which is the version of its plugin. */
export async function pluginVersion(name: string): Promise<string> {
    const { version } = JSON.parse(await readFile(require.resolve(`@pulumi/${name}/package.json`), "utf8")) as { version: string };
    return version;
}

export const isPluginInstalled = ({ stateDir }: EngineOptions, { name, version }: Plugin): Promise<boolean> =>
    access(join(engineHome(stateDir), "plugins", `resource-${name}-v${version}`)).then(
        () => true,
        () => false,
    );

/** Whether the official plugin can be downloaded from this machine. Sends one request, by `get`. */
export async function isPluginDownloadable({ name, version }: Plugin, get: typeof fetch = fetch): Promise<boolean> {
    const arch = process.arch === "x64" ? "amd64" : process.arch;
    const file = `pulumi-resource-${name}-v${version}-${process.platform}-${arch}.tar.gz`;
    const response = await get(`${DOWNLOADS}/${file}`, { method: "HEAD", signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) }).catch(
        () => undefined,
    );
    return response?.ok === true;
}

/** Downloads the official plugin into the engine's home. */
export async function installPlugin({ stateDir, pulumiPath }: EngineOptions, { name, version }: Plugin): Promise<void> {
    const env = { ...process.env, PULUMI_HOME: engineHome(stateDir), PULUMI_SKIP_UPDATE_CHECK: "true" };
    await run(pulumiPath, ["plugin", "install", "resource", name, version], { env, timeout: INSTALL_TIMEOUT_MS });
}
