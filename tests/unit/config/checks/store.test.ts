import assert from "node:assert/strict";
import { problemsOf } from "../../../support/problemsOf";
import { observerConfig } from "../../../support/testFleet";

const observer = (store: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    problemsOf(observerConfig("local", { store, ...more }));

const NO_EFFECT =
    "store.minAge: has no effect: no stream has only writers that write to Receive and are not archived. Remove it: only Receive has recent samples also while their cluster is away.";

describe("an age below which Stores leave samples to Receive", () => {
    it("is accepted where Receive keeps them until a Store can have noticed and loaded a block of that age", () => {
        assert.deepEqual(observer({ minAge: "22h" }, { receive: { retention: "22h30m" } }), []);
        assert.deepEqual(observer({ minAge: "22h" }, { receive: { retention: "22h29m" } }), [
            "store.minAge: 22h leaves a hole: receive keeps samples for 1349m, and Stores answer for them after 1350m, with two looks for new blocks to notice and load one. " +
                "Write a shorter age, or keep samples for 1350m or longer.",
        ]);
    });

    it("is accepted for agents, whose samples only Receive has", () =>
        assert.deepEqual(observer({ minAge: "22h" }, { observees: [{ name: "green", mode: "agent" }] }), []));

    it("is refused where no stream's recent samples are in Receive", () => {
        const refused = (observees: object[], streams: object[] = []) => observer({ minAge: "22h" }, { observees, streams });
        const red = { name: "red", mode: "sidecar-remote-write" };
        const blue = { name: "blue", mode: "sidecar" };
        assert.deepEqual(refused([blue]), [NO_EFFECT]);
        assert.deepEqual(refused([{ ...red, archived: true }]), [NO_EFFECT]);
        assert.deepEqual(refused([red, blue], [{ name: "small", writers: ["red", "blue"] }]), [NO_EFFECT]);
    });
});

describe("shards", () => {
    it("are at most as many as fit into the name of a StatefulSet", () => {
        assert.deepEqual(observer({ shards: 99 }), []);
        assert.deepEqual(
            observer({ shards: 100 }).map((problem) => problem.split(":")[0]),
            ["store.shards"],
        );
    });
});
