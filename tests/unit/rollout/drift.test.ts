import assert from "node:assert/strict";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { driftExit } from "../../../cli/drift";
import { type Drifted, driftIn } from "../../../engine/drift";
import { type DriftOptions, driftVerdict, findDrift, type StackDrift } from "../../../rollout/drift";
import type { StackDriver } from "../../../rollout/stackDriver";
import type { StackEnd } from "../../../rollout/stackProcess";

const URN = "urn:pulumi:blue::thanos-fleet::kubernetes:core/v1:ConfigMap::query";
/** The engine's event after it has read a ConfigMap. */
const read = (op: string, step: object = {}): EngineEvent =>
    ({
        resOutputsEvent: { metadata: { op, urn: URN, type: "kubernetes:core/v1:ConfigMap", old: { id: "ns/query" }, ...step } },
    }) as unknown as EngineEvent;
const found = { urn: URN, name: "ConfigMap query", id: "ns/query" };
const counts = { created: 0, updated: 0, replaced: 0, deleted: 0, same: 1 };

describe("drift of a resource", () => {
    it("is what the plugin's comparison names, sorted, without values", () =>
        assert.deepEqual(
            driftIn(
                read("update", {
                    detailedDiff: {
                        "spec.b": { diffKind: "update-replace" },
                        "data.c": { diffKind: "delete" },
                        "data.a": { diffKind: "add" },
                    },
                    old: { id: "ns/query", inputs: { data: { c: "old" } } },
                }),
            ),
            {
                ...found,
                what: "changed",
                properties: [
                    { path: "data.a", how: "added" },
                    { path: "data.c", how: "removed" },
                    { path: "spec.b", how: "changed" },
                ],
            },
        ));

    it("is the changed keys where the plugin names no paths, and a change also where it names nothing", () => {
        const properties = [{ path: "spec", how: "changed" }];
        assert.deepEqual(driftIn(read("update", { detailedDiff: null, diffs: ["spec"] })), { ...found, what: "changed", properties });
        assert.deepEqual(driftIn(read("update", { detailedDiff: null })), { ...found, what: "changed", properties: [] });
    });

    it("is that it is gone", () => assert.deepEqual(driftIn(read("delete")), { ...found, what: "deleted", properties: [] }));

    it("is none where the plugin sees no difference, in what waits for its deletion, in what is only looked up, and in references to stacks", () => {
        for (const event of [
            read("same"),
            read("delete", { old: { id: "ns/query", delete: true } }),
            read("update", { old: { id: "ns/query", external: true } }),
            read("update", { type: "pulumi:pulumi:StackReference" }),
            { sequence: 1, timestamp: 1, cancelEvent: {} } as EngineEvent,
        ])
            assert.equal(driftIn(event), undefined);
    });
});

describe("drift of a fleet", () => {
    const drifted: Drifted = { ...found, what: "deleted", properties: [] };
    const end = (...drift: Drifted[]): StackEnd => ({ ok: true, counts, drift });
    const locked = { path: "blue", problem: "is locked.", remedy: "Wait." };
    const find = (drive: StackDriver, more: Partial<DriftOptions> = {}) =>
        findDrift(["red", "blue"], {
            drive,
            parallel: 1,
            examine: async () => [],
            onDoing: () => {},
            onEnd: () => {},
            signal: new AbortController().signal,
            ...more,
        });

    it("is looked for in every stack, also after one that cannot be read", async () => {
        const failed: StackEnd = { ok: false, because: "failed", message: "no cluster", counts };
        assert.deepEqual(await find(async (stack) => (stack === "red" ? failed : end(drifted))), [
            { name: "red", drift: [], unknown: "no cluster" },
            { name: "blue", drift: [drifted] },
        ]);
    });

    it("is not known of a stack whose state cannot be read, which does not hide the others", async () => {
        const examine = async (stack: string) => (stack === "red" ? Promise.reject(new Error("no passphrase")) : []);
        assert.deepEqual(await find(async () => end(drifted), { examine }), [
            { name: "red", drift: [], unknown: "no passphrase" },
            { name: "blue", drift: [drifted] },
        ]);
    });

    it("is not known of a stack that is locked, which is not read", async () => {
        const asked: string[] = [];
        const drive: StackDriver = async (stack) => {
            asked.push(stack);
            return end();
        };
        const examine = async (stack: string) => (stack === "blue" ? [locked] : []);
        assert.deepEqual((await find(drive, { examine }))[1], { name: "blue", drift: [], unknown: "blue is locked. Wait." });
        assert.deepEqual(asked, ["red"]);
    });

    it("is not known of a stack that an update has begun to change meanwhile", async () => {
        let looks = 0;
        const examine = async () => (++looks > 1 ? [locked] : []);
        assert.deepEqual((await find(async () => end(drifted), { examine }))[0], {
            name: "red",
            drift: [],
            unknown: "red is locked. Wait.",
        });
    });

    it("is not known of stacks that were not looked at before Ctrl-C", async () => {
        const stop = new AbortController();
        const drive: StackDriver = async () => {
            stop.abort();
            return end();
        };
        assert.deepEqual((await find(drive, { signal: stop.signal }))[1], { name: "blue", drift: [], unknown: "It was not looked at." });
    });

    it("is told in a verdict and an exit, where what is not known comes before what has drifted", () => {
        const clean: StackDrift = { name: "a", drift: [] };
        const changed: StackDrift = { name: "b", drift: [drifted] };
        const unknown: StackDrift = { name: "c", drift: [], unknown: "why" };
        const tell = (...stacks: StackDrift[]) => [driftVerdict(stacks), driftExit(stacks)];
        assert.deepEqual(tell(clean), ["No drift in 1 of 1 stacks.", "done"]);
        assert.deepEqual(tell(clean, changed), ["Drift in 1 of 2 stacks: b.", "changesFound"]);
        assert.deepEqual(tell(clean, changed, unknown), ["Drift in 1 of 3 stacks: b. Not known of: c.", "failed"]);
        assert.deepEqual(tell(clean, unknown), ["No drift in 1 of 2 stacks. Not known of: c.", "failed"]);
    });
});
