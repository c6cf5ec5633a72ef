import assert from "node:assert/strict";
import { cleaned, resourceName, Story } from "../../../engine/operation";

describe("the events of an operation", () => {
    const urn = "urn:pulumi:blue::thanos-fleet::fleet:index:Observer$kubernetes:apps/v1:StatefulSet::receive";
    const said = (severity: "error" | "info", message: string, ephemeral = false) => ({
        sequence: 1,
        timestamp: 1,
        diagnosticEvent: { urn, message, color: "never", severity, ephemeral },
    });

    it("name a resource by its kind and name", () => assert.equal(resourceName(urn), "StatefulSet receive"));

    it("show what is waited for, count what is done, and yield one message per problem", () => {
        const doing: string[] = [];
        const story = new Story((text) => doing.push(text));
        const metadata = { op: "create" as const, urn, type: "kubernetes:apps/v1:StatefulSet", provider: "" };
        story.onEvent({ sequence: 1, timestamp: 1, resourcePreEvent: { metadata } });
        story.onEvent(said("info", "waiting for 1 of 3 replicas ready", true));
        story.onEvent(said("error", "<{%reset%}>1 error occurred:\n\t* not ready\n\n<{%reset%}>"));
        story.onEvent(said("error", "1 error occurred:\n\t* not ready\n\n"));
        story.onEvent(said("error", "update failed"));
        story.onEvent({ sequence: 1, timestamp: 1, resOutputsEvent: { metadata } });
        assert.deepEqual(doing, ["creating StatefulSet receive", "StatefulSet receive: waiting for 1 of 3 replicas ready"]);
        assert.equal(story.message(), "StatefulSet receive: not ready");
        assert.deepEqual(story.counts, { created: 1, updated: 0, replaced: 0, deleted: 0, same: 0 });
    });

    it("leave stack traces out", () => {
        assert.equal(cleaned("error: Unhandled exception: Error: no bucket\n    at x (index.ts:1:1)\n    at y"), "no bucket");
    });
});
