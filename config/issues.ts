import type { z } from "zod";

/** What every file that is checked with zod says of its issues. */

/** What to write for each type that zod expects. */
const EXPECTED: Record<string, string> = {
    string: "text. Put it in quotes.",
    int: "a whole number.",
    number: "a number.",
    boolean: "true or false.",
    array: "a list.",
    object: "a map of settings.",
    record: "a map.",
};

/** The message of an issue for which the schema states none; undefined leaves zod's own. */
export function messageOf(issue: z.core.$ZodRawIssue): string | undefined {
    if (issue.code === "invalid_type") return `is not ${EXPECTED[issue.expected] ?? `${issue.expected}.`}`;
    if (issue.code === "too_small")
        return issue.origin === "array"
            ? `has too few entries: write at least ${issue.minimum}.`
            : `is too small: write at least ${issue.minimum}.`;
    if (issue.code === "too_big")
        return issue.origin === "array"
            ? `has too many entries: write at most ${issue.maximum}.`
            : `is too large: write at most ${issue.maximum}.`;
    if (issue.code === "invalid_key") return issue.issues.map(({ message }) => message).join(" ");
    return undefined;
}

/** The path of an issue as text: `observees[2].name`. */
export function pathText(path: readonly PropertyKey[]): string {
    return path.reduce<string>(
        (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
        "",
    );
}
