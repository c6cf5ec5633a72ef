import { isMap } from "../rules/isMap";

/** Settings of a stack as its file has them, without `thanos-fleet:`. */
export type Settings = Record<string, unknown>;

/** Sets the value at a path of maps, and makes those that are missing. */
export function set(settings: Settings, path: string, value: unknown): void {
    const [key = "", ...rest] = path.split(".");
    if (rest.length === 0) {
        settings[key] = value;
        return;
    }
    const inner = isMap(settings[key]) ? settings[key] : {};
    settings[key] = inner;
    set(inner, rest.join("."), value);
}

/** Removes the value at a path, and maps that become empty by it. Whether there was one. A key of a map may have dots, as annotations do. */
export function unset(settings: Settings, path: string): boolean {
    for (const [key, value] of Object.entries(settings)) {
        if (key === path) return delete settings[key];
        if (!path.startsWith(`${key}.`) || !isMap(value) || !unset(value, path.slice(key.length + 1))) continue;
        if (Object.keys(value).length === 0) delete settings[key];
        return true;
    }
    return false;
}
