import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { place } from "../../local/offline/tools/cache";
import { exists, thisMachine } from "../../local/offline/tools/machine";
import { promtoolFiles } from "./alertCases";
import { run } from "./run";

/** A tool that is on this machine already. Unit tests neither download nor build one; the end-to-end suite does. */
async function toolHere(tool: "promtool" | "thanos"): Promise<string | undefined> {
    const machine = thisMachine();
    const cached = place(machine.cacheDir, tool, machine.platform);
    return (await exists(cached)) ? cached : machine.lookPath(tool);
}

export const promtoolHere = () => toolHere("promtool");
export const thanosHere = () => toolHere("thanos");

/** Checks every alert with the real promtool: its syntax, and its cases. Fails with what promtool printed. */
export async function checkAlerts(promtool: string): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), "alerts-"));
    try {
        for (const [file, content] of Object.entries(promtoolFiles)) writeFileSync(join(directory, file), stringify(content));
        const files = (kind: "rules" | "test") => Object.keys(promtoolFiles).filter((file) => file.endsWith(`.${kind}.yml`));
        for (const args of [
            ["check", "rules", "--lint=all", "--lint-fatal", ...files("rules")],
            ["test", "rules", ...files("test")],
        ]) {
            const { code, output } = await run(promtool, args, { within: 120, cwd: directory });
            assert.equal(code, 0, output);
        }
    } finally {
        rmSync(directory, { recursive: true, force: true });
    }
}
