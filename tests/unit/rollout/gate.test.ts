import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { type Before, beforeOf, type Evidence, gateVerdict, type Look, problemsIn, uploadsWithin, waitAtGate } from "../../../rollout/gate";

const AT = 1_000_000;
const NOTHING: Before = { clusters: [], alerts: [], failedUploads: [], warnings: [] };
const evidence = (newest: Record<string, number>, more: Partial<Evidence> = {}): Evidence => ({
    at: AT,
    newest: new Map(Object.entries(newest)),
    configs: new Map(),
    alerts: [],
    failedUploads: [],
    warnings: [],
    ...more,
});

describe("the gate after a wave", () => {
    it("counts uploads that have failed since the wave ended, for a minute at least, and those of five minutes before a rollout", () => {
        const now = Date.now();
        assert.equal(uploadsWithin(undefined, now), "300s");
        assert.deepEqual(
            [0, 59, 61, 299.5, 4000].map((seconds) => uploadsWithin(now - seconds * 1000, now)),
            ["60s", "60s", "61s", "300s", "300s"],
        );
    });

    describe("demands", () => {
        const since = AT - 600_000;
        const problems = (found: Evidence, before: Partial<Before> = {}) =>
            problemsIn(found, { clusters: ["blue", "red"], configs: new Map(), since, before: { ...NOTHING, ...before } });
        const well = { blue: AT - 1, red: AT - 90_000 };

        it("nothing more of a fleet that is well", () => assert.deepEqual(problems(evidence({ ...well, green: 1 })), []));

        it("a sample of each cluster that is newer than the wave", () =>
            assert.deepEqual(problems(evidence({ blue: since })), ["no sample since the wave ended from blue, red"]));

        it("that samples keep coming: Query answers with one for five minutes after the last", () =>
            assert.deepEqual(problems(evidence({ ...well, red: AT - 90_001 })), ["no sample for 90s from red"]));

        it("that each Prometheus has evaluated the rules that came with its configuration, since the wave", () => {
            const configs = new Map([
                ["blue", "new"],
                ["red", "new"],
            ]);
            const found = (blue: string, time: number) =>
                problemsIn(
                    evidence(well, {
                        configs: new Map([
                            [`blue ${blue}`, time],
                            ["red new", AT],
                        ]),
                    }),
                    { clusters: [], configs, since, before: NOTHING },
                );
            const missing = ["Prometheus does not have its configuration yet in blue"];
            assert.deepEqual([found("old", AT), found("new", since), found("new", AT)], [missing, missing, []]);
        });

        it("that no alert fires, or is about to, which did not before the rollout", () =>
            assert.deepEqual(
                problems(evidence(well, { alerts: ["FleetCompactHalted in red", "FleetUploadMissing in blue"] }), {
                    alerts: ["FleetUploadMissing in blue"],
                }),
                ["alerts: FleetCompactHalted in red"],
            ));

        it("that no upload fails in a cluster where none failed before", () =>
            assert.deepEqual(problems(evidence(well, { failedUploads: ["blue", "red"] }), { failedUploads: ["red"] }), [
                "uploads fail in blue",
            ]));

        it("that answers are whole, or lack only what they lacked before, whatever numbers are in the warning", () => {
            const lacks = (leaf: string, port: number) => `no answer from ${leaf} at 10.0.0.${port}:${port}`;
            assert.deepEqual(
                problems(evidence(well, { warnings: [lacks("blue", 2), lacks("red", 2), lacks("green", 2)] }), {
                    warnings: [lacks("blue", 1)],
                }),
                [`Query warns: ${lacks("red", 2)}`],
            );
        });
    });

    it("knows of the time before a rollout which clusters answered then, and what was not well", () =>
        assert.deepEqual(
            beforeOf(
                evidence({ red: AT, blue: AT - 1, gone: AT - 100_000 }, { alerts: ["A in blue"], failedUploads: ["red"], warnings: ["w"] }),
            ),
            { clusters: ["blue", "red"], alerts: ["A in blue"], failedUploads: ["red"], warnings: ["w"] },
        ));

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
        const UP = "max by (cluster) (timestamp(up))";
        const CONFIGS = "max by (cluster, config_hash) (timestamp(thanos_fleet_config_info))";
        let server: Server;
        /** By the begin of a query: the series of its answer. Any other query is refused. */
        let answers: Record<string, object[]> = {};
        let missing: string[] = [];
        const asked: string[] = [];
        const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const gate = () => ({ query: `${url()}/`, soak: "0s", deadline: "1h", alerts: "Fleet.*", severities: ["critical", "warning"] });
        /** Query's clock is ten minutes ahead of this machine's. */
        const ahead = 600;
        const sampled = (cluster: string, age: number, more: object = {}) => {
            const now = Date.now() / 1000 + ahead;
            return { metric: { cluster, ...more }, value: [now, String(now - age)] };
        };
        const alert = (alertname: string, cluster: string) => ({ metric: { alertname, cluster }, value: [Date.now() / 1000, "1"] });
        before((done) => {
            server = createServer(({ url: path = "" }, response) => {
                const { pathname, searchParams } = new URL(path, "http://x");
                const promql = searchParams.get("query") ?? "";
                asked.push(promql);
                const result =
                    pathname === "/api/v1/query" ? Object.entries(answers).find(([start]) => promql.startsWith(start))?.[1] : undefined;
                response.end(
                    JSON.stringify(
                        result ? { status: "success", data: { result }, warnings: missing } : { status: "error", error: "no store" },
                    ),
                );
            }).listen(0, "127.0.0.1", done);
        });
        beforeEach(() => {
            answers = { [UP]: [], [CONFIGS]: [sampled("blue", 0, { config_hash: "new" })], ALERTS: [], sum: [] };
            missing = [];
            asked.length = 0;
        });
        after(() => void server.close());
        const { signal } = new AbortController();
        const demands = (clusters: string[], more: object = {}) => ({
            clusters,
            configs: new Map([["blue", "new"]]),
            since: Date.now() - 1000,
            before: NOTHING,
            ...more,
        });
        const tooLate = { since: Date.now() - 3_600_001 };

        it("and passes where every cluster answers and the alerts are silent, whatever its clock says", async () => {
            answers = { ...answers, [UP]: [sampled("blue", 0), sampled("red", 0.5)], ALERTS: [alert("FleetOld", "red")] };
            const before: Before = { ...NOTHING, alerts: ["FleetOld in red"] };
            assert.deepEqual(await waitAtGate(gate(), demands(["blue", "red"], { before }), signal, assert.fail), {});
            assert.deepEqual(asked, [
                UP,
                CONFIGS,
                'ALERTS{alertname=~"Fleet.*",severity=~"critical|warning"}',
                "sum by (cluster) (increase(thanos_shipper_dir_sync_failures_total[60s])) > 0 or " +
                    'sum by (cluster) (increase(thanos_objstore_bucket_operation_failures_total{operation="upload"}[60s])) > 0',
            ]);
        });

        it("and fails at the deadline with all that is not well", async () => {
            answers = {
                [UP]: [sampled("blue", 100)],
                [CONFIGS]: [sampled("blue", 0, { config_hash: "old" })],
                ALERTS: [alert("FleetCompactHalted", "observer")],
                sum: [{ metric: { cluster: "blue" }, value: [0, "1"] }],
            };
            missing = ["no answer from red"];
            assert.deepEqual(await waitAtGate(gate(), demands(["blue"], tooLate), signal, assert.fail), {
                failed: "no sample for 90s from blue; Prometheus does not have its configuration yet in blue; alerts: FleetCompactHalted in observer; uploads fail in blue; Query warns: no answer from red",
            });
        });

        it("and fails at the deadline where Query does not answer", async () => {
            answers = { [UP]: [] };
            const { failed } = await waitAtGate(gate(), demands(["blue"], tooLate), signal, assert.fail);
            assert.match(failed ?? "", /^http:\/\/127\.0\.0\.1:\d+\/ does not answer: .*no store$/);
        });

        it("and ends at once when it is cancelled while Query does not answer", async () => {
            const silent = createServer(() => {}).listen(0, "127.0.0.1");
            await once(silent, "listening");
            const stop = new AbortController();
            silent.on("request", () => stop.abort());
            const query = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
            await assert.rejects(waitAtGate({ ...gate(), query }, demands(["blue"]), stop.signal, assert.fail), { name: "AbortError" });
            silent.closeAllConnections();
            silent.close();
        });

        it("and ends at once when it is cancelled", async () => {
            const stop = new AbortController();
            const waiting = waitAtGate(gate(), demands(["blue"]), stop.signal, () => stop.abort());
            await assert.rejects(waiting, { name: "AbortError" });
        });
    });
});
