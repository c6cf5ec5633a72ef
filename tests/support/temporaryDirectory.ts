import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const directories: string[] = [];

// At exit, and not in an `after` hook: the hooks of a suite stop the processes that write to its directories.
process.once("exit", () => {
    for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** A new directory, which is removed when the test run ends. */
export function temporaryDirectory(): string {
    const directory = mkdtempSync(join(tmpdir(), "thanos-fleet-test-"));
    directories.push(directory);
    return directory;
}
