import assert from "node:assert/strict";
import { join } from "node:path";
import { brokenLegs, checkFleet, countTargets } from "../../../local/checkAnswers";
import { FleetFailure } from "../../../local/fleet/failure";
import { FakeApi } from "../../support/fakeApi";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const expected = [
    { namespace: "kube-system", service: "kps-kubelet", endpoint: "https-metrics", count: 3 },
    { namespace: "monitoring", service: "kps-prometheus", endpoint: "http-web", count: 2 },
];
const up = (service: string, endpoint: string, value: number, namespace = "monitoring") => ({
    metric: { cluster: "red", namespace, service, endpoint },
    value,
});

describe("the targets of a cluster", () => {
    it("are complete if every one is up", () =>
        assert.deepEqual(
            countTargets(expected, [up("kps-kubelet", "https-metrics", 3, "kube-system"), up("kps-prometheus", "http-web", 2)]),
            { up: 5, expected: 5, missing: [] },
        ));

    it("are missing by Service and port", () =>
        assert.deepEqual(countTargets(expected, [up("kps-prometheus", "http-web", 1)]), {
            up: 1,
            expected: 5,
            missing: ["kps-kubelet:https-metrics (0 of 3)", "kps-prometheus:http-web (1 of 2)"],
        }));

    it("are not replaced by a surplus behind another port", () =>
        assert.deepEqual(
            countTargets(expected, [up("kps-kubelet", "https-metrics", 2, "kube-system"), up("kps-prometheus", "http-web", 9)]),
            { up: 4, expected: 5, missing: ["kps-kubelet:https-metrics (2 of 3)"] },
        ));
});

describe("the ways between clusters that do not work", () => {
    const endpoint = (name: string, lastError: unknown = null) => ({
        kind: "query",
        name,
        lastError,
        labelSets: [],
        minTime: 0,
        maxTime: 1,
    });
    const leaves = ["blue", "red"].map((cluster) => endpoint(`thanos:///query.${cluster}.fleet.internal:10901`));

    it("are none if every leaf Query and every other endpoint answers", () =>
        assert.deepEqual(brokenLegs([...leaves, endpoint("10.0.0.1:10901")], ["blue", "red"]), []));

    it("are each named with its last error", () =>
        assert.deepEqual(brokenLegs([...leaves, endpoint("10.0.0.1:10901", "context deadline exceeded")], ["blue", "red"]), [
            "Query gets no answer from 10.0.0.1:10901: context deadline exceeded",
        ]));

    it("are also those to leaf Queries that Query does not list yet", () =>
        assert.deepEqual(brokenLegs(leaves.slice(0, 1), ["blue", "red"]), [
            "Query has had no answer from query.red.fleet.internal, the leaf Query of red, yet",
        ]));
});

