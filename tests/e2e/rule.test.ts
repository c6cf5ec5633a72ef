import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { delimiter, dirname, join } from "node:path";
import { query, scalar, stores } from "../../clients/thanos";
import { endpointsFile } from "../../components/thanos/endpoints";
import { queryFlags } from "../../components/thanos/query";
import { ruleFlags } from "../../components/thanos/rule";
import { problemsIn } from "../../config/ruleFiles";
import { rule as schema } from "../../config/schema/rule";
import { query as querySchema } from "../../config/schema/thanos";
import { askRuleTools } from "../../plan/ruleTools";
import { eventually } from "../support/eventually";
import { freePort, Processes } from "../support/processes";
import { RealThanos, type Started } from "../support/realThanos";
import { run } from "../support/run";
import { tools } from "../support/runningFleet";
import { type Alert, addressOf, alertmanagerThat, Shops } from "../support/shops";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** Real Rule, Query and Prometheus with the flags and files that the program writes, on 127.0.0.1, and an Alertmanager that writes down what it gets. */

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
        labels: { severity: critical }
        annotations: { summary: "{{ $labels.cluster }} has {{ $value }}." }
  - name: of blue
    rules:
      - record: blue:shop_orders:count
        expr: count(last_over_time(shop_orders{cluster="blue"}[1h]))
  - name: may lack a source
    partial_response_strategy: warn
    rules:
      - record: partial:shop_orders:count
        expr: count(last_over_time(shop_orders[1h]))
