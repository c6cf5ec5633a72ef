import assert from "node:assert/strict";
import type { Server } from "node:http";
import { query, scalar, stores } from "../../clients/thanos";
import { endpointsFile } from "../../components/thanos/endpoints";
import { limitsFile } from "../../components/thanos/limits";
import { queryFlags } from "../../components/thanos/query";
import { ruleRouterFlags } from "../../components/thanos/receive";
import { ruleFlags } from "../../components/thanos/rule";
import { rule as schema } from "../../config/schema/rule";
import { query as querySchema, receive as receiveSchema } from "../../config/schema/thanos";
import { eventually } from "../support/eventually";
import { LoopbackRing } from "../support/loopbackRing";
import { freePort, Processes } from "../support/processes";
import { RealThanos, type Started } from "../support/realThanos";
import { tools } from "../support/runningFleet";
import { type Alert, addressOf, alertmanagerThat, Shops } from "../support/shops";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** Real Rule without blocks, Receive, Query and Prometheus with the flags and files that the program writes, on 127.0.0.1. */

const RULES = `
groups:
  - name: fleet
    rules:
      - record: cluster:shop_orders:count
        expr: count by (cluster) (last_over_time(shop_orders[1h]))
      - record: fleet:shop_orders:count
        expr: count(last_over_time(shop_orders[1h]))
      - alert: ShopHasOrders
        expr: count by (cluster) (last_over_time(shop_orders[1h])) > 0
        for: 5s
      - alert: FleetHasOrders
        expr: count(last_over_time(shop_orders[1h])) > 0
        for: 5s
      - alert: FleetHasOrdersToo
        expr: count(last_over_time(shop_orders[1h])) > 0
        for: 5s
        labels: { cluster: rule }
`;

