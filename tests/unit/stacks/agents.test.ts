import assert from "node:assert/strict";
import { parse } from "yaml";
import { ringChanges, ringSettingsOf } from "../../../components/stack/ringChanges";
import { loadConfig } from "../../../config/load";
import type { ObserverConfig } from "../../../config/schema";
import { type Run, runInProcess } from "../../../engine/runInProcess";
import { toEngineConfig } from "../../../engine/stackFile";
import { problemText } from "../../../rules/problem";
import { assertGolden } from "../../support/golden";
import { problemsOf } from "../../support/problemsOf";
import { observeeConfig, observerConfig } from "../../support/testFleet";

const AGENTS = [
    { name: "green", mode: "agent" },
    { name: "yellow", mode: "agent" },
];
const RED = { name: "red", mode: "sidecar-remote-write" };
const observer = (more: Record<string, unknown> = {}, cloud: "local" | "aws" = "local") =>
    runInProcess("observer", toEngineConfig(observerConfig(cloud, { observees: [RED, ...AGENTS], ...more })));
const green = async () => {
    const { outputs } = await observer();
    return runInProcess("green", toEngineConfig(observeeConfig("green", "local")), () => outputs);
};

const named = (run: Run, type: RegExp) =>
    run.resources
        .filter((r) => type.test(r.type))
        .map(({ name }) => name)
        .sort();
const propsOf = (run: Run, type: RegExp, name: string) =>
    JSON.stringify((run.resources.find((r) => type.test(r.type) && r.name === name) ?? assert.fail(name)).props);
const rings = (run: Run) =>
    (JSON.parse(JSON.parse(propsOf(run, /:ConfigMap$/, "thanos-receive-router")).data["hashrings.json"]) as Record<string, unknown>[]).map(
        ({ hashring, tenants }) => [hashring, tenants],
    );

