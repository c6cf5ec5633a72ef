import { join } from "node:path";
import {
    type EngineOptions,
    installPlugin,
    isPluginDownloadable,
    isPluginInstalled,
    type Plugin,
    pluginVersion,
} from "../../engine/plugins";

const standIn = (name: string) => join(__dirname, "standins", "bin", name);

/** The folder of the stand-in policy host, for an engine without the official language host. */
export const POLICY_RUNNER = standIn("analyzer");

/**
 * Finds the plugins `kubernetes`, `random` and `tls` in the versions of the installed SDKs: installed before, else downloaded, else this project's
 * stand-ins. Call it once per run and pass the result to every `stackFor`.
 */
export async function findPlugins(options: EngineOptions, canDownload = isPluginDownloadable): Promise<Plugin[]> {
    return Promise.all(
        ["kubernetes", "random", "tls"].map(async (name) => {
            const official = { name, version: await pluginVersion(name) };
            if (await isPluginInstalled(options, official)) return official;
            const replacement = { ...official, standIn: standIn(name) };
            if (!(await canDownload(official))) return replacement;
            return installPlugin(options, official).then(
                () => official,
                () => replacement,
            );
        }),
    );
}
