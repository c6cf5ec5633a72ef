import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../support/root";
import { defaults, documentedSettings, project } from "../../support/settings";

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

const documented = () => new Map([...documentedSettings()].map(([setting, row]) => [setting, row.default]));

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
