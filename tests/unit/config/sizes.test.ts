import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../../config/load";
import { BY_SIZE, SIZES, type Size } from "../../../config/sizes";
import { problemsOf } from "../../support/problemsOf";
import { ROOT } from "../../support/root";
import { observeeConfig, observerConfig } from "../../support/testFleet";

type Tree = Record<string, unknown>;

const CONFIGS = { observer: observerConfig("aws"), observee: observeeConfig("blue", "aws") };
const ROLES = ["observer", "observee"] as const;

/** Settings by their paths; a choice that has a type is one value. */
const leaves = (tree: Tree, path = ""): [string, unknown][] =>
    Object.entries(tree).flatMap(([key, value]): [string, unknown][] =>
        typeof value === "object" && value !== null && !("type" in value)
            ? leaves(value as Tree, `${path}${key}.`)
            : [[`${path}${key}`, value]],
    );
const at = (tree: unknown, path: string) => path.split(".").reduce((inner, key) => (inner as Tree)[key], tree);
/** As the page writes it. */
const written = (value: unknown): string =>
    typeof value === "object" && value !== null
        ? ([value as Tree].map(({ type, replicas, memory }) =>
              [type, replicas && `${replicas} x ${memory}`].filter(Boolean).join(", "),
          )[0] ?? "")
        : value === undefined
          ? "none"
          : String(value);

/** Rows of the page's tables of sizes, below the title of a role. */
function documented(role: string): string[][] {
    const [, section = ""] = readFileSync(join(ROOT, "docs/configuration.md"), "utf8").split("\n## Sizes\n");
    const [, part = ""] = (section.split("\n## ")[0] ?? "").split(`\n### Of an ${role}`);
    const rows = (part.split("\n### ")[0] ?? "").split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
    return rows.filter((cells) => cells[1]?.startsWith("`")).map((cells) => cells.slice(1, 5).map((cell) => cell.replaceAll("`", "")));
}

describe("the size of a stack", () => {
    for (const role of ROLES) {
        it(`is a set of defaults for an ${role}, the documented ones`, () => {
            const configs = SIZES.map((size) => loadConfig({ ...CONFIGS[role], size }));
            const settings = [...new Set(SIZES.flatMap((size) => leaves(BY_SIZE[role][size]).map(([path]) => path)))];
            assert.deepEqual(
                documented(role),
                settings.map((path) => [path, ...configs.map((config) => written(at(config, path)))]),
            );
        });
    }

    it("is S where nothing is said", () => {
        for (const role of ROLES) assert.deepEqual(loadConfig(CONFIGS[role]), loadConfig({ ...CONFIGS[role], size: "S" }));
    });

    it("does not say how long anything is kept: a word about size deletes no samples", () => {
        const kept = (size: Size) =>
            leaves(loadConfig({ ...CONFIGS.observer, size }) as unknown as Tree).filter(([path]) => /retention/i.test(path));
        assert.ok(kept("S").length > 3);
        for (const size of SIZES) assert.deepEqual(kept(size), kept("S"));
    });

    it("gives way to what a stack says itself", () => {
        const own = { query: { replicas: 4 }, store: { limits: { requestSeries: 7 }, cache: { type: "in-memory" } } };
        const config = loadConfig({ ...CONFIGS.observer, size: "M", ...own });
        assert.deepEqual([config.query.replicas, config.query.memory], [4, "4Gi"]);
        assert.deepEqual(config.role === "observer" && config.store.cache, { type: "in-memory" });
        assert.deepEqual(config.role === "observer" && config.store.limits, { requestSeries: 7, requestSamples: 500_000_000 });
    });

    it("is one of three", () => {
        assert.deepEqual(problemsOf({ ...CONFIGS.observer, size: "XL" }), ['size: "XL" is not known. Write S, M or L.']);
    });
});
