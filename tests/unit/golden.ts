import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Compares with tests/unit/golden/<file>. `UPDATE_GOLDEN=1 npm test` rewrites the files; read the diff before you commit it. */
export function assertGolden(file: string, actual: string): void {
    const path = join(__dirname, "golden", file);
    if (process.env.UPDATE_GOLDEN) writeFileSync(path, actual);
    assert.equal(actual, readFileSync(path, "utf8"));
}
