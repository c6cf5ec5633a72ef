import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./root";

/** Whether to write golden files: with `UPDATE_GOLDEN=1`, but never in CI, where every comparison would then succeed. */
function updating(): boolean {
    const wanted = process.env.UPDATE_GOLDEN;
    if (wanted === undefined) return false;
    if (wanted !== "1" || process.env.CI) throw new Error("Golden files are written with UPDATE_GOLDEN=1 only, and never where CI is set.");
    return true;
}

/** Compares a text with a file of the checkout. `UPDATE_GOLDEN=1 npm test` rewrites the file; read the diff before you commit it. */
export function assertFile(path: string, actual: string): void {
    if (updating()) writeFileSync(path, actual);
    assert.equal(actual, existsSync(path) ? readFileSync(path, "utf8") : "");
}

/** Compares a text with tests/golden/<file>. */
export const assertGolden = (file: string, actual: string): void => assertFile(join(ROOT, "tests", "golden", file), actual);
