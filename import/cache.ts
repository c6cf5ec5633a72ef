import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { isMap } from "../rules/isMap";
import type { Notes } from "./note";
import { memoryOf } from "./quantity";
import { type Settings, set } from "./settings";
import type { CacheFile } from "./thanosRelease";

/** Carries over the cache files of a component. One setting has all its caches; the first file that can be read decides. */
export function carryCaches(files: readonly CacheFile[], setting: string, settings: Settings, notes: Notes): void {
    let chosen: Settings | undefined;
    for (const { path, text } of files) {
        const read = cacheIn(text);
        if ("problem" in read) notes.left(path, withoutPassword(text), read.problem, `Write \`${setting}\`.`);
        else if (chosen !== undefined && !isDeepStrictEqual(chosen, read.cache))
            notes.left(path, withoutPassword(text), `one setting has all caches of a component: ${JSON.stringify(chosen)}.`, "Nothing.");
        else {
            chosen = read.cache;
            set(settings, setting, chosen);
            notes.carried(path, withoutPassword(text), setting, chosen);
            if (read.others.length > 0)
                notes.differs(
                    path,
                    read.others.join(", "),
                    "the project's own",
                    "sizes follow the memory of the pod; the rest is tested with it.",
                );
            if (read.hasPassword)
                notes.left(
                    path,
                    "(not shown)",
                    "a password belongs into no file in the clear.",
                    `pulumi config set --secret --path ${setting}.password VALUE.`,
                );
        }
    }
}

type Read = { readonly cache: Settings; readonly others: readonly string[]; readonly hasPassword: boolean } | { readonly problem: string };

/** A cache file of Thanos (https://thanos.io/tip/components/store.md#index-cache) as a setting. */
function cacheIn(text: string): Read {
    const file = parsed(text);
    if (!isMap(file) || typeof file.type !== "string") return { problem: "is no cache that import can read." };
    const config = isMap(file.config) ? file.config : {};
    const given = Object.keys(config).filter((key) => isGiven(config[key]));
    const made = (cache: Settings, ...used: string[]): Read => ({
        cache,
        others: given.filter((key) => !used.includes(key)),
        hasPassword: used.includes("password") && isGiven(config.password),
    });
    switch (file.type.toUpperCase()) {
        case "IN-MEMORY":
            return made({ type: "in-memory" });
        case "MEMCACHED": {
            const addresses = Array.isArray(config.addresses) ? config.addresses.map(String) : [];
            const itemSize = memoryOf(String(config.max_item_size ?? "").replace(/B$/, ""));
            if (addresses.length === 0) return { problem: "names no server." };
            return made(
                {
                    type: "own-memcached",
                    // The names behind dns+ and dnssrv+ are IP addresses, which change (config/schema/cache.ts).
                    addresses: addresses.map((address) => address.replace(/^dns\+/, "").replace(/^dnssrv\+/, "dnssrvnoa+")),
                    ...(config.auto_discovery === true && { autoDiscovery: true }),
                    ...(itemSize !== undefined && { itemSize }),
                },
                ...["addresses", "auto_discovery", ...(itemSize === undefined ? [] : ["max_item_size"])],
            );
        }
        case "REDIS": {
            const address = String(config.addr ?? "").replace(/\s/g, "");
            if (address === "") return { problem: "names no server." };
            if (isGiven(config.master_name)) return { problem: "is Redis behind Sentinel, for which there is no setting." };
            return made(
                {
                    type: "own-redis",
                    address,
                    ...(isGiven(config.username) && { username: String(config.username) }),
                    ...(config.tls_enabled === true && { tls: true }),
                },
                ...["addr", "username", "password", "tls_enabled", ...(Number(config.db) === 0 ? ["db"] : [])],
            );
        }
        default:
            return { problem: `is a cache of type ${file.type}, for which there is no setting.` };
    }
}

function parsed(text: string): unknown {
    try {
        return parse(text, { logLevel: "silent" });
    } catch {
        return undefined;
    }
}

/** Copies of the file in Thanos's documentation have every field with nothing in it. */
const isGiven = (value: unknown): boolean =>
    isMap(value)
        ? Object.values(value).some(isGiven)
        : value !== undefined && value !== null && value !== "" && value !== false && value !== 0;

const withoutPassword = (text: string) => text.replace(/(password"?: *).*/g, "$1(not shown)");
