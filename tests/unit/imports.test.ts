import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { ROOT } from "../support/root";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** The violations that `npm run check:imports` reports for a tree of files, each given with its imports: files of the tree, or packages as "npm:name". */
async function violations(tree: Record<string, string[]>): Promise<string[]> {
    const root = temporaryDirectory();
    for (const file of [".dependency-cruiser.js", "tsconfig.json", "package.json"]) copyFileSync(join(ROOT, file), join(root, file));
    symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
    for (const [file, imports] of Object.entries(tree)) {
        mkdirSync(join(root, dirname(file)), { recursive: true });
        const lines = imports.map((to, i) =>
            to.startsWith("npm:")
                ? `import "${to.slice("npm:".length)}";`
                : `import type { T as T${i} } from "./${relative(dirname(file), to)}";\nexport type U${i} = T${i};`,
        );
        writeFileSync(join(root, `${file}.ts`), ["export type T = string;", ...lines, ""].join("\n"));
    }
    const folders = [...new Set(Object.keys(tree).map((file) => file.split("/")[0] as string))];
    const args = ["--config", ".dependency-cruiser.js", "--output-type", "json", ...folders];
    const output = await new Promise<string>((resolve) =>
        execFile(join(ROOT, "node_modules", ".bin", "depcruise"), args, { cwd: root }, (_, stdout) => resolve(stdout)),
    );
    const { summary } = JSON.parse(output) as { summary: { violations: { rule: { name: string }; from: string; to: string }[] } };
    return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to.replace(/^.*(?=node_modules\/)/, "")}`).sort();
}

describe("imports", () => {
    it("are allowed from `cli` down to `rules`", async () =>
        assert.deepEqual(
            await violations({
                "rules/a": [],
                "config/a": ["rules/a"],
                "components/thanos/a": ["config/a"],
                "components/stack/a": ["components/thanos/a"],
                "engine/a": ["components/stack/a"],
                "plan/a": ["engine/a"],
                "cli/a": ["plan/a"],
            }),
            [],
        ));

    it("are refused in the other direction, type imports included", async () =>
        assert.deepEqual(
            await violations({
                "rules/a": ["config/a"],
                "config/a": [],
                "config/b": ["components/thanos/a"],
                "components/thanos/a": [],
                "components/thanos/b": ["components/stack/a"],
                "components/stack/a": [],
                "engine/a": ["local/a"],
                "local/a": [],
                "cli/a": ["local/a"],
            }),
            [
                "cli-imports-downwards: cli/a.ts -> local/a.ts",
                "components/thanos-imports-downwards: components/thanos/b.ts -> components/stack/a.ts",
                "config-imports-downwards: config/b.ts -> components/thanos/a.ts",
                "engine-imports-downwards: engine/a.ts -> local/a.ts",
                "rules-imports-downwards: rules/a.ts -> config/a.ts",
            ],
        ));

    it("reach local/offline only through its four entry files", async () =>
        assert.deepEqual(
            await violations({
                "local/a": ["local/offline/findTools", "local/offline/tools/b"],
                "local/offline/findTools": ["local/offline/tools/b"],
                "local/offline/tools/b": [],
            }),
            ["local-imports-downwards: local/a.ts -> local/offline/tools/b.ts"],
        ));

    it("of packages for development are for tests and benchmarks, since an installed package lacks them", async () =>
        assert.deepEqual(
            await violations({ "cli/a": ["npm:commander", "npm:mocha"], "tests/a": ["npm:mocha"], "bench/a": ["npm:mocha"] }),
            ["what-is-packed-needs-no-development-package: cli/a.ts -> node_modules/mocha/index.js"],
        ));

    it("are refused in a circle of files or of folders", async () =>
        assert.deepEqual(
            await violations({
                "config/a": ["config/b"],
                "config/b": ["config/a"],
                "plan/x/a": ["plan/y/a"],
                "plan/y/a": [],
                "plan/y/b": ["plan/x/b"],
                "plan/x/b": [],
            }),
            [
                "no-circle-of-files: config/a.ts -> config/b.ts",
                "no-circle-of-folders: plan/x -> plan/y",
                "no-circle-of-folders: plan/y -> plan/x",
            ],
        ));
});
