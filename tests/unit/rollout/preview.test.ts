import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { NO_CHANGES } from "../../../engine/counts";
import { mayChange, previewFleet, type StackPreview } from "../../../rollout/preview";
import type { StackEnd } from "../../../rollout/stackProcess";
import type { StackReport } from "../../../rollout/stackReport";
import type { FleetStack } from "../../../rollout/waves";

const observer: FleetStack = { name: "observer", role: "observer", cluster: "observer", labels: {} };
const observee = (name: string): FleetStack => ({ name, role: "observee", cluster: name, labels: {}, observer: "observer" });
const FLEET = [observee("red"), observer, observee("blue")];

const report = (outputsChange = false): StackReport => ({ changes: [], risks: [], findings: [], outputsChange });
const same: StackEnd = { ok: true, counts: NO_CHANGES, report: report() };
const changed: StackEnd = { ok: true, counts: { ...NO_CHANGES, updated: 1 }, report: report() };
const failed = (because: "failed" | "wrongInput" | "policy"): StackEnd => ({
    ok: false,
    because,
    message: `why ${because}`,
    counts: NO_CHANGES,
    report: report(),
});

/** Previews the fleet with a driver that ends as the test says; without a word, nothing changes. */
const run = (ends: Record<string, StackEnd>, unknown: string[] = [], fleet = FLEET) =>
    previewFleet(fleet, {
        drive: async (stack) => ends[stack] ?? same,
        unknown,
        parallel: 2,
        signal: new AbortController().signal,
        onEnd: () => {},
    });
const states = (previews: StackPreview[]) =>
    previews.map(({ name, state, provisional }) => `${name} ${state}${provisional ? ` after ${provisional}` : ""}`);

describe("the preview of a fleet", () => {
    it("has observers first, then observees by name", async () =>
        assert.deepEqual(states(await run({})), ["observer previewed", "blue previewed", "red previewed"]));

    it("previews each stack once, at most so many at the same time, and changes none", async () => {
        let running = 0;
        let most = 0;
        const calls: string[] = [];
        await previewFleet(FLEET, {
            drive: async (stack, operation) => {
                most = Math.max(most, ++running);
                calls.push(`${operation} ${stack}`);
                await wait(5);
                running--;
                return same;
            },
            unknown: [],
            parallel: 2,
            signal: new AbortController().signal,
            onEnd: () => {},
        });
        assert.deepEqual([calls.sort(), most], [["preview blue", "preview observer", "preview red"], 2]);
    });

    for (const [what, end] of [
        ["changes", changed],
        ["changes only in what it exports", { ok: true, counts: NO_CHANGES, report: report(true) }],
        ["fails", failed("failed")],
        ["is refused by a policy", failed("policy")],
    ] as const)
        it(`says that observees are provisional where their observer ${what}`, async () => {
            const previews = await run({ observer: end });
            assert.deepEqual(states(previews).slice(1), ["blue previewed after observer", "red previewed after observer"]);
            assert.deepEqual(previews.map(mayChange), [true, true, true]);
        });

    it("knows nothing of an observer that is not among the stacks", async () =>
        assert.deepEqual(states(await run({}, [], [observee("blue")])), ["blue previewed"]));

    it("lets an observee wait that refuses what its observer exports, where the observer changes", async () => {
        const previews = await run({ observer: changed, blue: failed("wrongInput"), red: failed("failed") });
        assert.deepEqual(states(previews), ["observer previewed", "blue waits after observer", "red failed after observer"]);
        assert.equal(previews[1]?.message, "why wrongInput");
        assert.deepEqual(states(await run({ blue: failed("wrongInput") }))[1], "blue failed");
    });

    it("previews neither a stack that the backend lacks, nor an observee of it", async () => {
        const previews = await run({ blue: failed("failed") }, ["observer"]);
        assert.deepEqual(states(previews), ["observer unknown", "blue waits after observer", "red waits after observer"]);
        assert.deepEqual(states(await run({}, ["red"])), ["observer previewed", "blue previewed", "red unknown"]);
    });

    it("has the message of a failure, and not of a refusal, whose findings say more", async () => {
        const previews = await run({ blue: failed("failed"), red: failed("policy") });
        assert.deepEqual(
            previews.map(({ state, because, message }) => ({ state, because, message })),
            [
                { state: "previewed", because: undefined, message: undefined },
                { state: "failed", because: "failed", message: "why failed" },
                { state: "refused", because: "policy", message: undefined },
            ],
        );
    });

    it("changes nothing where every stack stays as it is", async () =>
        assert.deepEqual((await run({})).map(mayChange), [false, false, false]));

    it("starts nothing more when it is cancelled", async () => {
        const stop = new AbortController();
        const calls: string[] = [];
        await previewFleet(FLEET, {
            drive: async (stack) => {
                calls.push(stack);
                stop.abort();
                return same;
            },
            unknown: [],
            parallel: 1,
            signal: stop.signal,
            onEnd: () => {},
        });
        assert.equal(calls.length, 1);
    });
});
