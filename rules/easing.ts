import { isDate } from "./date";
import { RULES } from "./index";
import { type Problem, Problems } from "./problem";

/** A rule that a stack may break, and why. docs/adr/0035 has the reasons. */
export interface Easing {
    /** Number of the rule: `L7`. */
    readonly rule: string;
    /** Why the stack may break it. */
    readonly reason: string;
    /** The last day: `2027-01-01`. Absent: no end. */
    readonly until?: string | undefined;
}

/** The setting of a stack with its easings. */
export const EASED_RULES = "easedRules";

/** Why some of a stack's easings do not count. `now` is a date as in `2027-01-01`. */
export function easingProblems(easings: readonly Easing[], now: string): Problem[] {
    const problems = new Problems();
    for (const [i, { rule: id, reason, until }] of easings.entries()) {
        const path = `${EASED_RULES}[${i}]`;
        const rule = RULES.find((candidate) => candidate.id === id);
        const first = easings.findIndex((easing) => easing.rule === id);
        problems
            .when(rule === undefined, `${path}.rule`, `"${id}" is no rule.`, `Write ${EASABLE.join(", ")}.`)
            .when(
                rule?.severity === "critical",
                `${path}.rule`,
                `${id} cannot be eased: where it is broken, what is stored is deleted or corrupted, and no reason brings it back.`,
                "Remove this, and do what the rule says.",
            )
            .when(first !== i, `${path}.rule`, `${id} is eased twice (also ${EASED_RULES}[${first}]).`, "Remove one.")
            .when(reason.trim() === "", `${path}.reason`, "is empty.", "Write why this stack may break the rule: the plan prints it.")
            .when(
                until !== undefined && !isDate(until),
                `${path}.until`,
                `"${until}" is not a date.`,
                'Write the last day, in quotes: "2027-01-01".',
            )
            .when(
                until !== undefined && isDate(until) && until < now,
                `${path}.until`,
                `${until} is over.`,
                "Do what the rule says, or write another date and reason.",
            );
    }
    return problems.all();
}

const EASABLE = RULES.filter(({ severity }) => severity !== "critical").map(({ id }) => id);

/** The easing of a rule, if the stack has one that counts. */
export const easingOf = (rule: string, easings: readonly Easing[]): Easing | undefined =>
    EASABLE.some((id) => id === rule) ? easings.find((easing) => easing.rule === rule) : undefined;

/** `(until 2027-01-01: the cluster is for tests)`. */
export const easingText = ({ reason, until }: Easing) => `(${until === undefined ? "" : `until ${until}: `}${reason})`;
