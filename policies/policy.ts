import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { type Easing, easingOf, easingText } from "../rules/easing";
import { problemText } from "../rules/problem";
import { manifestOf, type Registered } from "../rules/reading/manifest";
import { type Overrides, type Rule, type Threshold, thresholdsOf } from "../rules/rule";
import { UnknownValueError } from "./properties";

/** Receives a violation, and the URN of its resource where there is one. */
export type Report = (message: string, urn?: string) => void;

/** What the engine is told of a policy, and how to ask it. */
export interface Policy {
    /** Its key in the configuration of the pack. */
    readonly name: string;
    readonly displayName: string;
    readonly description: string;
    /** Unless the configuration of the pack has another one: `mandatory` stops an update. */
    readonly level: "advisory" | "mandatory";
    readonly severity: Rule["severity"];
    readonly remediation: string;
    /** The page that says so. */
    readonly url: string;
    readonly tags: readonly string[];
    /** `part`: checks each resource before the engine creates it; `deployment`: all of a stack, once they are registered. */
    readonly scope: Rule["scope"];
    /** The schema of its settings, by their names. */
    readonly settings: Readonly<Record<string, Readonly<Record<string, JavaScriptValue>>>>;
    /** Throws UnknownValueError where it could not check everything before the update, after it has reported what it found. */
    validate(resources: readonly Registered[], settings: Overrides, report: Report): void;
}

/**
 * A rule as a policy. A rule that checks each part by itself runs before the engine creates that resource; a rule that compares parts runs at the end
 * of the preview. Only a preview before the update makes a stack safe, see docs/adr/0004. A rule that the stack eases warns, with the stack's reason.
 */
export function toPolicy(rule: Rule, easings: readonly Easing[] = []): Policy {
    const easing = easingOf(rule.id, easings);
    return {
        name: rule.name,
        displayName: `${rule.id}: ${rule.title}`,
        description: `${rule.title} (${rule.id}).`,
        // What loses nothing is worth a warning, and may be there on purpose.
        level: rule.severity === "medium" || easing !== undefined ? "advisory" : "mandatory",
        severity: rule.severity,
        remediation: `${rule.why} ${rule.remedy}`,
        url: rule.source,
        tags: ["thanos", rule.id],
        scope: rule.scope,
        settings: Object.fromEntries(Object.entries(rule.thresholds).map(([name, threshold]) => [name, schemaOf(threshold)])),
        validate: (resources, settings, report) =>
            validate(
                rule,
                resources,
                settings,
                easing === undefined ? report : (message, urn) => report(`${message} Eased by the stack ${easingText(easing)}`, urn),
            ),
    };
}

/** The reader of manifests: half of what the pack loads. Until it is configured the engine waits for it, so this is left for later. */
export const loadReader = () => require("../rules/reading/readModel") as typeof import("../rules/reading/readModel");

const isUnknown = (error: unknown): boolean => error instanceof UnknownValueError;

/** A field, or a file in a ConfigMap or Secret, has another type than its program demands: reading it trusts the types. */
const isOfAnotherType = (error: unknown): boolean => error instanceof TypeError;

function validate(rule: Rule, resources: readonly Registered[], settings: Overrides, report: Report): void {
    const manifests = resources.flatMap(manifestOf);
    // Every rule is silent about nothing, and most resources of a stack are none that a rule reads.
    if (manifests.length === 0) return;
    const { model, ids, unread } = loadReader().readModel(manifests, rule.reads, (error) => isUnknown(error) || isOfAnotherType(error));
    for (const problem of rule.check(model, thresholdsOf(rule, settings))) report(problemText(problem), urnOf(problem.path, ids));
    for (const { path, id, error } of unread)
        if (isOfAnotherType(error)) report(`${path}: has something of another type than its program demands (${error.message}).`, id);
        else if (!isUnknown(error)) report(`${path}: ${error.message}`, id);
    // Thrown last, so that every known problem is reported. The server turns the error into a warning that the rule did not run in full.
    const unknown = unread.find(({ error }) => isUnknown(error));
    if (unknown !== undefined) throw unknown.error;
}

/** A problem's path begins with its part's: `StatefulSet thanos-compact-blue.retention.raw`. Where both `a` and `a.b` fit, `a.b` is the part. */
function urnOf(path: string, ids: ReadonlyMap<string, string>): string | undefined {
    const [part] = [...ids.keys()].filter((candidate) => path.startsWith(`${candidate}.`)).sort((a, b) => b.length - a.length);
    return part === undefined ? undefined : ids.get(part);
}

/** Approximate, since the engine prints it when it refuses a value; `thresholdsOf` is exact. No look-ahead: the engine's Go regexp has none. */
const DURATION = "^(0|([0-9]+(y|w|d|h|m|s|ms))+)$";

function schemaOf(threshold: Threshold): Policy["settings"][string] {
    const { doc: description } = threshold;
    switch (threshold.kind) {
        case "duration":
            return { type: "string", pattern: DURATION, default: threshold.default, description };
        case "integer":
            return { type: "integer", minimum: threshold.least, default: threshold.default, description };
        case "boolean":
            return { type: "boolean", default: threshold.default, description };
    }
}
