import { join } from "node:path";
import {
    type EngineOptions,
    installPlugin,
    isPluginDownloadable,
    isPluginInstalled,
    type Plugin,
    pluginVersion,
} from "../../engine/plugins";
import { type Change, type Choice, DOWN_FIRST, keepChoices, notToBeHad, readChoices, refuseChanges } from "./choices";
import { proxiedFetch } from "./tools/proxiedFetch";

const standIn = (name: string) => join(__dirname, "standins", "bin", name);

export interface FoundPlugin extends Plugin {
    /** Why it is a stand-in. @default none: it is the official plugin */
    why?: string;
}

const NAMES = ["kubernetes", "random", "tls"];
const keyOf = (name: string) => `plugin ${name}`;

/**
 * Finds the plugins `kubernetes`, `random` and `tls` in the versions of the installed SDKs: those that the fleet's state was made with; for a new
 * fleet those that are installed, else downloaded, else this project's stand-ins. Throws a ConfigError where the state's plugin is not to be had, or,
 * unless the stacks are to be removed, where another one was installed since. Call it once per run and pass the result to every `stackFor`.
 */
export async function findPlugins(
    options: EngineOptions,
    { canDownload = throughProxy, removes = false }: { canDownload?: typeof isPluginDownloadable; removes?: boolean } = {},
): Promise<FoundPlugin[]> {
    const kept = await readChoices(options.stateDir);
    const found = await Promise.all(
        NAMES.map((name) =>
            removes && kept[keyOf(name)] === "stand-in" ? keptStandIn(name) : find(name, kept[keyOf(name)], options, canDownload),
        ),
    );
    refuseChanges(found.flatMap(({ plugin, refused }) => (refused === undefined ? [] : [{ path: keyOf(plugin.name), ...refused }])));
    const plugins = found.map(({ plugin }) => plugin);
    await keepChoices(
        options.stateDir,
        Object.fromEntries(plugins.map(({ name, standIn: path }) => [keyOf(name), path === undefined ? "official" : "stand-in"])),
    );
    return plugins;
}

/** Which plugins are stand-ins, and why; undefined if all are official. */
export function standInsText(plugins: readonly FoundPlugin[]): string | undefined {
    const standIns = plugins.filter((plugin) => plugin.standIn !== undefined);
    if (standIns.length === 0) return undefined;
    return `stand-ins for ${standIns.map((p) => p.name).join(", ")}: ${[...new Set(standIns.map((p) => p.why))].join("; ")}`;
}

interface Found {
    plugin: FoundPlugin;
    /** Why it cannot be used. @default it can */
    refused?: Change;
}

const keptStandIn = async (name: string): Promise<Found> => ({
    plugin: { name, version: await pluginVersion(name), standIn: standIn(name), why: "the fleet was made with them" },
});

async function find(
    name: string,
    kept: Choice | undefined,
    options: EngineOptions,
    canDownload: typeof isPluginDownloadable,
): Promise<Found> {
    const official = { name, version: await pluginVersion(name) };
    if (await isPluginInstalled(options, official)) {
        const why = "is now the official one, but the state was made with the stand-in, and the official one would misread it.";
        const refused = { why, remedy: DOWN_FIRST };
        return { plugin: official, ...(kept === "stand-in" && { refused }) };
    }
    if (kept === "stand-in") return keptStandIn(name);
    const why = await install(official, options, canDownload);
    if (why === undefined) return { plugin: official };
    return { plugin: { ...official, standIn: standIn(name), why }, ...(kept === "official" && { refused: notToBeHad(why) }) };
}

/** By the way that the download itself takes. */
const throughProxy = (plugin: Plugin) => isPluginDownloadable(plugin, proxiedFetch());

/** Installs the official plugin, or returns why that is not possible. */
async function install(official: Plugin, options: EngineOptions, canDownload: typeof isPluginDownloadable): Promise<string | undefined> {
    if (!(await canDownload(official))) return "the official ones cannot be downloaded here";
    return installPlugin(options, official).then(
        () => undefined,
        (error: Error & { stderr?: string }) =>
            `installing the official ones failed (${(error.stderr || error.message).trim().split("\n").at(-1)})`,
    );
}
