import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT_CODES } from "../../../cli/exitCodes";
import { scripts } from "../../../package.json";
import { ROOT } from "../../support/root";
import { temporaryDirectory } from "../../support/temporaryDirectory";

/** Runs `thanos-fleet` with these arguments. */
const thanosFleet = (...args: string[]) => thanosFleetIn(process.env, ...args);

const thanosFleetIn = (env: NodeJS.ProcessEnv, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
        const options = { cwd: ROOT, timeout: 60_000, env };
        const child = execFile(process.execPath, ["cli/thanos-fleet.js", ...args], options, (_, stdout, stderr) =>
            resolve({ code: child.exitCode ?? -1, stdout, stderr }),
        );
    });

/** The rows of a table in docs/commands.md whose first cell matches, as cells. */
const documented = (first: RegExp) =>
    readFileSync(join(ROOT, "docs", "commands.md"), "utf8")
        .split("\n")
        .map((line) => line.split("|").map((cell) => cell.trim()))
        .filter(([, cell = ""]) => first.test(cell))
        .map((cells) => cells.slice(1, -1));

describe("thanos-fleet", function () {
    this.timeout(120_000);

    it("has the exit codes that docs/commands.md lists, and no others", () =>
        assert.deepEqual(
            documented(/^\d+$/),
            Object.entries(EXIT_CODES).map(([name, { code, means }]) => [String(code), `\`${name}\``, means]),
        ));

    it("lists the commands of docs/commands.md in --help, in the same order", async () => {
        const { code, stdout, stderr } = await thanosFleet("--help");
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
        const listed = [...(stdout.split("Commands:")[1]?.split("\n\n")[0] ?? "").matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
        assert.deepEqual(
            documented(/^`\w+`$/)
                .filter((row) => !/^\d/.test(row[0] ?? ""))
                .map(([name]) => name?.replaceAll("`", "")),
            listed,
        );
    });

    it("is what the npm scripts call", () => {
        const called = Object.values(scripts).flatMap((script) => /^cli\/thanos-fleet\.js (\w+)$/.exec(script)?.[1] ?? []);
        assert.deepEqual(called.sort(), ["local", "plan", "recover", "versions"]);
    });

    it("has examples in the help of every command", async () => {
        for (const [name = ""] of documented(/^`\w+`$/)) {
            const command = name.replaceAll("`", "");
            const { code, stdout } = await thanosFleet(command, "--help");
            assert.equal(code, 0, stdout);
            assert.match(stdout, new RegExp(`Examples:\n  thanos-fleet ${command}\\b`));
        }
    });

    it("refuses unknown commands, unknown options and surplus arguments with 2", async () => {
        for (const [args, problem] of [
            [["bogus"], "error: unknown command 'bogus'\n"],
            [["plan", "--bogus"], "error: unknown option '--bogus'\n"],
            [["plan", "observer"], "error: too many arguments for 'plan'. Expected 0 arguments but got 1.\n"],
            [["recover"], "error: required option '--stack <name>' not specified\n"],
        ] as const)
            assert.deepEqual(await thanosFleet(...args), { code: 2, stdout: "", stderr: problem });
    });

    it("prints errors as JSON on standard output with --json", async () => {
        const option = await thanosFleet("versions", "--bogus", "--json");
        assert.deepEqual([option.code, option.stderr], [2, ""]);
        assert.deepEqual(JSON.parse(option.stdout), { error: { code: 2, exit: "wrongInput", message: "error: unknown option '--bogus'" } });
        const file = await thanosFleet("plan", "-C", ROOT, "--stack", "green", "--json");
        assert.deepEqual([file.code, file.stderr], [2, ""]);
        const { message, ...rest } = (JSON.parse(file.stdout) as { error: { message: string } }).error;
        assert.match(message, /^stack green: 1 problem\. Nothing was changed\./);
        assert.deepEqual(rest, {
            code: 2,
            exit: "wrongInput",
            problems: [
                {
                    path: "Pulumi.green.yaml",
                    problem: "does not exist.",
                    remedy: "Copy Pulumi.observer.yaml or Pulumi.observee.yaml, or name another stack.",
                },
            ],
        });
    });

    it("says nothing where the reader of its output has gone", async () => {
        const child = spawn(process.execPath, ["cli/thanos-fleet.js", "plan", "--json"], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
        child.stdout.destroy();
        let stderr = "";
        child.stderr.on("data", (chunk) => {
            stderr += chunk;
        });
        const [code] = (await once(child, "close")) as [number];
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    });

    it("exits with Pulumi's codes where a stack does not exist, and where nobody is logged in", async () => {
        const directory = temporaryDirectory();
        const recover = (code: number, error: string) => {
            const cli = `#!/bin/sh\ncase "$1" in version) echo v3.259.0 ;; *) echo "error: ${error}" >&2; exit ${code} ;; esac\n`;
            writeFileSync(join(directory, "pulumi"), cli, { mode: 0o755 });
            return thanosFleetIn({ ...process.env, PATH: `${directory}:${process.env.PATH}` }, "recover", "--stack", "blue");
        };
        assert.deepEqual(await recover(6, "no stack named 'blue' found"), {
            code: 6,
            stdout: "",
            stderr: "error: no stack named 'blue' found\n",
        });
        assert.equal((await recover(3, "PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions")).code, 3);
        assert.equal((await recover(255, "panic")).code, 1);
    });
});
