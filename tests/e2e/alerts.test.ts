import assert from "node:assert/strict";
import { query, scalar } from "../../clients/thanos";
import { PROMETHEUS_SERVICE } from "../../components/naming/names";
import { CONFIG_INFO } from "../../config/ruleFiles";
import { CLUSTERS } from "../../local/fleet/settings";
import { ALERTS } from "../support/alertCases";
import { eventually } from "../support/eventually";
import { localStack } from "../support/localStack";
import { checkAlerts } from "../support/promtool";
import { core, frontend, NAMESPACE, tools } from "../support/runningFleet";

/** Counters with labels, each of which exists only once a sample was dropped or refused. limits.test.ts makes the real Receive refuse some. */
const ONLY_AFTER_A_LOSS = ["prometheus_remote_storage_samples_dropped_total", "thanos_receive_head_series_limited_requests_total"];

interface Rules {
    data: { groups: { rules: { name: string; health: string; lastError?: string; state: string }[] }[] };
}

describe("the alerts of the fleet", () => {
    it("fire and stay silent in the real promtool as their cases say", async () => checkAlerts((await tools("promtool")).promtool.path));

    for (const { name, ...cluster } of CLUSTERS)
        it(`of ${name} are evaluated by its Prometheus, and none fires in a healthy fleet`, async () => {
            const api = await core(name);
            const expected =
                name === "observer"
                    ? ["FleetCompactHalted", "FleetClusterAbsent", "FleetUploadMissing"]
                    : [
                          "FleetUploadMissing",
                          "FleetCertificateEnds",
                          ...("mode" in cluster && cluster.mode !== "sidecar" ? ["FleetRemoteWriteBehind"] : []),
                      ];
            await eventually(`the alerts in ${name}'s Prometheus`, 120, async () => {
                const service = { name: `${PROMETHEUS_SERVICE}:9090`, namespace: NAMESPACE, path: "api/v1/rules" };
                const answer = (await api.connectGetNamespacedServiceProxyWithPath(service)) as unknown;
                const { data } = (typeof answer === "string" ? JSON.parse(answer) : answer) as Rules;
                const rules = data.groups.flatMap((group) => group.rules).filter((rule) => rule.name.startsWith("Fleet"));
                for (const alert of expected)
                    assert.ok(
                        rules.some((rule) => rule.name === alert),
                        `${alert} is not there`,
                    );
                assert.deepEqual(
                    rules.filter(({ health, state }) => health !== "ok" || state === "firing"),
                    [],
                );
            });
        });

    for (const { name } of CLUSTERS)
        it(`of ${name} come with the hash of its Prometheus's configuration, which Query knows`, async () => {
            const { configHash } = await (await localStack(name)).outputs();
            await eventually("the hash is recorded", 120, async () => {
                const known = await query(await frontend(), `max by (config_hash) (${CONFIG_INFO}{cluster="${name}"})`);
                assert.ok(
                    known.some(({ metric }) => metric.config_hash === configHash?.value),
                    JSON.stringify(known),
                );
            });
        });

    it("read metrics that exist", async () => {
        const base = await frontend();
        const metrics = [
            ...new Set(
                // The local fleet has no Rule.
                ALERTS.filter(({ name }) => !name.startsWith("FleetRule")).flatMap(
                    ({ expr }) => expr.match(/\b(?:up|(?:thanos|prometheus|kubelet|reloader|process|grpc)_\w+)\b(?=[{|"])/g) ?? [],
                ),
            ),
        ];
        assert.ok(metrics.includes("thanos_compact_halted") && metrics.includes("up"), metrics.join());
        const counts = await Promise.all(
            metrics.map(async (metric) => [metric, await scalar(base, `count({__name__="${metric}"}) or vector(0)`)] as const),
        );
        assert.deepEqual(
            counts.filter(([metric, count]) => count === 0 && !ONLY_AFTER_A_LOSS.includes(metric)),
            [],
        );
    });
});
