import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { schemas } from "../../config/schema";
import { ROOT } from "./root";

/** The part of a JSON schema that lists settings. */
interface Shape {
    properties?: Record<string, Shape>;
    required?: string[];
    items?: Shape;
    default?: unknown;
}

/** Every setting in `shape` that contains no other settings, with its default as the pages in docs/ write it. */
function settings(shape: Shape, path = ""): [path: string, written: string][] {
    return Object.entries(shape.properties ?? {}).flatMap(([key, inner]): [string, string][] => {
        const at = path === "" ? key : `${path}.${key}`;
        if (inner.properties) return settings(inner, at);
        const written =
            inner.default !== undefined
                ? `\`${typeof inner.default === "string" ? inner.default : JSON.stringify(inner.default)}\``
                : shape.required?.includes(key)
                  ? "required"
                  : "none";
        return [[at, written], ...(inner.items ? settings(inner.items, `${at}[]`) : [])];
    });
}

export const project = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8")) as { config: Record<string, { default?: string }> };

/** Defaults of the schema, by setting. A setting without one has the default from Pulumi.yaml, which the engine fills in. */
export function defaults(): Map<string, string> {
    const all = new Map(
        Object.values(schemas).flatMap((schema) => settings(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Shape)),
    );
    for (const [key, { default: value }] of Object.entries(project.config))
        if (value && all.get(key) === "required") all.set(key, `\`${value}\``);
    return all;
}

/** The settings in the tables of docs/configuration.md, which have the columns setting, what, shape, default, errors. */
export const documentedSettings = (): Map<string, { what: string; default: string }> =>
    new Map(
        readFileSync(join(ROOT, "docs/configuration.md"), "utf8")
            .split("\n")
            .map((line) => line.split("|").map((cell) => cell.trim()))
            .filter((cells) => cells.length === 7 && cells[1]?.startsWith("`"))
            .map((cells) => [cells[1]?.replaceAll("`", "") ?? "", { what: cells[2] ?? "", default: cells[4] ?? "" }]),
    );
