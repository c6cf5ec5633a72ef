import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { schemas } from "../../../config/schema";
import { ROOT } from "../../support/root";

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

/** The part of a JSON schema that lists settings. */
interface Shape {
    properties?: Record<string, Shape>;
    required?: string[];
    items?: Shape;
    default?: unknown;
}

/** Every setting in `shape` that contains no other settings, with its default as the page writes it. */
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

const project = parse(read("Pulumi.yaml")) as { config: Record<string, { default?: string }> };

/** Defaults of the schema. A setting without one has the default from Pulumi.yaml, which the engine fills in. */
function defaults(): Map<string, string> {
    const all = new Map(
        Object.values(schemas).flatMap((schema) => settings(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Shape)),
    );
    for (const [key, { default: value }] of Object.entries(project.config))
        if (value && all.get(key) === "required") all.set(key, `\`${value}\``);
    return all;
}

/** The settings in the page's tables, which have the columns setting, what, shape, default, errors. */
const documented = () =>
    new Map(
        read("docs/configuration.md")
            .split("\n")
            .map((line) => line.split("|").map((cell) => cell.trim()))
            .filter((cells) => cells.length === 7 && cells[1]?.startsWith("`"))
            .map((cells) => [cells[1]?.replaceAll("`", "") ?? "", cells[4] ?? ""]),
    );

const sorted = (map: Map<string, string>) => [...map].sort(([a], [b]) => a.localeCompare(b));

describe("docs/configuration.md", () => {
    it("has every setting with its default, and no other setting", () => assert.deepEqual(sorted(documented()), sorted(defaults())));

    it("mentions no setting that does not exist", () => {
        const settings = [...defaults().keys()];
        // The settings below objectStore differ by type: config/schema/objectStore.ts.
        const exists = (name: string) =>
            name.startsWith("objectStore.") || settings.some((setting) => setting === name || setting.startsWith(`${name}.`));
        const groups = new Set(settings.map((setting) => setting.split(/[.[]/)[0]));
        const mentioned = [...read("docs/configuration.md").matchAll(/`([a-z]\w*(?:\[\])?(?:\.\w+)+)/gi)].map(([, name = ""]) => name);
        const ofSettings = mentioned.filter((name) => groups.has(name.split(/[.[]/)[0]));
        assert.ok(ofSettings.length > settings.length / 2);
        assert.deepEqual(
            ofSettings.filter((name) => !exists(name)),
            [],
        );
    });

    it("and Pulumi.yaml name the same defaults", () => {
        const named = Object.entries(project.config).flatMap(([key, { default: value }]) => (value ? [[key, `\`${value}\``]] : []));
        assert.deepEqual(
            named,
            named.map(([key = ""]) => [key, defaults().get(key)]),
        );
    });
});

describe("docs/adr", () => {
    it("lists exactly the existing decisions, in order", () => {
        const files = readdirSync(join(ROOT, "docs/adr")).filter((file) => /^\d{4}-.*\.md$/.test(file));
        const listed = [...read("docs/adr/README.md").matchAll(/\]\((\d{4}-[^)]*\.md)\)/g)].map(([, file]) => file);
        assert.deepEqual(listed, files.sort());
    });

    it("uses each number once, and begins each page's title with its number", () => {
        const files = readdirSync(join(ROOT, "docs/adr")).filter((file) => /^\d{4}-.*\.md$/.test(file));
        assert.equal(new Set(files.map((file) => file.slice(0, 4))).size, files.length);
        for (const file of files) assert.match(read(`docs/adr/${file}`), new RegExp(`^# ${file.slice(0, 4)}: `), file);
    });
});
