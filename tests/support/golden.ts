import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./root";

/** Whether golden files are to be written: `UPDATE_GOLDEN=1`, and never in CI, where they would agree with whatever the program does. */
function updating(): boolean {
    const wanted = process.env.UPDATE_GOLDEN;
    if (wanted === undefined) return false;
    if (wanted !== "1" || process.env.CI) throw new Error("Golden files are written by UPDATE_GOLDEN=1 only, and not where CI is set.");
    return true;
}

/** Compares with a file of the checkout. `UPDATE_GOLDEN=1 npm test` rewrites it; read the diff before you commit it. */
export function assertFile(path: string, actual: string): void {
    if (updating()) writeFileSync(path, actual);
    assert.equal(actual, existsSync(path) ? readFileSync(path, "utf8") : "");
}

/** Compares with tests/golden/<file>. */
export const assertGolden = (file: string, actual: string): void => assertFile(join(ROOT, "tests", "golden", file), actual);