`;

describe("Rule", () => {
    const received: { at: number; from: string; alerts: Alert[] }[] = [];
    let directory: string;
    let processes: Processes;
    let thanos: RealThanos;
    let binaries: Awaited<ReturnType<typeof tools<"thanos" | "prometheus" | "promtool">>>;
    let alertmanager: Server;
    let rules: Started[];
    let asked: Started;

    let shops: Shops;
    const answerOf = (expr: string) => scalar(`http://${asked.http}`, expr);

    before(async () => {
        directory = temporaryDirectory();
        processes = new Processes(directory);
        binaries = await tools("thanos", "prometheus", "promtool");
        thanos = new RealThanos(processes, binaries);
        shops = new Shops(processes, thanos, binaries.prometheus.path);
        alertmanager = await alertmanagerThat((request, alerts) =>
            received.push({ at: Date.now(), from: String(request.headers.authorization), alerts }),
        );

        const clusters = [await shops.start("blue", 3), await shops.start("red", 2)];
        // Query and Rule ask each other.
        const ports = [await freePort(), await freePort()];
        const endpoints = [
            ...clusters.map((address) => ({ address, equalReplicas: true })),
            ...ports.map((port) => ({ address: `127.0.0.1:${port}` })),
        ];
        asked = await thanos.start("query", queryFlags({ ...querySchema.parse({}), leaf: false }), {
            "endpoints.yml": endpointsFile(endpoints),
        });
        await eventually("both clusters answer", 30, async () => assert.equal(await answerOf("count(shop_orders)"), 5));

        await writeFile(join(directory, "token"), "secret");
        const settings = schema.parse({ files: ["fleet.yml"], evaluationInterval: "1s", queryOffset: "0s" });
        const flags = ruleFlags({
            ...settings,
            files: [{ name: "fleet.yml" }],
            blockDuration: "2h",
            namespace: "monitoring",
            page: "http://query.fleet.test:10902",
            alerting: { alertmanager: "external", external: [{ url: `http://${addressOf(alertmanager)}/prefix`, tokenSecret: "am" }] },
        });
        rules = [];
        for (const [i, port] of ports.entries()) {
            const local = flags.map((flag) =>
                flag
                    .replace(/^--query=.*/, `--query=http://${asked.http}`)
                    .replace("$(POD_NAME)", `thanos-rule-${i}`)
                    .replace("/etc/thanos/secrets/am", directory),
            );
            rules.push(
                await thanos.start(
                    `rule-${i}`,
                    [...local, "--resend-delay=1s"],
                    { "fleet.yml": RULES, "objstore.yml": thanos.objectStore("rule") },
                    port,
                ),
            );
        }
    });
    after(async () => {
        await processes.stop();
        shops.close();
        alertmanager.close();
    });

    it("accepts the files that the program accepts, as `thanos tools rules-check` does", async () => {
        assert.deepEqual(problemsIn(RULES), []);
        const { code, output } = await run(
            binaries.thanos.path,
            ["tools", "rules-check", `--rules=${join(directory, "files", "fleet.yml")}`],
            {
                within: 30,
            },
        );
        assert.equal(code, 0, output);
    });

    it("are asked by the plan about the files, where they are on PATH, and promtool, too", async () => {
        const broken = join(directory, "broken.yml");
        await writeFile(broken, "groups: [{ name: a, partial_response_strategy: warn, rules: [{ record: 'a:b', expr: sum(up }] }]\n");
        const path = process.env.PATH;
        process.env.PATH = [dirname(binaries.thanos.path), dirname(binaries.promtool.path), path].join(delimiter);
        try {
            assert.deepEqual(askRuleTools({ files: [join(directory, "files", "fleet.yml")] }), { problems: [], warnings: [] });
            const { problems, warnings } = askRuleTools({ files: [broken] });
            assert.deepEqual(warnings, []);
            assert.deepEqual(
                problems.map(({ problem }) => /^(promtool|thanos) refuses .*unclosed left parenthesis\.$/.exec(problem)?.[1]),
                ["promtool", "thanos"],
            );
        } finally {
            process.env.PATH = path;
        }
    });

    it("records over all clusters, and Query answers each recorded series once, under the cluster that it is about", async () => {
        await eventually("both pods have recorded", 30, async () => {
            const series = await query(`http://${asked.http}`, '{__name__=~"(cluster|fleet):shop_orders:count"}');
            assert.deepEqual(
                series.map(({ metric: { __name__, cluster }, value }) => [__name__, cluster, value]).sort(),
                [
                    ["cluster:shop_orders:count", "blue", 3],
                    ["cluster:shop_orders:count", "red", 2],
                    ["fleet:shop_orders:count", undefined, 5],
                ].sort(),
            );
            const copies = await fetch(`http://${asked.http}/api/v1/query?dedup=false&query=fleet:shop_orders:count`);
            const { data } = (await copies.json()) as { data: { result: { metric: Record<string, string> }[] } };
            assert.deepEqual(data.result.map(({ metric }) => metric.rule_replica).sort(), ["thanos-rule-0", "thanos-rule-1"]);
        });
    });

    it("sends alerts that are the same from both pods, with the cluster and without the pod, and with a way to the expression", async () => {
        const blue = () => received.flatMap(({ alerts }) => alerts).filter(({ labels }) => labels.cluster === "blue");
        await eventually("the alert has come from both pods", 30, async () => assert.ok(blue().length >= 4));
        const different = new Set(blue().map(({ labels, annotations }) => JSON.stringify({ labels, annotations })));
        assert.deepEqual(
            [...different].map((text) => JSON.parse(text)),
            [{ labels: { alertname: "ShopHasOrders", cluster: "blue", severity: "critical" }, annotations: { summary: "blue has 3." } }],
        );
        assert.match(blue()[0]?.generatorURL ?? "", /^http:\/\/query\.fleet\.test:10902\/graph\?g0\.expr=count\+by/);
        assert.deepEqual([...new Set(received.map(({ from }) => from))], ["Bearer secret"]);
    });

    it("evaluates nothing on a part of the data, but where a group says so", async () => {
        await processes.kill(["sidecar-red"]);
        const failures = async () => {
            const metrics = await (await fetch(`http://${rules[0]?.http}/metrics`)).text();
            const of = (group: string) =>
                Number(
                    new RegExp(`^prometheus_rule_evaluation_failures_total\\{rule_group="[^"]*;${group}",[^}]*\\} (\\d+)`, "m").exec(
                        metrics,
                    )?.[1],
                );
            return { fleet: of("fleet"), "of blue": of("of blue"), partial: of("may lack a source") };
        };
        // Every 5 seconds Query asks whom it can reach. Only from then on would it leave out a source that is not strict.
        await eventually("Query knows that red does not answer", 30, async () => {
            const red = (await stores(`http://${asked.http}`)).find(({ labelSets }) => labelSets.some(({ cluster }) => cluster === "red"));
            assert.ok(red?.lastError);
        });
        const since = Date.now();
        const { fleet: failed } = await failures();
        await eventually("five more evaluations have failed", 30, async () => assert.ok((await failures()).fleet >= failed + 15));
        const until = Date.now();

        const { "of blue": ofBlue, partial } = await failures();
        assert.deepEqual({ ofBlue, partial }, { ofBlue: 0, partial: 0 });
        // Rule's own samples: Query would not answer without red either.
        const values = async (name: string) => {
            const range = `min_over_time(${name}[${Math.floor((until - since) / 1000)}s])`;
            return (await query(`http://${asked.http}`, range, { time: until / 1000 })).map(({ value }) => value);
        };
        assert.deepEqual(await values("fleet:shop_orders:count"), []);
        assert.deepEqual(await values("blue:shop_orders:count"), [3]);
        assert.deepEqual(await values("partial:shop_orders:count"), [3]);
        const resolved = received.flatMap(({ at, alerts }) => alerts.filter(({ endsAt }) => Date.parse(endsAt) <= at));
        assert.deepEqual(resolved, []);
    });
});
