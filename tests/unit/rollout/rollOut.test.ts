import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import fc from "fast-check";
import type { Counts } from "../../../engine/counts";
import { type RolloutEvent, rolloutOf } from "../../../rollout/journal";
import { type GateQuestion, type RollOutOptions, rollOut } from "../../../rollout/rollOut";
import type { StackDriver } from "../../../rollout/stackDriver";
import type { StackEnd } from "../../../rollout/stackProcess";
import type { Wave } from "../../../rollout/waves";

const counts: Counts = { created: 1, updated: 0, replaced: 0, deleted: 0, same: 0 };
const ok: StackEnd = { ok: true, counts };
const refused: StackEnd = { ok: false, because: "failed", message: "why", counts };
const wave = (...stacks: string[]): Wave => ({ stacks, why: "" });
const text = (event: RolloutEvent) => ("stack" in event ? `${event.event} ${event.stack}` : event.event);

/** Runs a rollout with a driver of the test, and returns its events. */
async function run(waves: Wave[], drive: StackDriver, more: Partial<RollOutOptions> = {}) {
    const events: string[] = [];
    const { ended } = await rollOut(waves, {
        command: "up",
        drive,
        parallel: 2,
        signal: new AbortController().signal,
        onDoing: () => {},
        onEvent: async (event) => void events.push(text(event)),
        ...more,
    });
    return { events, ended };
}

