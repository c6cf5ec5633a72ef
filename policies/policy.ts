import {
    type Policy,
    type PolicyConfigSchema,
    type ReportViolation,
    type ResourceValidationPolicy,
    type StackValidationPolicy,
    UnknownValueError,
} from "@pulumi/policy";
import { type Easing, easingOf, easingText } from "../rules/easing";
import { problemText } from "../rules/problem";
import { manifestOf, type Registered } from "../rules/reading/manifest";
import { readModel } from "../rules/reading/readModel";
import { type Overrides, type Rule, type Threshold, thresholdsOf } from "../rules/rule";

type PropertySchema = PolicyConfigSchema["properties"][string];

/**
 * A rule as a policy. A rule that checks each part by itself runs before the engine creates that resource; a rule that compares parts runs at the end
 * of the preview. Only a preview before the update makes a stack safe, see docs/adr/0004. A rule that the stack eases warns, with the stack's reason.
 */
export function toPolicy(rule: Rule, easings: readonly Easing[] = []): ResourceValidationPolicy | StackValidationPolicy {
    const easing = easingOf(rule.id, easings);
    const about: Policy = {
        name: rule.name,
        displayName: `${rule.id}: ${rule.title}`,
        // The runner prints it before each message.
        description: `${rule.title} (${rule.id}).`,
        // What loses nothing is worth a warning, and may be there on purpose.
        enforcementLevel: rule.severity === "medium" || easing !== undefined ? "advisory" : "mandatory",
        severity: rule.severity,
        remediationSteps: `${rule.why} ${rule.remedy}`,
        url: rule.source,
        tags: ["thanos", rule.id],
        configSchema: configSchema(rule),
    };
    const withReason = (report: ReportViolation): ReportViolation =>
        easing === undefined ? report : (message, urn) => report(`${message} Eased by the stack ${easingText(easing)}`, urn);
    return rule.scope === "part"
        ? { ...about, validateResource: (args, report) => validate(rule, [args], args.getConfig(), withReason(report)) }
        : { ...about, validateStack: (args, report) => validate(rule, args.resources, args.getConfig(), withReason(report)) };
}

const isUnknown = (error: unknown) => error instanceof UnknownValueError;

/** A field, or a file in a ConfigMap or Secret, has another type than its program demands: reading it trusts the types. */
const isOfAnotherType = (error: unknown): boolean => error instanceof TypeError;

function validate(rule: Rule, resources: readonly Registered[], config: Overrides, report: ReportViolation): void {
    const { model, ids, unread } = readModel(
        resources.flatMap(manifestOf),
        rule.reads,
        (error) => isUnknown(error) || isOfAnotherType(error),
    );
    for (const problem of rule.check(model, thresholdsOf(rule, config))) report(problemText(problem), urnOf(problem.path, ids));
    for (const { path, id, error } of unread)
        if (isOfAnotherType(error)) report(`${path}: has something of another type than its program demands (${error.message}).`, id);
        else if (!isUnknown(error)) report(`${path}: ${error.message}`, id);
    // Thrown last, so that every known problem is reported. The engine turns the error into a warning that the rule did not run in full.
    const unknown = unread.find(({ error }) => isUnknown(error));
    if (unknown !== undefined) throw unknown.error;
}

/** A problem's path begins with its part's: `StatefulSet thanos-compact-blue.retention.raw`. Where both `a` and `a.b` fit, `a.b` is the part. */
function urnOf(path: string, ids: ReadonlyMap<string, string>): string | undefined {
    const [part] = [...ids.keys()].filter((candidate) => path.startsWith(`${candidate}.`)).sort((a, b) => b.length - a.length);
    return part === undefined ? undefined : ids.get(part);
}

function configSchema(rule: Rule): PolicyConfigSchema {
    return {
        properties: Object.fromEntries(Object.entries(rule.thresholds).map(([name, threshold]) => [name, propertySchema(threshold)])),
    };
}

/** Approximate, since the engine prints it when it refuses a value; `thresholdsOf` is exact. No look-ahead: the engine's Go regexp has none. */
const DURATION = "^(0|([0-9]+(y|w|d|h|m|s|ms))+)$";

function propertySchema(threshold: Threshold): PropertySchema {
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
