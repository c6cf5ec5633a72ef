import { type Duration, parseDuration } from "./duration";
import type { PartKind, ThanosModel } from "./model";
import type { Problem } from "./problem";

/** A number that people may want otherwise. The policy pack's configuration and the defaults both come from here. */
export type Threshold =
    | { readonly kind: "duration"; readonly default: string; readonly doc: string }
    | { readonly kind: "integer"; readonly default: number; readonly least: number; readonly doc: string }
    | { readonly kind: "boolean"; readonly default: boolean; readonly doc: string };

export type ThresholdSchema = Readonly<Record<string, Threshold>>;

export type Thresholds<S extends ThresholdSchema> = {
    readonly [K in keyof S]: S[K]["kind"] extends "duration" ? Duration : S[K]["kind"] extends "integer" ? number : boolean;
};

/** Thresholds as people write them; durations are text. What is left out keeps its default. */
export type Overrides = Readonly<Record<string, unknown>>;

/** One way to lose data, and how to see it coming. Pure: it knows the model and nothing else. */
export interface Rule<S extends ThresholdSchema = ThresholdSchema> {
    /** Its number in the list of rules, for short references. Never reused. */
    readonly id: `L${number}`;
    /** Its name in policy configuration and in the linter. Never changed once released. */
    readonly name: string;
    readonly title: string;
    /** What happens to whoever breaks it. */
    readonly why: string;
    /** The page or thread that says so. */
    readonly source: string;
    readonly remedy: string;
    /** `critical` deletes or corrupts what is stored; `high` loses what is being written. */
    readonly severity: "critical" | "high";
    /** The parts it looks at. Nothing else needs to be known to run it. */
    readonly reads: readonly PartKind[];
    /** `part`: each part is judged alone. `deployment`: parts are held against each other. */
    readonly scope: "part" | "deployment";
    readonly thresholds: S;
    check(model: ThanosModel, thresholds: Thresholds<S>): Problem[];
    readonly good: ThanosModel;
    readonly bad: ThanosModel;
}

/** Gives `check` the exact types of the thresholds declared beside it. */
export const defineRule = <const S extends ThresholdSchema>(rule: Rule<S>): Rule<S> => rule;

/** A rule's thresholds with `overrides` over its defaults. Throws on a name it does not have and on a value that is not of its kind. */
export function thresholdsOf<S extends ThresholdSchema>(rule: Rule<S>, overrides: Overrides = {}): Thresholds<S> {
    const strange = Object.keys(overrides).find((name) => !(name in rule.thresholds));
    if (strange !== undefined) throw new Error(`${rule.name}.${strange}: is not a threshold of this rule. ${known(rule)}`);
    const values = Object.entries(rule.thresholds).map(([name, t]) => [
        name,
        readValue(t, overrides[name] ?? t.default, `${rule.name}.${name}`),
    ]);
    return Object.fromEntries(values) as Thresholds<S>;
}

function known(rule: Rule<ThresholdSchema>): string {
    const names = Object.keys(rule.thresholds);
    return names.length === 0 ? "It has none." : `Write ${names.join(" or ")}.`;
}

function readValue(threshold: Threshold, value: unknown, path: string): Duration | number | boolean {
    if (threshold.kind === "duration" && typeof value === "string") return durationAt(path, value);
    if (threshold.kind === "integer" && Number.isInteger(value) && (value as number) >= threshold.least) return value as number;
    if (threshold.kind === "boolean" && typeof value === "boolean") return value;
    const wanted = { duration: "a duration such as 40h", integer: "a whole number", boolean: "true or false" }[threshold.kind];
    const least = threshold.kind === "integer" ? ` of at least ${threshold.least}` : "";
    throw new Error(`${path}: ${JSON.stringify(value)} is not ${wanted}${least}. ${threshold.doc}`);
}

function durationAt(path: string, text: string): Duration {
    try {
        return parseDuration(text);
    } catch (error) {
        throw new Error(`${path}: ${(error as Error).message}`);
    }
}
