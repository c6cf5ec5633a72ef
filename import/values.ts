import { isMap } from "../rules/isMap";

/** A value that nobody has asked for. */
export interface Leaf {
    readonly path: string;
    readonly value: unknown;
}

/** Helm values, which remember what was read: what is left at the end has no equivalent. A `null` is no value, as for Helm, which removes a default by it. */
export class Values {
    private readonly read = new Set<string>();

    constructor(readonly root: Readonly<Record<string, unknown>>) {}

    /** The value at a path. It counts as read, with everything in it. */
    at(path: string): unknown {
        this.read.add(path);
        return valueAt(this.root, path);
    }

    text(path: string): string | undefined {
        const value = this.at(path);
        return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
    }

    count(path: string): number | undefined {
        const value = Number(this.at(path) || undefined);
        return Number.isInteger(value) ? value : undefined;
    }

    isOn(path: string, byDefault: boolean): boolean {
        return (this.at(path) ?? byDefault) === true;
    }

    texts(path: string): string[] {
        const value = this.at(path);
        return (Array.isArray(value) ? value : value === undefined || value === "" ? [] : [value]).filter(
            (item): item is string => typeof item === "string",
        );
    }

    /** What nobody has read, but what is empty or off. Below a path of `whole`, a map is one value. */
    unread(whole: (path: string) => boolean): Leaf[] {
        return this.leaves(this.root, "", whole);
    }

    private leaves(value: unknown, path: string, whole: (path: string) => boolean): Leaf[] {
        if (this.read.has(path) || isNothing(value)) return [];
        const below = (inside: (at: string) => boolean) =>
            Object.entries(value as object).flatMap(([key, inner]) => this.leaves(inner, path === "" ? key : `${path}.${key}`, inside));
        if (!isMap(value)) return [{ path, value }];
        if (path === "" || !whole(path)) return below(whole);
        // Of what was read in part, the rest is told.
        return below(() => false).length > 0 ? [{ path, value }] : [];
    }
}

/** The value at a path of maps. */
export const valueAt = (root: unknown, path: string): unknown =>
    path.split(".").reduce<unknown>((at, key) => (isMap(at) ? (at[key] ?? undefined) : undefined), root);

/** Charts write "not set" in each of these ways. */
function isNothing(value: unknown): boolean {
    if (Array.isArray(value)) return value.length === 0;
    if (isMap(value)) return Object.values(value).every(isNothing);
    return value === undefined || value === null || value === "" || value === false;
}
