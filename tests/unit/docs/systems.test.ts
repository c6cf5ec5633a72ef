import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../support/root";
import { defaults } from "../../support/settings";

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

interface System {
    name: string;
    /** Its setting; several, where a system has more than one. */
    settings: string[];
    default: string;
    /** What the test needs: `fleet`, `processes` or `recorder`. */
    runsOn: string;
    /** File of the test that shows it, in tests/e2e/, and the test's title. */
    file: string;
    title: string;
}

/** The page's table, which has the columns system, described in, setting, default, runs on, shown by. */
const systems = (): System[] =>
    read("docs/systems.md")
        .split("\n")
        .map((line) => line.split("|").map((cell) => cell.trim()))
        .filter((cells) => cells.length === 8 && /^[\d, ]+$/.test(cells[2] ?? ""))
        .map(([, name = "", , settings = "", written = "", runsOn = "", shown = ""]) => {
            const [, file = "", title = ""] = /^\[([\w.]+)\]\(\.\.\/tests\/e2e\/\1\): (.+)$/.exec(shown) ?? [];
            return {
                name,
                settings: [...settings.matchAll(/`([^`]+)`/g)].map(([, setting = ""]) => setting),
                default: written,
                runsOn,
                file,
                title,
            };
        });

const suite = (config: string): string[] => (JSON.parse(read(`tests/e2e/${config}`)) as { spec: string[] }).spec;

/** What the tests of a file need, by the suite of CI that runs it. */
function needs(file: string): string {
    if (suite(".mocharc.json").includes(`tests/e2e/${file}`)) return "fleet";
    if (!suite(".mocharc.parts.json").includes(`tests/e2e/${file}`)) return "not run by CI";
    return read(`tests/e2e/${file}`).includes("/pluginRecorder/") ? "recorder" : "processes";
}

/** The titles of a file's tests, as patterns: a title that the code fills in fits with any text there. Tests that are skipped are none. */
const titlesIn = (code: string): RegExp[] =>
    [...code.matchAll(/\bit\(([`"])(.+?)\1, /g)].map(([, , title = ""]) => {
        const written = title.split(/\$\{[^}]*\}/).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
        return new RegExp(`^${written.join(".+")}$`);
    });

describe("docs/systems.md", () => {
    it("lists systems", () => assert.ok(systems().length > 20));

    for (const { name, settings, default: written, runsOn, file, title } of systems())
        describe(name, () => {
            it("is shown by a test that CI runs, on what the page says", () => {
                assert.equal(runsOn, needs(file));
                assert.ok(
                    titlesIn(read(`tests/e2e/${file}`)).some((pattern) => pattern.test(title)),
                    `${file} has no test "${title}"`,
                );
            });

            it("has settings that exist, the first one with this default", () => {
                const all = defaults();
                assert.deepEqual(
                    settings.filter((setting) => ![...all.keys()].some((known) => known === setting || known.startsWith(`${setting}.`))),
                    [],
                );
                const [first] = settings;
                if (first !== undefined && all.has(first)) assert.equal(written, all.get(first));
            });
        });
});
