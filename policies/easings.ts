import { EASED_RULES, type Easing, easingProblems } from "../rules/easing";
import { isMap } from "../rules/isMap";
import { type Problem, problemText } from "../rules/problem";
import type { Policy } from "./policy";

/** The easings of a stack's own configuration, and why they do not count. */
export interface StackEasings {
    readonly easings: readonly Easing[];
    readonly problems: readonly Problem[];
}

/** `text` is JSON, as the engine gives settings that are lists. One easing that does not count eases nothing, and the others count. */
export function readEasings(text: string | undefined, now: string): StackEasings {
    const entries = entriesOf(text ?? "[]");
    if (!entries.every(isEasing))
        return {
            easings: [],
            problems: [
                { path: EASED_RULES, problem: "is not a list of rules with reasons.", remedy: "Write each as {rule, reason, until}." },
            ],
        };
    const problems = easingProblems(entries, now);
    const wrong = (i: number) => problems.some(({ path }) => path.startsWith(`${EASED_RULES}[${i}].`));
    return { easings: entries.filter((_, i) => !wrong(i)), problems };
}

/** What is no list has an entry that is no easing. */
function entriesOf(text: string): readonly unknown[] {
    try {
        const value: unknown = JSON.parse(text);
        return Array.isArray(value) ? value : [undefined];
    } catch {
        return [undefined];
    }
}

const isEasing = (entry: unknown): entry is Easing =>
    isMap(entry) &&
    typeof entry.rule === "string" &&
    typeof entry.reason === "string" &&
    (entry.until === undefined || typeof entry.until === "string");

/** Its name in the configuration of the pack. */
export const EASINGS_COUNT = "eased-rules";

/** Stops a stack whose easings do not count: this project's own stacks are refused earlier, with the rest of their configuration. */
export const easingsCount = ({ problems }: StackEasings): Policy => ({
    name: EASINGS_COUNT,
    displayName: "Eased rules",
    description: "A rule is eased with a reason, and not after its date.",
    level: "mandatory",
    severity: "high",
    remediation: "Write each easing as {rule, reason, until}.",
    url: "https://github.com/thanos-io/thanos",
    tags: ["thanos"],
    scope: "deployment",
    settings: {},
    validate: (_, __, report) => {
        for (const problem of problems) report(problemText(problem));
    },
});
