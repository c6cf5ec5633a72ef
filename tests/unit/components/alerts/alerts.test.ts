import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ruleGroup } from "../../../../components/alerts/alert";
import { clusterAlerts, OWN_JOBS } from "../../../../components/alerts/clusterAlerts";
import { observerAlerts } from "../../../../components/alerts/observerAlerts";
import { partsOf } from "../../../../components/thanos/hashring";
import { ALERTS, CASES, CLUSTER_ALERTS, OBSERVER_ALERTS, RUNBOOKS } from "../../../support/alertCases";
import { checkAlerts, promtoolHere } from "../../../support/promtool";
import { ROOT } from "../../../support/root";

const names = [...new Set(ALERTS.map(({ name }) => name))].sort();

describe("the alerts", () => {
    it("have a page each in docs/runbooks/, and no page is without an alert", () => {
        const pages = readdirSync(join(ROOT, RUNBOOKS)).filter((file) => file !== "README.md");
        assert.deepEqual(
            pages.sort(),
            names.map((name) => `${name}.md`),
        );
        for (const name of names) assert.ok(readFileSync(join(ROOT, RUNBOOKS, `${name}.md`), "utf8").startsWith(`# ${name}\n`), name);
    });

    it("have the severity in docs/runbooks/README.md that they have", () => {
        const rows = [...readFileSync(join(ROOT, RUNBOOKS, "README.md"), "utf8").matchAll(/^\| \[(\w+)\]\(\1\.md\) +\| (\w+)/gm)];
        assert.deepEqual(
            rows.map(([, name, severity]) => [name, severity]).sort(),
            names.map((name) => [name, ALERTS.find((alert) => alert.name === name)?.severity]),
        );
    });

    it("each have a case in which they fire and one in which they stay silent", () => {
        const covered = (fires: boolean) =>
            [...new Set(CASES.filter((one) => one.fires.length > 0 === fires).map(({ alert }) => alert))].sort();
        assert.deepEqual(covered(true), names);
        assert.deepEqual(covered(false), names);
    });

    it("fire and stay silent in the real promtool as their cases say", async function () {
        const promtool = await promtoolHere();
        if (promtool === undefined) {
            console.log(
                "      not run: no promtool on PATH or in the cache of tools. tests/e2e/alerts.test.ts gets one and runs the same cases",
            );
            return this.skip();
        }
        await checkAlerts(promtool);
    });

    it("become rules whose annotations lead to their pages, wherever the pages are", () => {
        const [rule] = ruleGroup(
            [{ name: "FleetX", expr: "up == 0", severity: "critical", summary: "S.", description: "D." }],
            "https://h/r/",
        ).rules;
        assert.deepEqual(rule, {
            alert: "FleetX",
            expr: "up == 0",
            labels: { severity: "critical" },
            annotations: { summary: "S.", description: "D.", runbook_url: "https://h/r/FleetX.md" },
        });
    });

    it("of a cluster include remote write only where it writes", () => {
        const args = {
            namespace: "monitoring",
            jobs: OWN_JOBS,
            replicas: 2,
            blockDuration: "2h",
            others: [],
            certificatesEnd: 0,
            certificateValidity: 0,
        };
        const ofWriting = (writesRemotely: boolean) =>
            clusterAlerts({ ...args, writesRemotely })
                .map(({ name }) => name)
                .filter((name) => name.includes("RemoteWrite"));
        assert.deepEqual([ofWriting(false), ofWriting(true)], [[], ["FleetRemoteWriteBehind", "FleetRemoteWriteLosesSamples"]]);
    });

    it("wait for an upload one and a half blocks long, however long a block is", () => {
        const [upload] = clusterAlerts({
            namespace: "monitoring",
            jobs: OWN_JOBS,
            replicas: 2,
            blockDuration: "2m",
            others: [],
            writesRemotely: false,
            certificatesEnd: 0,
            certificateValidity: 0,
        });
        assert.match(upload?.expr ?? "", /\) > 180\nand on/);
    });

    it("let as many ingesters be away as the quorum of a write allows", () => {
        const threshold = (ingesters: number, replicationFactor: number) =>
            observerAlerts({
                namespace: "monitoring",
                observees: [],
                streams: [],
                receive: { tenants: ["red"], rings: [{ parts: partsOf({ zones: [], ingesters, leaving: 0 }), uploads: false }], replicationFactor },
            })
                .find(({ name }) => name === "FleetIngestersAway")
                ?.expr.split(" < ")[1];
        assert.deepEqual([threshold(3, 3), threshold(6, 3), threshold(5, 5), threshold(2, 2), threshold(1, 1)], ["2", "5", "3", "1", "1"]);
    });

    it("about a ring count its members only, and those that leave it where all upload", () => {
        const rings = [{ parts: partsOf({ zones: [], ingesters: 2, leaving: 1 }), uploads: true }];
        const alerts = observerAlerts({ namespace: "m", observees: [], streams: [], receive: { tenants: [], rings, replicationFactor: 1 } });
        const members = "thanos-receive-ingester-0|thanos-receive-ingester-1";
        assert.deepEqual(
            alerts.filter(({ labels }) => labels?.ring).map(({ name, expr }) => [name, /pod=~"([^"]*)"/.exec(expr)?.[1]]),
            [
                ["FleetIngestersAway", members],
                ["FleetRingUnbalanced", members],
                ["FleetReceiveUploadFails", undefined],
            ],
        );
    });

    it("about Receive exist only where there is a Receive", () => {
        const without = observerAlerts({ namespace: "monitoring", observees: ["blue", "red"], streams: [] }).map(({ name }) => name);
        const more = OBSERVER_ALERTS.map(({ name }) => name).filter(
            (name) => !without.includes(name) && !/^Fleet(BlocksMissing|Rule)/.test(name),
        );
        assert.deepEqual(more, [
            "FleetRemoteWriteSilent",
            "FleetIngestersAway",
            "FleetRingDiffers",
            "FleetRingUnbalanced",
            "FleetReceiveUploadFails",
        ]);
    });

    it("about uploads of ingesters exist only for rings that upload", () => {
        const ring = (name: string, uploads: boolean) => ({ parts: partsOf({ name, zones: [], ingesters: 3, leaving: 0 }), uploads });
        const receive = { tenants: ["red"], rings: [ring("big", false), ring("agents", true)], replicationFactor: 3 };
        const alerts = observerAlerts({ namespace: "monitoring", observees: [], streams: [], receive });
        assert.deepEqual(
            alerts.filter(({ name }) => name === "FleetReceiveUploadFails").map(({ labels }) => labels),
            [{ ring: "thanos-receive-ingester-agents" }],
        );
    });

    it("about observees ask the Query that asks leaf Queries, and take none in front of the observer's own sources for one", () => {
        const exprs = (distributedIn?: string) =>
            observerAlerts({ namespace: "monitoring", distributedIn, observees: ["blue"], streams: [] })
                .filter(({ name }) => /^Fleet(ClusterAbsent|SourceUnreachable)$/.test(name))
                .map(({ expr }) => expr);
        const [unreachable, absent = ""] = exprs("observer");
        assert.match(unreachable ?? "", /job=~"thanos-query\|thanos-query-distributed"/);
        assert.match(
            absent,
            /job="thanos-query-distributed".*external_labels=~`.*cluster="blue".*`, external_labels!~`.*cluster="observer".*`/,
        );
        for (const expr of exprs()) assert.doesNotMatch(expr, /distributed|observer/);
    });

    it("about Rule exist only where there is a Rule, and that its alerts are lost only where it has an Alertmanager", () => {
        const ofRule = (rule?: { notifies: boolean; uploads: boolean }) =>
            observerAlerts({ namespace: "monitoring", observees: [], streams: [], rule })
                .map(({ name }) => name)
                .filter((name) => name.startsWith("FleetRule"));
        const always = ["FleetRuleFails", "FleetRuleBehind", "FleetRuleUsesPartialData"];
        assert.deepEqual(
            [ofRule(), ofRule({ notifies: false, uploads: true }), ofRule({ notifies: true, uploads: false })],
            [[], [...always, "FleetRuleUploadFails"], [...always, "FleetRuleWriteFails", "FleetRuleAlertsLost"]],
        );
    });

    it("of a cluster name every pod that is expected", () =>
        assert.deepEqual(
            CLUSTER_ALERTS.filter(({ name }) => name === "FleetComponentDown").map(({ labels }) => labels?.workload),
            ["kps-prometheus", "kps-thanos-discovery", "kps-operator", "thanos-query", "thanos-compact-blue"],
        ));
});
