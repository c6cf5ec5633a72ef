import type { StackValidationPolicy } from "@pulumi/policy";
import { Config } from "@pulumi/pulumi";
import { today } from "../rules/date";
import { EASED_RULES, type Easing, easingProblems } from "../rules/easing";
import { isMap } from "../rules/isMap";
import { type Problem, problemText } from "../rules/problem";

/** The easings of a stack's own configuration, and why they do not count. */
export interface StackEasings {
    readonly easings: readonly Easing[];
    readonly problems: readonly Problem[];
}

/**
 * Reads them from the configuration of the stack that is checked, which the engine gives to a pack before it loads it (sdk/go/common/resource/plugin,
 * constructEnv; with a language host, pulumi-language-nodejs does the same). They have this project's name in stacks of other projects, too.
 */
export const easingsOfStack = (): StackEasings => readEasings(new Config("thanos-fleet").get(EASED_RULES), today());

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

/** Stops a stack whose easings do not count: this project's own stacks are refused earlier, with the rest of their configuration. */
export const easingsCount = ({ problems }: StackEasings): StackValidationPolicy => ({
    name: "eased-rules",
    displayName: "Eased rules",
    description: "A rule is eased with a reason, and not after its date.",
    enforcementLevel: "mandatory",
    tags: ["thanos"],
    validateStack: (_, report) => {
        for (const problem of problems) report(problemText(problem));
    },
});
