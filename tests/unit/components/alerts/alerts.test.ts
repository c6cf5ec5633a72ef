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

    /** The alerts about a ring. */
    const aboutRing = (name: string, size: Partial<Parameters<typeof partsOf>[0]>, replicationFactor = 3, uploads = false) =>
        observerAlerts({
            namespace: "m",
            observees: [],
            streams: [],
            receive: {
                tenants: [],
                rings: [{ name, parts: partsOf({ zones: [], ingesters: 3, leaving: 0, ...size }), uploads }],
                replicationFactor,
            },
        }).filter(({ labels }) => labels?.ring);
    /** When too few ingesters are up, without the label matchers. */
    const tooFew = (size: { ingesters: number; zones?: string[] }, replicationFactor = 3) =>
        aboutRing("r", size, replicationFactor)[0]?.expr.replace(/\{.*\}/, "");

    it("let as many ingesters be away as the quorum of a write allows", () => {
        const enough = (ingesters: number, copies: number) => tooFew({ ingesters }, copies);
        assert.deepEqual(
            [enough(3, 3), enough(6, 3), enough(5, 5), enough(2, 2), enough(1, 1)],
            [2, 5, 3, 1, 1].map((count) => `(count(up == 1) or vector(0)) < ${count}`),
        );
    });

    it("let as many zones lack ingesters as the quorum of a write allows, however many a zone lacks", () =>
        assert.deepEqual(
            [tooFew({ ingesters: 6, zones: ["a", "b", "c"] }), tooFew({ ingesters: 4, zones: ["a", "b", "c", "d"] })],
            ["(count(count by (job) (up == 1) == 2) or vector(0)) < 2", "(count(count by (job) (up == 1) == 1) or vector(0)) < 3"],
        ));

    it("about a ring count its members only, and those that leave it where all upload", () => {
        const members = "thanos-receive-ingester-0|thanos-receive-ingester-1";
        assert.deepEqual(
            aboutRing("r", { ingesters: 2, leaving: 1 }, 1, true).map(({ name, expr }) => [name, /pod=~"([^"]*)"/.exec(expr)?.[1]]),
            [
                ["FleetIngestersAway", members],
                ["FleetRingUnbalanced", members],
                ["FleetReceiveUploadFails", undefined],
            ],
        );
    });

    it("about a ring name the ring, not one of its zones", () =>
        assert.deepEqual(
            aboutRing("some-ring", { zones: ["a", "b", "c"] }, 3, true).map(({ labels }) => labels),
            [{ ring: "some-ring" }, { ring: "some-ring" }, { ring: "some-ring" }],
        ));

    it("about Receive exist only where there is a Receive", () => {
        const without = observerAlerts({ namespace: "monitoring", observees: ["blue", "red"], streams: [] }).map(({ name }) => name);
        const more = [...new Set(OBSERVER_ALERTS.map(({ name }) => name))].filter(
            (name) => !without.includes(name) && !/^Fleet(BlocksMissing|Rule)/.test(name),
        );
        assert.deepEqual(more, [
            "FleetRemoteWriteSilent",
            "FleetIngestersAway",
            "FleetTenantLimited",
            "FleetRingDiffers",
            "FleetRingUnbalanced",
            "FleetReceiveUploadFails",
        ]);
    });

    it("about uploads of ingesters exist only for rings that upload", () => {
        const names = (uploads: boolean) => aboutRing("r", {}, 3, uploads).map(({ name }) => name);
        const always = ["FleetIngestersAway", "FleetRingUnbalanced"];
        assert.deepEqual([names(false), names(true)], [always, [...always, "FleetReceiveUploadFails"]]);
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