describe("an observee in mode agent", () => {
    it("consists of the chart and the certificate by which it writes", async () => {
        const run = await green();
        assert.deepEqual(
            run.resources.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`).sort(),
            [
                "Namespace monitoring",
                "NetworkPolicy kps",
                "Observee green",
                "PersistentVolumeClaimPatch prom-agent-kps-prometheus-db-prom-agent-kps-prometheus-0",
                "PersistentVolumeClaimPatch prom-agent-kps-prometheus-db-prom-agent-kps-prometheus-1",
                "Prometheus prometheus",
                "Release kps",
                "Secret prometheus-remote-write-tls",
                "ServiceMonitor thanos",
                "kubernetes kubernetes",
            ].sort(),
        );
    });

    it("gives the chart what an agent takes, and nothing that it would refuse or drop", async () => {
        const run = await green();
        const release = run.resources.find(({ name }) => name === "kps");
        assertGolden("values-agent.json", `${JSON.stringify(release?.props.values, null, 2)}\n`);
    });

    it("exports its mode, and no leaf Query", async () => {
        const { mode, leafQuery } = (await green()).outputs;
        assert.deepEqual([mode, leafQuery], ["agent", undefined]);
    });

    it("gets a certificate to write with, and neither one for a leaf Query nor the store of the blocks", async () => {
        const { access } = (await observer()).outputs as { access: Record<string, { certificates: object }> };
        assert.deepEqual(Object.keys(access.green ?? {}), ["certificates"]);
        assert.deepEqual(Object.keys(access.green?.certificates ?? {}), ["writer"]);
    });
});

describe("the observer of agents", () => {
    it("has one stream for all of them, with one Store, one Compact, and a ring that uploads", async () => {
        const run = await observer();
        assert.deepEqual(named(run, /:thanos:(Store|Compact)$/), [
            "compact-agents",
            "compact-observer",
            "compact-red",
            "store-agents",
            "store-observer",
            "store-red",
        ]);
        assert.deepEqual(rings(run), [
            ["agents", ["green", "yellow"]],
            ["shared_ring", ["red"]],
        ]);
        const uploads = (name: string) => propsOf(run, /:StatefulSet$/, name).includes("--objstore.config-file");
        assert.deepEqual(["thanos-receive-ingester-agents", "thanos-receive-ingester"].map(uploads), [true, false]);
        assert.match(propsOf(run, /:StatefulSet$/, "thanos-compact-agents"), /--deduplication.replica-label=receive_replica/);
        assert.doesNotMatch(propsOf(run, /:StatefulSet$/, "thanos-compact-red"), /deduplication/);
    });

    it("asks no leaf Query of theirs", async () => {
        const endpoints = propsOf(await observer(), /:ConfigMap$/, "thanos-query");
        assert.deepEqual(endpoints.match(/query\.\w+\.fleet\.test/g), ["query.red.fleet.test", "query.red.fleet.test"]);
    });

    it("has no shared ring where nobody else writes", async () => {
        const run = await observer({ observees: AGENTS });
        assert.deepEqual(rings(run), [["agents", ["green", "yellow"]]]);
        assert.deepEqual(
            named(run, /:StatefulSet$/).filter((name) => name.includes("receive")),
            ["thanos-receive-ingester-agents"],
        );
    });

    it("sizes their ring by an entry of its name, and keeps them apart by streams", async () => {
        const run = await observer({
            streams: [{ name: "big", writers: ["green"] }],
            receive: { rings: [{ name: "agents", tenants: [], ingesters: 6 }] },
        });
        assert.deepEqual(rings(run), [
            ["agents", ["yellow"]],
            ["big", ["green"]],
            ["shared_ring", ["red"]],
        ]);
        assert.equal(JSON.parse(propsOf(run, /:StatefulSet$/, "thanos-receive-ingester-agents")).spec.replicas, 6);
    });

    it("lets a cluster with sidecars write to the ring that uploads, before it becomes an agent", async () => {
        const run = await observer({ observees: [RED], streams: [{ name: "agents", writers: ["red"], receiveUploads: true }] });
        assert.deepEqual(rings(run), [["agents", ["red"]]]);
        assert.equal((run.outputs.contract as { observees: { stream?: string }[] }).observees[0]?.stream, "agents");
    });

    it("keeps the ingesters of archived agents, which still have blocks to upload, and no router", async () => {
        const run = await observer({ observees: AGENTS.map((agent) => ({ ...agent, archived: true })) });
        assert.deepEqual(
            named(run, /:(StatefulSet|Deployment)$/).filter((name) => name.includes("receive")),
            ["thanos-receive-ingester-agents"],
        );
    });

    it("gives the ring of each zone the service account with the right to upload", async () => {
        const receive = { zones: ["eu-west-1a", "eu-west-1b", "eu-west-1c"], memory: "1Gi" };
        const run = await observer({ receive }, "aws");
        const account = "thanos-receive-ingester-agents";
        for (const zone of receive.zones)
            assert.match(propsOf(run, /:StatefulSet$/, `${account}-${zone}`), new RegExp(`"serviceAccountName":"${account}"`));
        assert.match(propsOf(run, /:PodIdentityAssociation$/, "receive-agents-identity"), new RegExp(`"serviceAccount":"${account}"`));
        assert.deepEqual(
            named(run, /:ServiceAccount$/).filter((name) => name.includes("agents")),
            ["thanos-compact-agents", "thanos-receive-ingester-agents", "thanos-store-agents"],
        );
    });
});

describe("Rule, in a fleet with agents", () => {
    it("evaluates the alerts that they cannot evaluate themselves, without a rule file of the user's", async () => {
        const run = await observer({ rule: {}, observees: [RED, { name: "green", mode: "agent" }] });
        const files = JSON.parse(propsOf(run, /:ConfigMap$/, "thanos-rule")).data as Record<string, string>;
        assert.deepEqual(Object.keys(files), ["thanos-fleet.yml"]);
        const { groups } = parse(files["thanos-fleet.yml"] ?? "") as { groups: { rules: { alert: string; labels: object }[] }[] };
        assert.deepEqual(
            groups[0]?.rules.map(({ alert, labels }) => [alert, labels]),
            ["FleetAgentBehind", "FleetRemoteWriteLosesSamples", "FleetVolumeNearlyFull"].map((alert) => [
                alert,
                { severity: "critical", cluster: "green" },
            ]),
        );
    });

    it("keeps the name of that file", () =>
        assert.deepEqual(problemsOf(observerConfig("local", { observees: AGENTS, rule: { files: ["thanos-fleet.yml"] } })).slice(0, 1), [
            'rule.files[0]: "thanos-fleet.yml" is the file of the fleet\'s own rules. Rename yours.',
        ]));
});

describe("a configuration with agents is refused", () => {
    const refused = (more: Record<string, unknown>) => problemsOf(observerConfig("local", { observees: [RED, ...AGENTS], ...more }));

    it("where their stream is the name of a cluster", () =>
        assert.deepEqual(refused({ cluster: "agents" }), [
            'cluster: "agents" is also the stream of all agents that are in no other. Rename the cluster, or list the agents in a stream of another name.',
        ]));

    it("where nothing would upload their samples", () =>
        assert.deepEqual(refused({ streams: [{ name: "agents", writers: ["green"], receiveUploads: false }] }), [
            "streams[0].receiveUploads: is false, but nothing else would upload the samples of green, yellow: agents have no sidecars. Remove it.",
        ]));

    it("where a ring would upload to two streams, or one tenant twice", () =>
        assert.deepEqual(
            refused({
                receive: {
                    rings: [
                        { name: "big", tenants: ["green"] },
                        { name: "agents", tenants: ["red"] },
                    ],
                },
            }),
            [
                'receive.rings[0].tenants[0]: "green" is in the stream agents, which Receive uploads to: an ingester uploads all that it holds to one stream. Remove it: the ring agents takes its samples.',
                'receive.rings[1].tenants[0]: "red" is not in the stream agents, to which this ring uploads: its blocks would be there twice, or in the wrong place. Rename the ring, or add red to the writers of the stream.',
            ],
        ));

    it("where blocks could be deleted before they are uploaded", () =>
        assert.deepEqual(refused({ receive: { retention: "5h" } }), [
            "receive.retention: 5h is shorter than three blocks (6h): a block of an agent could be deleted before it is uploaded. Write 6h or longer; 7d survives a long weekend without S3.",
        ]));

    it("where the stream's name is too long for its ingesters", () =>
        assert.deepEqual(refused({ streams: [{ name: "all-agents-of-the-whole-company", writers: ["green", "yellow"] }] }), [
            'streams: "all-agents-of-the-whole-company" is too long for the name of the StatefulSet of its ingesters. Name the stream with 27 characters at most.',
        ]));
});

describe("when the last agent changes its mode", () => {
    const config = (more: Record<string, unknown>) => loadConfig(observerConfig("local", more)) as ObserverConfig;
    const before = config({ observees: AGENTS });
    const observees = AGENTS.map(({ name }) => ({ name, mode: "sidecar" }));

    it("the ring may not go, also where nobody writes any more: it has blocks to upload", () =>
        assert.deepEqual(ringChanges(ringSettingsOf(before), config({ observees })).map(problemText), [
            "receive.rings: ring agents would go, and with its 3 ingesters the only copies of some samples. " +
                "Write {name: agents, writers: [], receiveUploads: true} in streams and deploy that; remove it when its samples are in the bucket, or older than receive.retention (7d).",
        ]));

    it("it may go in the update after one in which it got no more samples", () => {
        const emptied = config({ observees, streams: [{ name: "agents", writers: [], receiveUploads: true }] });
        assert.deepEqual(ringChanges(ringSettingsOf(before), emptied), []);
        assert.deepEqual(ringChanges(ringSettingsOf(emptied), config({ observees })), []);
    });
});