describe("checkFleet", () => {
    /** A fleet in which each cluster has two targets, of which red has only one unless `redRuns`: the other pod waits for a node. */
    const fleet = (redRuns: boolean) =>
        new FakeApi(({ url }) => {
            const { pathname, searchParams } = new URL(url, "http://fake");
            const success = (data: unknown) => ({ status: "success", data });
            const vector = (samples: Record<string, number>) =>
                success({
                    result: Object.entries(samples).map(([cluster, value]) => ({
                        metric: { cluster, namespace: "monitoring", service: "kps-prometheus", endpoint: "http-web" },
                        value: [0, String(value)],
                    })),
                });
            const all = { observer: 2, blue: 2, red: redRuns ? 2 : 1 };
            if (pathname === "/api/v1/stores") return success({});
            if (pathname === "/api/v1/query") {
                const promql = searchParams.get("query") ?? "";
                if (promql.startsWith("min(min_over_time")) return vector({ observer: Date.UTC(2026, 9, 17) / 1000 });
                if (promql.startsWith("up{"))
                    return vector(searchParams.get("dedup") === "true" ? { observer: 1 } : { observer: 1, blue: 1 });
                return vector(all);
            }
            if (pathname.endsWith("/servicemonitors"))
                return {
                    items: [
                        {
                            metadata: { namespace: "monitoring" },
                            spec: { selector: { matchLabels: {} }, endpoints: [{ port: "http-web" }] },
                        },
                    ],
                };
            if (pathname.endsWith("/services")) return { items: [{ metadata: { namespace: "monitoring", name: "kps-prometheus" } }] };
            if (pathname.endsWith("/endpointslices"))
                return {
                    items: [
                        {
                            metadata: { namespace: "monitoring", labels: { "kubernetes.io/service-name": "kps-prometheus" } },
                            ports: [{ name: "http-web" }],
                            endpoints: [{ addresses: ["10.0.0.1"] }, { addresses: ["10.0.0.2"] }],
                        },
                    ],
                };
            if (pathname.endsWith("/pods"))
                return {
                    items: [
                        {
                            metadata: { name: "prometheus-kps-prometheus-0" },
                            status: {
                                conditions: [
                                    { type: "PodScheduled", status: "False", message: "0/1 nodes are available: missing required label." },
                                ],
                            },
                        },
                    ],
                };
            return undefined;
        });

    let api: FakeApi;
    afterEach(() => api.stop());
    const check = async (redRuns: boolean, updates: string[], withinMs: number, ...more: ("yellow" | "green")[]) => {
        api = fleet(redRuns);
        await api.start();
        const kubeconfig = join(temporaryDirectory(), "kubeconfig");
        api.writeKubeconfig(kubeconfig, "fake");
        const target = { kubeconfig, context: "fake" };
        const step = { update: (text: string) => void updates.push(text), done: () => {}, fail: () => {} };
        const clusters = { observer: target, blue: target, red: target, ...Object.fromEntries(more.map((name) => [name, target])) };
        return checkFleet({ frontend: api.url, clusters }, step, new AbortController().signal, withinMs);
    };

    it("returns what the fleet answers once every target of every cluster is up", async () =>
        assert.deepEqual(await check(true, [], 10_000), {
            up: { observer: 2, blue: 2, red: 2 },
            merged: 1,
            unmerged: 2,
            historySince: "2026-10-17",
        }));

    it("waits for the targets of agents, and for no leaf Query of theirs", async () =>
        await assert.rejects(check(true, [], 0, "yellow", "green"), (error) => {
            const lines = (error as Error).message.split("\n");
            assert.equal(lines[0], "the fleet does not answer as it should: still waiting for targets: yellow 0 of 2, green 0 of 2");
            assert.deepEqual(
                lines.filter((line) => line.includes("leaf Query")).map((line) => / the leaf Query of (\w+)/.exec(line)?.[1]),
                ["blue", "red"],
            );
            return true;
        }));

    it("fails with the missing targets, the scheduler's message and the broken ways, and shows them while it waits", async () => {
        const updates: string[] = [];
        await assert.rejects(check(false, updates, 500), (error) => {
            assert.ok(error instanceof FleetFailure);
            const pod = (cluster: string) =>
                `  no node takes pod prometheus-kps-prometheus-0: 0/1 nodes are available: missing required label. (cluster ${cluster})`;
            assert.equal(
                error.message,
                [
                    "the fleet does not answer as it should: still waiting for targets: red 1 of 2",
                    "  red lacks kps-prometheus:http-web (1 of 2)",
                    ...["observer", "blue", "red"].map(pod),
                    "  Query has had no answer from query.blue.fleet.internal, the leaf Query of blue, yet",
                    "  Query has had no answer from query.red.fleet.internal, the leaf Query of red, yet",
                ].join("\n"),
            );
            return true;
        });
        assert.deepEqual(updates, [
            "waiting for targets: red 1 of 2 · no node takes pod prometheus-kps-prometheus-0: 0/1 nodes are available: missing required label. (cluster observer)",
        ]);
    });
});
