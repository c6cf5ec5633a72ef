import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { files, version } from "../../package.json";
import { ROOT } from "../support/root";
import { run } from "../support/run";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** Packed as npm would publish it, and installed by the real npm in an empty folder: no checkout, no development packages. */
describe("the packed package", () => {
    const folder = temporaryDirectory();
    const thanosFleet = (args: string[], cwd = folder) => {
        const options = { cwd, timeout: 120_000, encoding: "utf8" } as const;
        const { status, stdout, stderr } = spawnSync("npx", ["--no-install", "thanos-fleet", ...args], options);
        return { code: status, stdout, stderr };
    };

    before(async () => {
        execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: ROOT });
        writeFileSync(join(folder, "package.json"), "{}");
        const archive = `./thanos-fleet-${version}.tgz`;
        const { code, output } = await run("npm", ["install", "--omit=dev", "--prefer-offline", "--no-audit", "--no-fund", archive], {
            cwd: folder,
            within: 600,
        });
        assert.equal(code, 0, output);
    });

    it("holds what its commands need, and neither tests nor documents", () =>
        assert.deepEqual(
            readdirSync(join(folder, "node_modules", "thanos-fleet"))
                .filter((name) => name !== "node_modules")
                .sort(),
            [...files, "package.json", "LICENSE", "README.md"].sort(),
        ));

    it("has a policy pack that can be executed", () =>
        accessSync(join(folder, "node_modules", "thanos-fleet", "policies", "pack.js"), constants.X_OK));

    it("starts every command", () => {
        const help = thanosFleet(["--help"]).stdout;
        const commands = [...(help.split("Commands:")[1]?.split("\n\n")[0] ?? "").matchAll(/^ {2}(\w+)/gm)].map(([, name = ""]) => name);
        assert.ok(commands.includes("lint"), help);
        for (const command of commands) {
            const { code, stdout, stderr } = thanosFleet([command, "--help"]);
            assert.equal(code, 0, stderr);
            assert.match(stdout, new RegExp(`^Usage: thanos-fleet ${command} `));
        }
    });

    it("lints", () => {
        const manifest = join(folder, "compact.yaml");
        writeFileSync(
            manifest,
            `services:
  compact:
    image: quay.io/thanos/thanos:v0.42.4
    command: [compact, --wait, --retention.resolution-raw=12h]
`,
        );
        const { code, stdout, stderr } = thanosFleet(["lint", "--json", "compact.yaml"]);
        assert.equal(code, 1, stderr);
        const rules = (JSON.parse(stdout) as { rule: string }[]).map(({ rule }) => rule);
        assert.deepEqual(rules, ["L4", "L34"]);
    });

    it("plans the stack files of the folder that it is called in", () => {
        const fleet = join(folder, "fleet");
        mkdirSync(fleet);
        for (const file of ["Pulumi.yaml", "Pulumi.observer.yaml", "Pulumi.observee.yaml"])
            copyFileSync(join(ROOT, file), join(fleet, file));
        const { code, stdout, stderr } = thanosFleet(["plan", "--json"], fleet);
        assert.equal(code, 0, stderr);
        assert.deepEqual(
            (JSON.parse(stdout) as { stacks: { name: string }[] }).stacks.map(({ name }) => name),
            ["observer", "observee"],
        );
    });
});
