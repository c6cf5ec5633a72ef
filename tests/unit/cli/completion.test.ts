import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { Command, Option } from "commander";
import { completionScript } from "../../../cli/completion";

const SCRIPT = completionScript([
    new Command("plan").option("--stack <name>", "").option("--json", "").option("-C, --cwd <directory>", ""),
    new Command("preview").addOption(new Option("--out <file>")).addOption(new Option("--secret").hideHelp()),
]);

/** What the real bash offers for the last of these words. */
function offered(...words: string[]): string[] {
    const complete = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _thanos_fleet; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const printed = execFileSync("bash", ["--norc", "-c", `${SCRIPT}\n${complete}`, "bash", "thanos-fleet", ...words]).toString();
    return printed.split("\n").filter((word) => word !== "");
}

describe("the completion of bash", () => {
    it("offers commands first", () => {
        assert.deepEqual(offered("p"), ["plan", "preview"]);
        assert.deepEqual(offered(""), ["plan", "preview", "--help", "--version"]);
    });

    it("offers the options of the command that was written, but for hidden ones", () => {
        assert.deepEqual(offered("plan", "--"), ["--stack", "--json", "--cwd", "--help"]);
        assert.deepEqual(offered("preview", "--o"), ["--out"]);
        assert.deepEqual(offered("preview", "--"), ["--out", "--help"]);
    });

    it("leaves everything else to bash, which offers paths", () => {
        assert.deepEqual(offered("plan", "--cwd", "st"), []);
        assert.deepEqual(offered("plan", "st"), []);
        assert.match(SCRIPT, /^complete -o default /m);
    });
});
