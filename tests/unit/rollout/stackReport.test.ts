import assert from "node:assert/strict";
import { runtime } from "@pulumi/pulumi";
import { DiffKind, type EngineEvent, type PolicyEvent, type StepEventMetadata } from "@pulumi/pulumi/automation";
import { PreviewEvents } from "../../../rollout/stackReport";

const at = { sequence: 1, timestamp: 1 };

/** A state, as far as an event has it. */
const state = (inputs: object, more: object = {}) => ({
    type: "",
    urn: "",
    id: "",
    parent: "",
    inputs,
    outputs: {},
    provider: "",
    ...more,
});

function step(op: StepEventMetadata["op"], type: string, name: string, more: Partial<StepEventMetadata> = {}): EngineEvent {
    const urn = `urn:pulumi:blue::thanos-fleet::thanos-fleet:index:Observee$${type}::${name}`;
    return { ...at, resOutputsEvent: { metadata: { op, urn, type, provider: "", ...more } } };
}

const policy = (event: Partial<PolicyEvent>): EngineEvent => ({
    ...at,
    policyEvent: {
        message: "<{%fg 13%}>What is wrong.<{%reset%}>\n",
        color: "raw",
        policyName: "a",
        policyPackName: "own",
        policyPackVersion: "",
        policyPackVersionTag: "",
        enforcementLevel: "mandatory",
        ...event,
    },
});

function reportOf(...events: EngineEvent[]) {
    const preview = new PreviewEvents();
    for (const event of events) preview.onEvent(event);
    return preview.report();
}

const SERVICE = "kubernetes:core/v1:Service";
const STACK = "pulumi:pulumi:Stack";

describe("the report of a preview", () => {
    it("lists what changes, the worst first and then by name, and each replacement once", () => {
        const { changes } = reportOf(
            step("create", SERVICE, "b"),
            step("create", SERVICE, "a"),
            step("same", SERVICE, "c"),
            step("update", SERVICE, "d"),
            ...(["delete-replaced", "replace", "create-replacement"] as const).map((op) => step(op, SERVICE, "e")),
            step("delete", SERVICE, "f"),
            step("read", SERVICE, "g"),
        );
        assert.deepEqual(
            changes.map(({ op, resource }) => `${op} ${resource}`),
            ["delete Service f", "replace Service e", "update Service d", "create Service a", "create Service b"],
        );
    });

    it("leaves the stack and its providers out, as the counts do", () =>
        assert.deepEqual(reportOf(step("create", STACK, "s"), step("update", "pulumi:providers:aws", "p")).changes, []));

    it("names the properties that change, and those that cause a replacement", () => {
        const kind = (diffKind: DiffKind) => ({ diffKind, inputDiff: true });
        const { changes } = reportOf(
            step("create-replacement", "kubernetes:core/v1:PersistentVolumeClaim", "a", {
                detailedDiff: { "spec.storageClassName": kind(DiffKind.updateReplace), "metadata.labels.x": kind(DiffKind.add) },
                diffs: ["spec", "metadata"],
            }),
            step("create-replacement", SERVICE, "b", { diffs: ["spec", "metadata"], keys: ["spec"] }),
            step("update", SERVICE, "c", { diffs: ["spec", "metadata"] }),
            step("create", SERVICE, "d", { diffs: ["spec"] }),
        );
        assert.deepEqual(
            changes.map(({ resource, holdsData, paths, replacedBy }) => ({ resource, holdsData, paths, replacedBy })),
            [
                {
                    resource: "PersistentVolumeClaim a",
                    holdsData: true,
                    paths: ["metadata.labels.x", "spec.storageClassName"],
                    replacedBy: ["spec.storageClassName"],
                },
                { resource: "Service b", holdsData: false, paths: ["metadata", "spec"], replacedBy: ["spec"] },
                { resource: "Service c", holdsData: false, paths: ["metadata", "spec"], replacedBy: [] },
                { resource: "Service d", holdsData: false, paths: [], replacedBy: [] },
            ],
        );
    });

    it("says of what is deleted or replaced whether the old one stays", () => {
        const old = state({}, { retainOnDelete: true });
        const { changes } = reportOf(
            ...(["update", "delete", "create-replacement"] as const).map((op) => step(op, SERVICE, op, { old, new: old })),
        );
        assert.deepEqual(
            changes.map(({ op, stays }) => [op, stays]),
            [
                ["delete", true],
                ["replace", true],
                ["update", false],
            ],
        );
    });

    it("has the risks of the steps, whatever in them is secret", () => {
        const secret = { [runtime.specialSigKey]: runtime.specialSecretSig, ciphertext: "hidden" };
        const ingester = (retention: string) => {
            const args = ["receive", secret, `--tsdb.retention=${retention}`];
            return state({ spec: { template: { spec: { containers: [{ image: "quay.io/thanos/thanos:v0.42.4", args }] } } } });
        };
        const { risks } = reportOf(step("update", "kubernetes:apps/v1:StatefulSet", "a", { old: ingester("2d"), new: ingester("1d") }));
        assert.deepEqual(risks, [{ risk: "shrinks retention", text: "recent samples of StatefulSet a are kept for 1d instead of 2d." }]);
    });

    it("has what policies say, with the resource, and without the colours of a terminal", () => {
        const urn = "urn:pulumi:blue::thanos-fleet::kubernetes:core/v1:Namespace::monitoring";
        const stack = "urn:pulumi:blue::thanos-fleet::pulumi:pulumi:Stack::thanos-fleet-blue";
        // The engine says "advisory", the SDK's type "warning".
        const advisory = "advisory" as PolicyEvent["enforcementLevel"];
        const { findings } = reportOf(
            policy({ policyName: "b", enforcementLevel: advisory, resourceUrn: stack }),
            policy({ resourceUrn: urn }),
        );
        assert.deepEqual(findings, [
            { policy: "a", pack: "own", level: "mandatory", resource: "Namespace monitoring", message: "What is wrong." },
            { policy: "b", pack: "own", level: "advisory", message: "What is wrong." },
        ]);
    });

    it("says whether the stack's outputs change", () => {
        const outputs = (version: number) => state({}, { outputs: { contract: { version } } });
        const changes = (before: number, after: number) =>
            reportOf(step("same", STACK, "s", { old: outputs(before), new: outputs(after) })).outputsChange;
        assert.deepEqual([changes(4, 5), changes(5, 5), reportOf().outputsChange], [true, false, false]);
    });
});