describe("rollOut", () => {
    it("previews all stacks of a wave before it updates one, and ends a wave before the next", async () => {
        const { events, ended } = await run([wave("observer"), wave("blue", "red")], async () => ok, { parallel: 1 });
        assert.deepEqual(events, [
            "started",
            ...["previewing observer", "previewed observer", "updating observer", "updated observer"],
            ...["previewing blue", "previewed blue", "previewing red", "previewed red"],
            ...["updating blue", "updated blue", "updating red", "updated red"],
            "ended",
        ]);
        assert.equal(ended, "done");
    });

    it("takes stacks down without a preview, and ends a wave before the next", async () => {
        const { events, ended } = await run([wave("blue", "red"), wave("observer")], async () => ok, { command: "destroy", parallel: 1 });
        const stacks = ["blue", "red", "observer"].flatMap((stack) => [`destroying ${stack}`, `destroyed ${stack}`]);
        assert.deepEqual(events, ["started", ...stacks, "ended"]);
        assert.equal(ended, "done");
    });

    it("updates no stack of a wave in which a preview fails", async () => {
        const { events, ended } = await run([wave("blue", "red"), wave("green")], async (stack) => (stack === "red" ? refused : ok));
        assert.deepEqual(
            events.filter((event) => !event.startsWith("preview")),
            ["started", "failed red", "ended"],
        );
        assert.equal(ended, "stopped");
    });

    it("lets what runs beside a failure finish, and starts nothing more", async () => {
        const drive: StackDriver = async (stack, operation) => {
            if (operation === "preview") return ok;
            await wait(stack === "a" ? 10 : 40);
            return stack === "a" ? refused : ok;
        };
        const { events } = await run([wave("a", "b", "c"), wave("d")], drive);
        assert.deepEqual(
            events.filter((event) => !event.startsWith("preview")),
            ["started", "updating a", "updating b", "failed a", "updated b", "ended"],
        );
    });

    it("starts nothing more when it is cancelled, and passes the signal to what runs", async () => {
        const stop = new AbortController();
        const drive: StackDriver = async (_, operation, { signal }) => {
            if (operation === "up") stop.abort();
            return signal.aborted ? { ...refused, because: "cancelled" } : ok;
        };
        const { events, ended } = await run([wave("a", "b")], drive, { signal: stop.signal, parallel: 1 });
        assert.deepEqual(events.slice(-3), ["updating a", "failed a", "ended"]);
        assert.equal(ended, "cancelled");
    });

    describe("where somebody else holds the lock of a stack", () => {
        const locked: StackEnd = { ok: false, because: "locked", message: "held", counts: { ...counts, created: 0 } };
        /** Answers each operation of a stack with the next of these ends. */
        const driving = (...ends: StackEnd[]): StackDriver => {
            const left = [...ends];
            return async () => left.shift() ?? ok;
        };

        it("tries again for as long as it may wait", async () => {
            const waited: string[] = [];
            const waitForLock = async (stack: string) => waited.push(stack) < 3;
            const { ended } = await run([wave("a")], driving(locked, ok, locked, ok), { waitForLock });
            assert.deepEqual([ended, waited], ["done", ["a", "a"]]);
            assert.equal((await run([wave("a")], driving(locked, locked), { waitForLock })).ended, "stopped");
        });

        it("tries nothing else again", async () => {
            const { ended } = await run([wave("a")], driving(refused), { waitForLock: assert.fail });
            assert.equal(ended, "stopped");
        });
    });

    describe("with a gate", () => {
        it("tells it the configuration that each updated stack's Prometheus has to have", async () => {
            const asked: Record<string, string>[] = [];
            const gate = async ({ configHashes }: GateQuestion) => {
                asked.push(Object.fromEntries(configHashes));
                return {};
            };
            await run([wave("observer"), wave("agent")], async (stack) => ({ ...ok, ...(stack === "observer" && { configHash: "new" }) }), {
                gate,
                parallel: 1,
            });
            assert.deepEqual(asked, [{ observer: "new" }, { observer: "new" }]);
        });

        const waves = [wave("a"), wave("b", "c"), wave("d")];
        const gates = (text: string[]) => text.filter((event) => /^(gate|updated|ended)/.test(event));

        it("asks it after each wave, for all that was updated so far", async () => {
            const asked: string[] = [];
            const gate = async ({ updated }: GateQuestion) => {
                asked.push(updated.join(" "));
                return {};
            };
            const { events, ended } = await run(waves, async () => ok, { gate, parallel: 1 });
            assert.deepEqual(asked, ["a", "a b c", "a b c d"]);
            assert.deepEqual(gates(events), [
                ...[
                    "updated a",
                    "gateBegun",
                    "gatePassed",
                    "updated b",
                    "updated c",
                    "gateBegun",
                    "gatePassed",
                    "updated d",
                    "gateBegun",
                    "gatePassed",
                    "ended",
                ],
            ]);
            assert.equal(ended, "done");
        });

        describe("asks it only after something was changed", () => {
            const same: StackEnd = { ok: true, counts: { ...counts, created: 0, same: 1 } };
            /** What the gate is asked in a run in which only these stacks change: "updated; unreached". */
            async function asked(changing: string[], ...earlier: RolloutEvent[]): Promise<string[]> {
                const found: string[] = [];
                const gate = async ({ updated, unreached }: GateQuestion) => {
                    found.push(`${updated.join(" ")}; ${unreached.join(" ")}`);
                    return {};
                };
                const begin = rolloutOf([{ event: "started", command: "up", waves }, ...earlier]);
                await run(waves, async (stack) => (changing.includes(stack) ? ok : same), { gate, begin, parallel: 1 });
                return found;
            }
            const changed = (stack: string): RolloutEvent => ({ event: "updated", stack, counts });

            it("in this run", async () => {
                assert.deepEqual(await asked([]), []);
                assert.deepEqual(await asked(["b"]), ["a b c; "]);
                assert.deepEqual(await asked(["a", "d"]), ["a; ", "a b c d; "]);
            });

            it("or in an earlier one, when it has reached what that has changed", async () =>
                assert.deepEqual(await asked([], changed("c"), { event: "gateRefused", wave: 2, why: "why" }), ["a b c; "]));

            it("and names what an earlier one has changed and this one has not reached", async () =>
                assert.deepEqual(await asked(["a"], changed("a"), changed("d"), { event: "gateRefused", wave: 3, why: "why" }), [
                    "a; d",
                    "a b c d; ",
                ]));
        });

        it("starts no other wave where it refuses, and is not done where the last one refuses", async () => {
            for (const [refusing, last] of [
                ["a", "updated a"],
                ["a b c d", "updated d"],
            ]) {
                const gate = async ({ updated }: GateQuestion) => (updated.join(" ") === refusing ? { failed: "why" } : {});
                const { events, ended } = await run(waves, async () => ok, { gate, parallel: 1 });
                assert.deepEqual(gates(events).slice(-4), [last, "gateBegun", "gateRefused", "ended"]);
                assert.equal(ended, "stopped");
            }
        });

        it("is not asked after a wave that failed, and a cancelled one counts as cancelled", async () => {
            assert.equal((await run(waves, async () => refused, { gate: assert.fail })).ended, "stopped");
            const stop = new AbortController();
            const gate = async () => {
                stop.abort();
                return Promise.reject(stop.signal.reason);
            };
            assert.equal((await run(waves, async () => ok, { gate, signal: stop.signal })).ended, "cancelled");
        });
    });

    it("stops where its journal cannot be written, after what runs has finished", async () => {
        let running = 0;
        const drive: StackDriver = async () => {
            running++;
            await wait(20);
            running--;
            return ok;
        };
        const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
        let written = 0;
        const onEvent = async () => {
            if (++written > 3) throw full;
        };
        await assert.rejects(run([wave("a", "b", "c", "d")], drive, { onEvent }), full);
        assert.equal(running, 0);
        // "started", two previews, and the first one's end.
        assert.ok(written <= 5, `${written}`);
    });

    it("drives 100 stacks with never more than `parallel` at once, each once, whatever fails and however long each takes", () =>
        fc.assert(
            fc.asyncProperty(
                fc.integer({ min: 1, max: 12 }),
                fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 }),
                fc.option(fc.nat({ max: 200 })),
                fc.infiniteStream(fc.nat({ max: 2 })),
                async (parallel, sizes, failing, delays) => {
                    const names = Array.from({ length: 100 }, (_, i) => `s${i}`);
                    const waves: Wave[] = [];
                    for (let i = 0, at = 0; at < names.length; i++) {
                        const size = sizes[i % sizes.length] as number;
                        waves.push(wave(...names.slice(at, at + size)));
                        at += size;
                    }
                    const calls: string[] = [];
                    const running = new Set<string>();
                    let most = 0;
                    const drive: StackDriver = async (stack, operation) => {
                        const call = calls.push(`${operation} ${stack}`);
                        running.add(stack);
                        most = Math.max(most, running.size);
                        const inOneWave = waves.filter(({ stacks }) => stacks.some((name) => running.has(name)));
                        assert.equal(inOneWave.length, 1);
                        for (let i = delays.next().value as number; i > 0; i--) await Promise.resolve();
                        running.delete(stack);
                        return call === failing ? refused : ok;
                    };
                    const { ended } = await run(waves, drive, { parallel });
                    assert.ok(most <= parallel, `${most} at once`);
                    assert.equal(new Set(calls).size, calls.length);
                    assert.equal(ended, failing !== null && failing > 0 ? "stopped" : "done");
                    if (ended === "done") assert.equal(calls.length, 200);
                },
            ),
            { numRuns: 50 },
        ));
});
