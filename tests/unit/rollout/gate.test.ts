import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { type Evidence, gateVerdict, type Look, problemsIn, waitAtGate } from "../../../rollout/gate";

const evidence = (newest: Record<string, number>, ...alerts: string[]): Evidence => ({ newest: new Map(Object.entries(newest)), alerts });
const demands = { clusters: ["blue", "red"], since: 100, known: ["Old in red"] };

describe("the gate after a wave", () => {
    it("demands a sample of each cluster that is newer than the wave", () => {
        assert.deepEqual(problemsIn(evidence({ blue: 101, red: 102, green: 1 }), demands), []);
        assert.deepEqual(problemsIn(evidence({ blue: 100 }), demands), ["no sample since the wave ended from blue, red"]);
    });

    it("demands that no alert fires that did not fire before the rollout", () =>
        assert.deepEqual(problemsIn(evidence({ blue: 101, red: 101 }, "Halted in observer", "Old in red", "Late in blue"), demands), [
            "firing: Halted in observer, Late in blue",
        ]));

    describe("decides by all looks", () => {
        const well = (at: number): Look => ({ at, problems: [] });
        const ill = (at: number): Look => ({ at, problems: ["firing: A", "firing: B"] });
        const verdict = (...looks: Look[]) => gateVerdict(looks, 0, { soak: 10, deadline: 100 });

        it("that the fleet was well for as long as it has to", () => {
            assert.equal(verdict(), "wait");
            assert.equal(verdict(well(1), well(10)), "wait");
            assert.equal(verdict(well(1), well(11)), "passed");
        });

        it("that it begins to count anew when the fleet is not well", () => {
            assert.equal(verdict(well(1), ill(9), well(12), well(21)), "wait");
            assert.equal(verdict(well(1), ill(9), well(12), well(22)), "passed");
        });

        it("that it is too late, and says why", () => {
            assert.equal(verdict(well(1), ill(99)), "wait");
            assert.deepEqual(verdict(well(1), ill(100)), { failed: "firing: A; firing: B" });
            assert.deepEqual(verdict(ill(90), well(95), well(101)), {
                failed: "the fleet was not well for long enough before the deadline",
            });
        });

        it("never passes with a problem in the last `soak`, and never waits after the deadline", () =>
            fc.assert(
                fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.boolean()), { minLength: 1, maxLength: 30 }), (steps) => {
                    let at = 0;
                    const looks = steps.map(([step, isWell]) => {
                        at += step;
                        return isWell ? well(at) : ill(at);
                    });
                    const decided = verdict(...looks);
                    const clean = looks.filter((look) => look.at >= at - 10).every(({ problems }) => problems.length === 0);
                    if (decided === "passed") assert.ok(clean && at - (looks[0] as Look).at >= 10);
                    if (decided === "wait") assert.ok(at < 100);
                }),
            ));
    });

    describe("asks Query", () => {
        let server: Server;
        let answers: Record<string, object[]> = {};
        const asked: string[] = [];
        const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const gate = (more: object = {}) => ({ query: url(), soak: "0s", deadline: "1h", severities: ["critical", "warning"], ...more });
        const now = Date.now();
        const sampled = (cluster: string, at: number) => ({ metric: { cluster }, value: [now / 1000, String(at / 1000)] });
        const alert = (alertname: string, cluster: string) => ({ metric: { alertname, cluster }, value: [now / 1000, "1"] });
        before((done) => {
            server = createServer(({ url: path = "" }, response) => {
                const promql = new URL(path, "http://x").searchParams.get("query") ?? "";
                asked.push(promql);
                const result = Object.entries(answers).find(([start]) => promql.startsWith(start))?.[1];
                response.end(JSON.stringify(result ? { status: "success", data: { result } } : { status: "error", error: "no store" }));
            }).listen(0, "127.0.0.1", done);
        });
        after(() => void server.close());
        const { signal } = new AbortController();

        it("and passes where every cluster answers and the alerts are silent", async () => {
            answers = { max: [sampled("blue", now), sampled("red", now)], ALERTS: [alert("Old", "red")] };
            const clusters = { clusters: ["blue", "red"], since: now - 1000, known: ["Old in red"] };
            assert.deepEqual(await waitAtGate(gate(), clusters, signal, assert.fail), {});
            assert.deepEqual(asked, ["max by (cluster) (timestamp(up))", 'ALERTS{alertstate="firing",severity=~"critical|warning"}']);
        });

        it("and fails at the deadline where an alert fires, or Query does not answer", async () => {
            const late = { clusters: ["blue"], since: now - 3_600_001, known: [] };
            answers = { max: [sampled("blue", now)], ALERTS: [alert("Halted", "observer")] };
            assert.deepEqual(await waitAtGate(gate(), late, signal, assert.fail), { failed: "firing: Halted in observer" });
            answers = { max: [] };
            const { failed } = await waitAtGate(gate(), late, signal, assert.fail);
            assert.match(failed ?? "", /^http:\/\/127\.0\.0\.1:\d+ does not answer: .*no store$/);
        });

        it("and ends at once when it is cancelled", async () => {
            answers = { max: [], ALERTS: [] };
            const stop = new AbortController();
            const waiting = waitAtGate(gate(), { clusters: ["blue"], since: now, known: [] }, stop.signal, () => stop.abort());
            await assert.rejects(waiting, { name: "AbortError" });
        });
    });
});
