/**
 * What a stack's plugins read differently from what was last deployed. Which differences count is decided by the engine and the plugins, not here
 * (docs/adr/0037-drift-is-what-an-update-would-undo.md).
 */
import type { DiffKind, EngineEvent, StepEventStateMetadata } from "@pulumi/pulumi/automation";
import { resourceName } from "./resourceName";

export interface ChangedProperty {
    /** `spec.template.spec.containers[0].image`. */
    path: string;
    /** "added" and "removed": by somebody, where the resource is. */
    how: "added" | "removed" | "changed";
}

/** A resource that is not as it was deployed. Values are left out: a setting may be a secret. */
export interface Drifted {
    urn: string;
    /** Kind and the program's name: "ConfigMap thanos-query". */
    name: string;
    /** The plugin's id: `namespace/name` of a Kubernetes object. */
    id: string;
    what: "deleted" | "changed";
    /** What differs. Empty where it was deleted, or where its plugin does not say. */
    properties: ChangedProperty[];
}

/** The SDK's type lacks a field that the engine sends (sdk/go/common/apitype/events.go, 3.259). */
type State = StepEventStateMetadata & { external?: boolean };

/** The drift that an event of a refresh tells of; undefined if none. */
export function driftIn({ resOutputsEvent }: EngineEvent): Drifted | undefined {
    const step = resOutputsEvent?.metadata;
    // The stack, its providers and references to other stacks are only in states. What waits for its deletion may be gone.
    if (step === undefined || step.type.startsWith("pulumi:") || step.old?.delete) return undefined;
    const found = { urn: step.urn, name: resourceName(step.urn), id: step.old?.id ?? "" };
    if (step.op === "delete") return { ...found, what: "deleted", properties: [] };
    // Of what the stack only looks up, it has declared nothing.
    if (step.op !== "update" || (step.old as State | undefined)?.external) return undefined;
    const kinds = Object.entries(step.detailedDiff ?? {}).map(([path, { diffKind }]): [string, DiffKind | undefined] => [path, diffKind]);
    const paths = kinds.length > 0 ? kinds : (step.diffs ?? []).map((path): [string, undefined] => [path, undefined]);
    const properties = paths.map(([path, kind]) => ({ path, how: how(kind) })).sort((a, b) => (a.path < b.path ? -1 : 1));
    return { ...found, what: "changed", properties };
}

/** The engine has turned the plugin's answer round: it compares from what was deployed to what is there (RefreshStep, pkg/resource/deploy/step.go, 3.259). */
function how(kind: DiffKind | undefined): ChangedProperty["how"] {
    if (kind?.startsWith("add")) return "added";
    return kind?.startsWith("delete") ? "removed" : "changed";
}
