import assert from "node:assert/strict";
import { ConfigError } from "../../config/configError";
import { loadConfig } from "../../config/load";
import { problemText } from "../../rules/problem";

/** Every problem of a stack's raw configuration, a line each. */
export function problemsOf(raw: Record<string, unknown>): string[] {
    try {
        loadConfig(raw);
    } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        return error.problems.map(problemText);
    }
    return [];
}
