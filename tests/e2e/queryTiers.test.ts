import assert from "node:assert/strict";
import { answersCacheFile } from "../../components/thanos/caches";
import { type Endpoint, endpointsFile } from "../../components/thanos/endpoints";
import { type QueryTier, queryFlags } from "../../components/thanos/query";
import { queryFrontendFlags } from "../../components/thanos/queryFrontend";
import { storeFlags } from "../../components/thanos/store";
import * as schema from "../../config/schema/thanos";
import { HISTORY_SERIES } from "../../local/history";
import { eventually } from "../support/eventually";
import { Processes } from "../support/processes";
import { RealThanos, type Started } from "../support/realThanos";
import { tools } from "../support/runningFleet";
import { Shops } from "../support/shops";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** Real Queries in front of others, with the flags and files that the program writes, on 127.0.0.1. */

describe("a Query in front of others", () => {
    let processes: Processes;
    let thanos: RealThanos;
    let shops: Shops;
    /** Time of the last sample of history. */
    let end: number;
    let leaves: Started[];
    let local: Started;
    let distributed: Started;

    const startQuery = (name: string, started: readonly string[], tier?: QueryTier) => {
        const endpoints = started.map((address): Endpoint => ({ address, equalReplicas: true }));
        return thanos.start(name, queryFlags({ ...schema.query.parse({}), leaf: false, tier }), {
            "endpoints.yml": endpointsFile(endpoints),
        });
    };

    interface Answer {
        result: string;
        warnings: string[];
    }
    const headersOf = (tenant: string | undefined) => (tenant === undefined ? {} : { "THANOS-TENANT": tenant });

    async function labelValues({ http }: Started, label: string, tenant?: string): Promise<string[]> {
        const response = await fetch(`http://${http}/api/v1/label/${label}/values`, { headers: headersOf(tenant) });
        return ((await response.json()) as { data: string[] }).data;
    }

    async function ask({ http }: Started, params: Record<string, string>, tenant?: string): Promise<Answer> {
        const path = params.step ? "query_range" : "query";
        const response = await fetch(`http://${http}/api/v1/${path}?${new URLSearchParams(params)}`, {
            headers: headersOf(tenant),
            signal: AbortSignal.timeout(60_000),
        });
        const {
            status,
            error,
            warnings = [],
            data,
        } = (await response.json()) as {
            status: string;
            error?: string;
            warnings?: string[];
            data?: { result: { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] }[] };
        };
        assert.equal(status, "success", error);
        const series = (data?.result ?? []).map(({ metric, value, values }) =>
            JSON.stringify([Object.entries(metric).sort(), value ?? values]),
        );
        return { result: series.sort().join("\n"), warnings };
    }

    before(async () => {
        processes = new Processes(temporaryDirectory());
        const binaries = await tools("thanos", "prometheus", "promtool");
        thanos = new RealThanos(processes, binaries);
        shops = new Shops(processes, thanos, binaries.prometheus.path);
        end = await thanos.uploadBlock("blue");
        await thanos.uploadBlock("red");
        const stores: string[] = [];
        for (const stream of ["blue", "red"])
            stores.push(
                (
                    await thanos.start(`store-${stream}`, storeFlags({ ...schema.store.parse({}), cache: undefined }), {
                        "objstore.yml": thanos.objectStore(stream),
                    })
                ).grpc,
            );
        const own = await shops.start("observer", 4);
        leaves = [];
        for (const [cluster, count] of [
            ["blue", 3],
            ["red", 2],
        ] as const)
            leaves.push(await startQuery(`leaf-${cluster}`, [await shops.start(cluster, count, thanos.blocksOf(cluster))]));
        const leafQueries = leaves.map(({ grpc }) => grpc);
        const query = await startQuery("query", [...stores, own]);
        local = await startQuery("local", [...stores, own, ...leafQueries]);
        distributed = await startQuery("distributed", [query.grpc, ...leafQueries], "distributed");
        for (const started of [local, distributed])
            await eventually("every cluster answers", 60, async () => {
                const { result } = await ask(started, { query: "count by (cluster) (shop_orders)" });
                assert.equal(result.split("\n").length, 3, result);
            });
    });
    after(async () => {
        await processes.stop();
        shops.close();
    });

    const METRIC = HISTORY_SERIES[0];
    const EXPRESSIONS = [
        "shop_orders",
        "sum(shop_orders)",
        "sum by (cluster) (shop_orders)",
        "sum by (shop) (shop_orders)",
        "count(shop_orders)",
        "avg(shop_orders)",
        "max(shop_orders)",
        "stddev(shop_orders)",
        "quantile(0.5, shop_orders)",
        "topk(2, sum by (cluster) (shop_orders))",
        "sum(shop_orders) / count(shop_orders)",
        'absent(shop_orders{cluster="green"})',
        "absent(nobody_has_this)",
        "count(up == 1)",
        "sum by (cluster) (count_over_time(shop_orders[30s]))",
        `sum(${METRIC})`,
        `sum by (cluster) (rate(${METRIC}[10m]))`,
        `avg(${METRIC})`,
        `max_over_time(sum(${METRIC})[20m:5m])`,
        `count({cluster="blue", shop=~".+"})`,
    ];

    /** Calls of the gRPC API that evaluates queries, which a Query has answered. */
    async function evaluated({ http }: Started): Promise<number> {
        const metrics = await (await fetch(`http://${http}/metrics`)).text();
        const calls = metrics.matchAll(/^grpc_server_handled_total\{grpc_code="OK",grpc_method="Query(?:Range)?",.* (\d+)$/gm);
        return [...calls].reduce((sum, [, count]) => sum + Number(count), 0);
    }

    it("that is distributed answers as one that is not, now and over time, and lets leaf Queries evaluate", async () => {
        const now = Math.floor(Date.now() / 1000) - 5;
        const before = await Promise.all(leaves.map(evaluated));
        for (const query of EXPRESSIONS)
            for (const when of [
                { time: String(now) },
                { time: String(end) },
                { start: String(end - 3600), end: String(now), step: "60" },
                { start: String(now - 60), end: String(now), step: "5" },
            ])
                assert.deepEqual(
                    await ask(distributed, { query, ...when }),
                    await ask(local, { query, ...when }),
                    JSON.stringify({ query, when }),
                );
        const calls = (await Promise.all(leaves.map(evaluated))).map((count, i) => count - (before[i] ?? 0));
        for (const count of calls) assert.ok(count >= EXPRESSIONS.length, `${calls}`);
    });

    describe("for tenants", () => {
        let query: Started;
        let frontend: Started;

        before(async () => {
            query = await startQuery("tenants", [local.grpc], "tenants");
            const settings = { ...schema.queryFrontend.parse({ maxFreshness: "1s" }), downstream: `http://${query.http}` };
            frontend = await thanos.start("frontend", queryFrontendFlags(settings), { "cache.yml": answersCacheFile(undefined, "512Mi") });
            await eventually("a tenant gets an answer", 30, async () =>
                assert.match((await ask(query, { query: "sum(shop_orders)" }, "blue")).result, /"3"/),
            );
        });

        it("answers each tenant with its own series only, whatever the query selects", async () => {
            for (const asked of [query, frontend]) {
                const of = async (expr: string, tenant?: string) => (await ask(asked, { query: expr }, tenant)).result;
                for (const [tenant, count] of [
                    ["blue", 3],
                    ["red", 2],
                ] as const) {
                    for (const expr of ["sum(shop_orders)", 'sum(shop_orders{cluster="observer"})', 'sum(shop_orders{cluster=~".*"})'])
                        assert.match(await of(expr, tenant), new RegExp(`"${count}"`), `${tenant}: ${expr}`);
                    const clusters = await labelValues(asked, "cluster", tenant);
                    assert.deepEqual(clusters, [tenant]);
                }
                assert.deepEqual([await of("shop_orders"), await of("shop_orders", "green")], ["", ""]);
                assert.deepEqual(await labelValues(asked, "cluster"), []);
            }
        });

        it("keeps cached answers apart by tenant", async () => {
            const range = { query: `sum(${METRIC})`, start: String(end - 1800), end: String(end), step: "60" };
            const answers = async () => [await ask(frontend, range, "blue"), await ask(frontend, range, "red"), await ask(frontend, range)];
            const first = await answers();
            assert.equal(new Set(first.map(({ result }) => result)).size, 3);
            const hits = async () => {
                const metrics = await (await fetch(`http://${frontend.http}/metrics`)).text();
                return Number(/^cortex_cache_hits_total\{.*\} (\d+)/m.exec(metrics)?.[1] ?? assert.fail(metrics.slice(0, 2000)));
            };
            const before = await hits();
            assert.deepEqual(await answers(), first);
            assert.ok((await hits()) >= before + 2);
        });
    });

    describe("without one of the leaf Queries", () => {
        it("warns as one does that is not distributed, and answers from what the bucket has", async () => {
            await processes.kill(["leaf-blue"]);
            // Parts of a query are evaluated at whole seconds.
            const soon = () => ({ query: "count by (cluster) (shop_orders)", time: String(Math.floor(Date.now() / 1000)) });
            await eventually("both warn", 60, async () => {
                for (const asked of [local, distributed]) assert.ok((await ask(asked, soon())).warnings.length > 0);
            });
            const now = soon();
            const [expected, found] = [await ask(local, now), await ask(distributed, now)];
            assert.equal(found.result, expected.result);
            assert.doesNotMatch(found.result, /blue/);
            const old = { query: `sum by (cluster) (${METRIC})`, time: String(end - 600) };
            assert.deepEqual((await ask(distributed, old)).result, (await ask(local, old)).result);
            assert.match((await ask(distributed, old)).result, /blue/);
        });
    });
});
