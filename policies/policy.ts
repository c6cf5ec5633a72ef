import {
    type Policy,
    type PolicyConfigSchema,
    type ReportViolation,
    type ResourceValidationPolicy,
    type StackValidationPolicy,
    UnknownValueError,
} from "@pulumi/policy";
import { problemText } from "../rules/problem";
import { type Manifest, readModel } from "../rules/reading/readModel";
import { type Overrides, type Rule, type Threshold, thresholdsOf } from "../rules/rule";

type PropertySchema = PolicyConfigSchema["properties"][string];

/**
 * A rule as a policy. One resource is judged by itself, before the engine makes it; parts that are held against each other are judged
 * together, at the end of the preview. A stack is only safe behind a preview, see docs/adr/0004.
 */
export function toPolicy(rule: Rule): ResourceValidationPolicy | StackValidationPolicy {
    const about: Policy = {
        name: rule.name,
        displayName: `${rule.id}: ${rule.title}`,
        // The runner puts it before each message.
        description: `${rule.title} (${rule.id}).`,
        enforcementLevel: "mandatory",
        severity: rule.severity,
        remediationSteps: `${rule.why} ${rule.remedy}`,
        url: rule.source,
        tags: ["thanos", rule.id],
        configSchema: configSchema(rule),
    };
    return rule.scope === "part"
        ? { ...about, validateResource: (args, report) => validate(rule, [args], args.getConfig(), report) }
        : { ...about, validateStack: (args, report) => validate(rule, args.resources, args.getConfig(), report) };
}

const isUnknown = (error: unknown) => error instanceof UnknownValueError;

function validate(rule: Rule, resources: readonly Manifest[], config: Overrides, report: ReportViolation): void {
    const { model, urns, unread } = readModel(resources, rule.reads, isUnknown);
    for (const finding of rule.check(model, thresholdsOf(rule, config))) report(problemText(finding), urnOf(finding.path, urns));
    for (const { path, urn, error } of unread) if (!isUnknown(error)) report(`${path}: ${error.message}`, urn);
    // Last, so that what is known has been reported: the engine turns it into a warning that the rule was not run in full.
    const unknown = unread.find(({ error }) => isUnknown(error));
    if (unknown !== undefined) throw unknown.error;
}

/** A finding's path begins with its part's, `StatefulSet thanos-compact-blue.retention.raw`; of `a` and `a.b` the longer is meant. */
function urnOf(path: string, urns: ReadonlyMap<string, string>): string | undefined {
    const [part] = [...urns.keys()].filter((candidate) => path.startsWith(`${candidate}.`)).sort((a, b) => b.length - a.length);
    return part === undefined ? undefined : urns.get(part);
}

function configSchema(rule: Rule): PolicyConfigSchema {
    return {
        properties: Object.fromEntries(Object.entries(rule.thresholds).map(([name, threshold]) => [name, propertySchema(threshold)])),
    };
}

/** Roughly: the engine shows it as it is when it refuses a value, and `thresholdsOf` is exact. Go reads it, so it has no look-ahead. */
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
