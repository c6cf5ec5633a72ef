/**
 * What a preview of one stack found, for people. Names and paths of properties only, no value: a value may be a secret, and a page is read by more people
 * than a stack is.
 */
import { runtime } from "@pulumi/pulumi";
import type { EngineEvent, OpType, PolicyEvent, PropertyDiff, StepEventMetadata } from "@pulumi/pulumi/automation";
import { cleanMessage } from "../engine/operation";
import { resourceName } from "../engine/resourceName";
import { isMap } from "../rules/isMap";
import { holdsData, type Risk, risksIn, type Step } from "./risks";

export interface StackReport {
    /** The worst first: deleted, replaced, updated, created; by name. */
    changes: Change[];
    risks: Risk[];
    findings: Finding[];
    /** Whether the stack's outputs change, as far as a preview knows. */
    outputsChange: boolean;
}

/** A resource that an update would change. */
export interface Change extends Pick<Step, "op" | "urn" | "resource" | "stays"> {
    holdsData: boolean;
    /** Paths of the properties that change: `spec.replicas`. None where it is created or deleted. */
    paths: string[];
    /** Those of them because of which it is replaced. */
    replacedBy: string[];
}

/** What a policy says. */
export interface Finding {
    /** Name of the policy, and of its pack. */
    policy: string;
    pack: string;
    /** `mandatory` refuses the update, `advisory` does not. */
    level: "mandatory" | "advisory";
    /** `StatefulSet thanos-compact-blue`. @default it is about the whole stack */
    resource?: string;
    /** What is wrong; in this project's policies also what to do about it. */
    message: string;
}

/** Steps that change something, each resource once: a replacement has others beside this one. */
const OPS: Partial<Record<OpType, Step["op"]>> = {
    create: "create",
    update: "update",
    "create-replacement": "replace",
    delete: "delete",
};

const WORST_FIRST: readonly Step["op"][] = ["delete", "replace", "update", "create"];

/** Collects the report from the engine's events of one preview. */
export class PreviewEvents {
    private readonly steps: { step: Step; paths: string[]; replacedBy: string[] }[] = [];
    private readonly findings: Finding[] = [];
    private outputsChange = false;

    readonly onEvent = ({ resOutputsEvent, policyEvent }: EngineEvent): void => {
        if (resOutputsEvent) this.addStep(resOutputsEvent.metadata);
        if (policyEvent) this.findings.push(findingOf(policyEvent));
    };

    report(): StackReport {
        const byText = (a: string, b: string) => (a < b ? -1 : 1);
        // The engine works on resources in no fixed order.
        const sorted = [...this.steps].sort(
            ({ step: a }, { step: b }) => WORST_FIRST.indexOf(a.op) - WORST_FIRST.indexOf(b.op) || byText(a.resource, b.resource),
        );
        return {
            changes: sorted.map(({ step, paths, replacedBy }) => {
                const { op, urn, resource, stays } = step;
                return { op, urn, resource, stays, holdsData: holdsData(step), paths, replacedBy };
            }),
            risks: risksIn(sorted.map(({ step }) => step)),
            findings: this.findings.sort((a, b) => byText(`${a.policy} ${a.message}`, `${b.policy} ${b.message}`)),
            outputsChange: this.outputsChange,
        };
    }

    private addStep({ op, urn, type, old, new: now, detailedDiff, diffs = [], keys = [] }: StepEventMetadata): void {
        if (type === "pulumi:pulumi:Stack" && JSON.stringify(old?.outputs ?? {}) !== JSON.stringify(now?.outputs ?? {}))
            this.outputsChange = true;
        const counted = OPS[op];
        // The stack and its providers exist in the engine's state only.
        if (counted === undefined || type.startsWith("pulumi:")) return;
        const compared = counted === "update" || counted === "replace";
        const isReplacing = ([, { diffKind }]: [string, PropertyDiff]) => diffKind.endsWith("-replace");
        this.steps.push({
            step: {
                op: counted,
                urn,
                type,
                resource: resourceName(urn),
                ...(old && { old: withoutSecrets(old.inputs) as Step["old"] & object }),
                ...(now && { new: withoutSecrets(now.inputs) as Step["new"] & object }),
                stays: old?.retainOnDelete === true && counted !== "update",
            },
            paths: compared ? (detailedDiff ? Object.keys(detailedDiff) : [...diffs]).sort() : [],
            replacedBy: compared
                ? (detailedDiff
                      ? Object.entries(detailedDiff)
                            .filter(isReplacing)
                            .map(([path]) => path)
                      : [...keys]
                  ).sort()
                : [],
        });
    }
}

/** The engine has hidden a secret already, but what it puts in its place is no value of the resource's type. */
function withoutSecrets(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(withoutSecrets);
    if (!isMap(value)) return value;
    if (runtime.specialSigKey in value) return "[secret]";
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner)]));
}

function findingOf({ policyName, policyPackName, enforcementLevel, resourceUrn, message }: PolicyEvent): Finding {
    return {
        policy: policyName,
        pack: policyPackName,
        level: enforcementLevel === "mandatory" ? "mandatory" : "advisory",
        ...(resourceUrn && !resourceUrn.includes("pulumi:pulumi:Stack") && { resource: resourceName(resourceUrn) }),
        message: cleanMessage(message),
    };
}
