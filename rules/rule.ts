import { type Duration, parseDuration } from "./duration";
import type { KubernetesObject } from "./example";
import type { PartKind, ThanosModel } from "./model";
import { type Problem, problemText } from "./problem";
import type { Versions } from "./version";

/** A setting of a rule. The policy pack's configuration schema and the defaults both come from it. */
export type Threshold =
    | { readonly kind: "duration"; readonly default: string; readonly doc: string }
    | { readonly kind: "integer"; readonly default: number; readonly least: number; readonly doc: string }
    | { readonly kind: "boolean"; readonly default: boolean; readonly doc: string };

export type ThresholdSchema = Readonly<Record<string, Threshold>>;

export type Thresholds<S extends ThresholdSchema> = {
    readonly [K in keyof S]: S[K]["kind"] extends "duration" ? Duration : S[K]["kind"] extends "integer" ? number : boolean;
};

/** Thresholds as users write them; durations are text. A threshold that is left out keeps its default. */
export type Overrides = Readonly<Record<string, unknown>>;

/** One way to lose data, or to show it to everybody, and how to see it coming. A rule knows the model and nothing else. */
export interface Rule<S extends ThresholdSchema = ThresholdSchema> {
    /** Number for short references: the next free one for a new rule, never a used one. */
    readonly id: `L${number}`;
    /** Name in the policy pack's configuration. Never changed once released. */
    readonly name: string;
    /** What the rule demands, as a claim. */
    readonly title: string;
    /** What happens if the rule is broken. */
    readonly why: string;
    /** URL of the page or thread that says so. */
    readonly source: string;
    /** What to do, in general; each problem has a remedy of its own. */
    readonly remedy: string;
    /**
     * `critical` deletes or corrupts what is stored; `high` loses what is being written, shows everything to everybody, or gives a right to delete that is
     * never needed; `medium` loses nothing, but answers are wrong or missing.
     */
    readonly severity: "critical" | "high" | "medium";
    /** The kinds of part that the rule looks at. Nothing else is read to run it. */
    readonly reads: readonly PartKind[];
    /** `part`: checks each part by itself. `deployment`: compares parts with each other. */
    readonly scope: "part" | "deployment";
    readonly thresholds: S;
    /** The releases that it concerns. A part whose release is not known is left undecided. @default all */
    readonly versions?: Versions;
    /** Settings of a stack that it checks. @default none: the program sets what the rule asks for, or it is no matter of a stack's configuration */
    readonly settings?: readonly string[];
    /** Facts that a part of the model lacks, so that nobody can say whether it is right. @default every part of the model can be decided */
    lacks?(model: ThanosModel, thresholds: Thresholds<S>): Lack[];
    check(model: ThanosModel, thresholds: Thresholds<S>): Problem[];
    /** A deployment without a problem; documentation and test at once. */
    readonly good: ThanosModel;
    /** A deployment that shows each problem of the rule. */
    readonly bad: ThanosModel;
    /** The same as Kubernetes objects: a deployment without a problem, and one with some. */
    readonly manifests: { readonly good: readonly KubernetesObject[]; readonly bad: readonly KubernetesObject[] };
}

/** A fact without which a rule cannot be decided for a part. */
export interface Lack {
    /** Path of the part. */
    readonly path: string;
    /** What is not known, as a sentence without a full stop: `the release of Thanos is not known: its image has no tag`. */
    readonly fact: string;
}

/** Infers the types of the thresholds that `check` gets from their declaration. */
export const defineRule = <const S extends ThresholdSchema>(rule: Rule<S>): Rule<S> => rule;

/** An override that is no threshold, or has a value that is not valid. */
class ThresholdError extends Error {
    constructor(readonly problem: Problem) {
        super(problemText(problem));
    }
}

/** A rule's thresholds: its defaults with `overrides`. Throws if a name or a value is not valid. */
export function thresholdsOf<S extends ThresholdSchema>(rule: Rule<S>, overrides: Overrides = {}): Thresholds<S> {
    const unknown = Object.keys(overrides).find((name) => !(name in rule.thresholds));
    if (unknown !== undefined)
        throw new ThresholdError({
            path: `${rule.name}.${unknown}`,
            problem: "is not a threshold of this rule.",
            remedy: thresholdNames(rule),
        });
    const values = Object.entries(rule.thresholds).map(([name, t]) => [
        name,
        readValue(t, overrides[name] ?? t.default, `${rule.name}.${name}`),
    ]);
    return Object.fromEntries(values) as Thresholds<S>;
}

/** What is wrong with each of the overrides. */
export function thresholdProblems(rule: Rule<ThresholdSchema>, overrides: Overrides): Problem[] {
    return Object.entries(overrides).flatMap(([name, value]) => {
        try {
            thresholdsOf(rule, { [name]: value });
            return [];
        } catch (error) {
            if (error instanceof ThresholdError) return [error.problem];
            throw error;
        }
    });
}

function thresholdNames(rule: Rule<ThresholdSchema>): string {
    const names = Object.keys(rule.thresholds);
    return names.length === 0 ? "It has none." : `Write ${names.join(" or ")}.`;
}

function readValue(threshold: Threshold, value: unknown, path: string): Duration | number | boolean {
    if (threshold.kind === "duration" && typeof value === "string") return durationAt(path, value);
    if (threshold.kind === "integer" && Number.isInteger(value) && (value as number) >= threshold.least) return value as number;
    if (threshold.kind === "boolean" && typeof value === "boolean") return value;
    const wanted = { duration: "a duration such as 40h", integer: "a whole number", boolean: "true or false" }[threshold.kind];
    const least = threshold.kind === "integer" ? ` of at least ${threshold.least}` : "";
    throw new ThresholdError({ path, problem: `${JSON.stringify(value)} is not ${wanted}${least}.`, remedy: threshold.doc });
}

function durationAt(path: string, text: string): Duration {
    try {
        return parseDuration(text);
    } catch (error) {
        // Two sentences: what is wrong, and what to write.
        const [problem = "", remedy = ""] = (error as Error).message.split(/(?<=\.) (?=Write )/);
        throw new ThresholdError({ path, problem, remedy });
    }
}
