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
    /** File of the test that shows it, in tests/e2e/, and the test's title. */
    file: string;
    title: string;
}

/** The page's table, which has the columns system, described in, setting, default, shown by. */
const systems = (): System[] =>
    read("docs/systems.md")
        .split("\n")
        .map((line) => line.split("|").map((cell) => cell.trim()))
        .filter((cells) => cells.length === 7 && /^[\d, ]+$/.test(cells[2] ?? ""))
        .map(([, name = "", , settings = "", written = "", shown = ""]) => {
            const [, file = "", title = ""] = /^\[([\w.]+)\]\(\.\.\/tests\/e2e\/\1\): (.+)$/.exec(shown) ?? [];
            return {
                name,
                settings: [...settings.matchAll(/`([^`]+)`/g)].map(([, setting = ""]) => setting),
                default: written,
                file,
                title,
            };
        });

describe("docs/systems.md", () => {
    const suites = ["tests/e2e/.mocharc.json", "tests/e2e/.mocharc.parts.json"];
    const inCi = suites.flatMap((file) => (JSON.parse(read(file)) as { spec: string[] }).spec);

    it("lists systems", () => assert.ok(systems().length > 20));

    for (const { name, settings, default: written, file, title } of systems())
        describe(name, () => {
            it("is shown by a test that CI runs with real parts", () => {
                assert.ok(inCi.includes(`tests/e2e/${file}`), `${file} is not in ${suites.join(" or ")}`);
                const code = read(`tests/e2e/${file}`);
                assert.ok(
                    ["it(`", 'it("'].some((call) => code.includes(`${call}${title}`)),
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