describe("a stateless Rule", () => {
    const received: { alerts: Alert[] }[] = [];
    let processes: Processes;
    let thanos: RealThanos;
    let shops: Shops;
    let alertmanager: Server;
    let asked: Started;
    let flags: string[];
    const rules: Started[] = [];
    const ports: number[] = [];

    const start = async (ordinal: number, directory = `rule-${ordinal}`) => {
        const named = flags.map((flag) => flag.replace("$(POD_NAME)", `thanos-rule-${ordinal}`));
        rules[ordinal] = await thanos.start(directory, named, { "fleet.yml": RULES }, ports[ordinal]);
    };

    before(async () => {
        processes = new Processes(temporaryDirectory());
        const binaries = await tools("thanos", "prometheus", "promtool");
        thanos = new RealThanos(processes, binaries);
        shops = new Shops(processes, thanos, binaries.prometheus.path);
        alertmanager = await alertmanagerThat((_, alerts) => received.push({ alerts }));

        const ring = new LoopbackRing(binaries.thanos.path, processes, [{ name: "agents", tenants: [], zones: [], ingesters: 3 }]);
        await ring.startIngesters();
        await ring.startRouter(
            limitsFile({ ...receiveSchema.parse({}), rings: [], namespace: "monitoring", metaMonitoring: "http://127.0.0.1:1" }),
            ruleRouterFlags,
        );

        const clusters = [await shops.start("blue", 3), await shops.start("red", 2)];
        ports.push(await freePort(), await freePort());
        const endpoints = [
            ...clusters.map((address) => ({ address, equalReplicas: true })),
            ...ring.ingesters.map(({ grpc }) => ({ address: grpc })),
            ...ports.map((port) => ({ address: `127.0.0.1:${port}` })),
        ];
        asked = await thanos.start("query", queryFlags({ ...querySchema.parse({}), leaf: false }), {
            "endpoints.yml": endpointsFile(endpoints),
        });
        await eventually("both clusters answer", 30, async () =>
            assert.equal(await scalar(`http://${asked.http}`, "count(shop_orders)"), 5),
        );

        flags = [
            ...ruleFlags({
                ...schema.parse({ files: ["fleet.yml"], stream: "agents", evaluationInterval: "1s", queryOffset: "0s" }),
                files: [{ name: "fleet.yml" }],
                blockDuration: "2h",
                namespace: "monitoring",
                page: "http://query.fleet.test:10902",
                alerting: { alertmanager: "external", external: [{ url: `http://${addressOf(alertmanager)}` }] },
            }).map((flag) =>
                flag
                    .replace(/^--query=.*/, `--query=http://${asked.http}`)
                    .replace("http://thanos-receive-router-rule.monitoring.svc.cluster.local:19291/api/v1/receive", ring.write),
            ),
            "--resend-delay=1s",
            // Alerts that wait for less are not restored.
            "--for-grace-period=1s",
        ];
        for (const ordinal of [0, 1]) await start(ordinal);
    });
    after(async () => {
        await processes.stop();
        shops.close();
        alertmanager.close();
    });

    it("records through Receive, and Query answers each recorded series once, under the cluster that it is about", async () => {
        const recorded = '{__name__=~"(cluster|fleet):shop_orders:count"}';
        await eventually("both pods have written three copies of everything", 60, async () => {
            const copies = await query(`http://${asked.http}`, recorded, { dedup: false });
            assert.equal(copies.length, 3 * 2 * 3);
        });
        const series = await query(`http://${asked.http}`, recorded);
        assert.deepEqual(
            series.map(({ metric, value }) => ({ ...metric, value })).sort((a, b) => a.value - b.value),
            [
                { __name__: "cluster:shop_orders:count", cluster: "red", value: 2 },
                { __name__: "cluster:shop_orders:count", cluster: "blue", value: 3 },
                // It is about no cluster, and Receive announces nothing without a tenant.
                { __name__: "fleet:shop_orders:count", cluster: "rule", value: 5 },
            ],
        );
    });

    it("sends the same alerts from both pods, about the cluster and not about Receive's tenant", async () => {
        const labels = () => received.flatMap(({ alerts }) => alerts).map((alert) => JSON.stringify(alert.labels));
        await eventually("the alerts have come", 30, async () => assert.ok(labels().length >= 16));
        assert.deepEqual(
            [...new Set(labels())].map((text) => JSON.parse(text)).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
            [
                { alertname: "FleetHasOrders" },
                { alertname: "FleetHasOrdersToo", cluster: "rule" },
                { alertname: "ShopHasOrders", cluster: "blue" },
                { alertname: "ShopHasOrders", cluster: "red" },
            ],
        );
    });

    it("is asked for rules and alerts, and for no samples", async () => {
        const answer = await fetch(`http://${asked.http}/api/v1/rules`);
        const { data } = (await answer.json()) as { data: { groups: { name: string }[] } };
        assert.deepEqual(
            data.groups.map(({ name }) => name),
            ["fleet"],
        );
        const ofRule = (await stores(`http://${asked.http}`)).filter(({ kind }) => kind === "rule");
        assert.deepEqual(
            ofRule.map(({ lastError, labelSets }) => ({ lastError, labelSets })),
            [0, 1].map(() => ({ lastError: null, labelSets: [] })),
        );
    });

    it("goes on after a restart without its disk, but for alerts about no cluster, which begin anew", async () => {
        const activeSince = async (alertname: string, cluster?: string) => {
            const { data } = (await (await fetch(`http://${rules[0]?.http}/api/v1/alerts`)).json()) as {
                data: { Alerts: { labels: Record<string, string>; activeAt: string; state: string }[] };
            };
            const alert = data.Alerts.find(({ labels }) => labels.alertname === alertname && labels.cluster === cluster);
            assert.equal(alert?.state, "firing", JSON.stringify(data));
            return Date.parse(alert?.activeAt ?? "");
        };
        const all = async () => [
            await activeSince("ShopHasOrders", "blue"),
            await activeSince("FleetHasOrdersToo", "rule"),
            await activeSince("FleetHasOrders"),
        ];
        const before = await all();
        await processes.kill(["rule-0"]);
        const killed = Date.now();
        await start(0, "rule-0-again");
        const after = await eventually("the alerts fire again", 60, all);
        for (const i of [0, 1]) assert.ok(Math.abs((after[i] ?? 0) - (before[i] ?? 0)) < 5000, `${before} ${after}`);
        assert.ok((after[2] ?? 0) >= killed, `${before} ${after}`);
    });
});
