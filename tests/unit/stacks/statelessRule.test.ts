import assert from "node:assert/strict";
import { parse } from "yaml";
import { ringChanges, ringSettingsOf } from "../../../components/stack/ringChanges";
import { loadConfig } from "../../../config/load";
import type { ObserverConfig } from "../../../config/schema";
import { type Run, runInProcess } from "../../../engine/runInProcess";
import { toEngineConfig } from "../../../engine/stackFile";
import { problemText } from "../../../rules/problem";
import { observerConfig } from "../../support/testFleet";

const RED = { name: "red", mode: "sidecar-remote-write" };
const RECORDED = { name: "recorded", writers: [], receiveUploads: true };
const FILES = ["tests/support/rules/fleet.yml"];
const raw = (more: Record<string, unknown>) => observerConfig("local", { observees: [RED, { name: "green", mode: "agent" }], ...more });
const build = (more: Record<string, unknown>) => runInProcess("observer", toEngineConfig(raw(more)));
const ofAgents = () => build({ rule: { files: FILES, stream: "agents" } });
const ofItsOwn = () => build({ rule: { files: FILES, stream: "recorded" }, streams: [RECORDED] });

const named = (run: Run, type: RegExp) => run.resources.filter((r) => type.test(r.type)).map(({ name }) => name);
const propsOf = (run: Run, type: RegExp, name: string) =>
    (run.resources.find((r) => type.test(r.type) && r.name === name) ?? assert.fail(name)).props;
const fileOf = (run: Run, name: string, file: string) =>
    (propsOf(run, /:ConfigMap$/, name).data as Record<string, string>)[file] ?? assert.fail(file);
const rings = (run: Run, name: string) =>
    (JSON.parse(fileOf(run, name, "hashrings.json")) as { hashring: string; tenants: string[]; endpoints: { address: string }[] }[]).map(
        ({ hashring, tenants, endpoints }) => [hashring, tenants, endpoints.map(({ address }) => address.split(".")[0])],
    );
const ingesters = (ring: string) => [0, 1, 2].map((ordinal) => `thanos-receive-ingester-${ring}-${ordinal}`);

/** Who may connect, by port. */
const clients = (run: Run, name: string) => {
    const { ingress } = propsOf(run, /:NetworkPolicy$/, name).spec as {
        ingress: { ports: { port: number }[]; from?: { podSelector: { matchLabels: Record<string, string> } }[] }[];
    };
    return Object.fromEntries(
        ingress.map(({ ports, from }) => [
            ports[0]?.port,
            from?.map(({ podSelector }) => podSelector.matchLabels["app.kubernetes.io/component"] ?? "prometheus") ?? "anywhere",
        ]),
    );
};

describe("a stateless Rule", () => {
    it("has no volume, no objstore file and no rights, and no stream of its own", async () => {
        const run = await ofAgents();
        const { template } = propsOf(run, /:Deployment$/, "thanos-rule").spec as {
            template: {
                spec: { volumes: Record<string, unknown>[]; containers: { volumeMounts: { name: string; mountPath: string }[] }[] };
            };
        };
        assert.deepEqual(
            template.spec.volumes.map(({ name, emptyDir }) => [name, emptyDir]),
            [
                ["tmp", {}],
                ["config", undefined],
            ],
        );
        assert.deepEqual(template.spec.containers[0]?.volumeMounts[0], { name: "tmp", mountPath: "/var/thanos/data" });
        const blocksOf = (built: Run) =>
            named(built, /:(StatefulSet|Secret)$/)
                .filter((name) => name.endsWith("-rule"))
                .sort();
        assert.deepEqual(blocksOf(await build({ rule: { files: FILES } })), [
            "thanos-compact-rule",
            "thanos-objstore-rule",
            "thanos-rule",
            "thanos-store-rule",
        ]);
        assert.deepEqual(blocksOf(run), []);
    });

    it("writes to the ring of its stream through routers that take every tenant and only Rule as client", async () => {
        const run = await ofAgents();
        assert.deepEqual(rings(run, "thanos-receive-router-rule"), [["agents", [], ingesters("agents")]]);
        assert.deepEqual(
            rings(run, "thanos-receive-router").map(([name, tenants]) => [name, tenants]),
            [
                ["agents", ["green"]],
                ["shared_ring", ["red"]],
            ],
        );
        assert.deepEqual(clients(run, "thanos-receive-router-rule"), { 19291: ["rule"], 10902: ["prometheus"] });
        assert.deepEqual(clients(run, "thanos-receive-ingester-agents")[10901], ["query", "receive-router", "receive-router-rule"]);
        assert.deepEqual(clients(run, "thanos-receive-ingester")[10901], ["query", "receive-router"]);
        const services = run.resources.filter(
            ({ type, name }) => type.endsWith(":Service") && name.startsWith("thanos-receive-router-rule"),
        );
        assert.deepEqual(
            services.map(({ props }) => (props.spec as { clusterIP?: string; type?: string }).clusterIP),
            ["None"],
        );
    });

    it("limits the size of a request, and nobody's series: Receive counts before it knows the tenant", async () => {
        const { write } = parse(fileOf(await ofAgents(), "thanos-receive-router-rule", "limits.yml"));
        assert.deepEqual([write.default.request.size_bytes_limit, write.tenants], [8 * 1024 * 1024, {}]);
    });

    it("may be the only one that writes to a ring, which clusters then cannot write to", async () => {
        const run = await ofItsOwn();
        assert.deepEqual(rings(run, "thanos-receive-router-rule"), [["recorded", [], ingesters("recorded")]]);
        assert.ok(!rings(run, "thanos-receive-router").some(([name]) => name === "recorded"));
        const compact = propsOf(run, /:StatefulSet$/, "thanos-compact-recorded");
        assert.match(JSON.stringify(compact), /--deduplication.replica-label=receive_replica/);
    });

    it("needs no cluster that writes", async () => {
        const run = await build({
            observees: [{ name: "blue", mode: "sidecar" }],
            rule: { files: FILES, stream: "recorded" },
            streams: [RECORDED],
        });
        assert.deepEqual(
            named(run, /:(Deployment|StatefulSet)$/).filter((name) => name.includes("receive")),
            ["thanos-receive-ingester-recorded", "thanos-receive-router-rule"],
        );
        const alerts = JSON.stringify(run.resources.filter(({ type }) => type.endsWith(":PrometheusRule")));
        assert.match(alerts, /FleetIngestersAway/);
        assert.match(alerts, /FleetRuleWriteFails/);
        assert.doesNotMatch(alerts, /FleetRingDiffers|FleetRuleUploadFails/);
    });

    it("keeps its ring from being removed: it may hold the only copies of what was recorded", () => {
        const config = (more: Record<string, unknown>) => loadConfig(raw(more)) as ObserverConfig;
        const before = ringSettingsOf(config({ rule: { files: FILES, stream: "recorded" }, streams: [RECORDED] }));
        assert.equal(before["receive.rings.recorded.ingesters"], 3);
        assert.deepEqual(ringChanges(before, config({ rule: { files: FILES, stream: "agents" } })).map(problemText), [
            "receive.rings: ring recorded would go, and with its 3 ingesters the only copies of some samples. Write {name: recorded, writers: [], receiveUploads: true} in streams and deploy that; remove it when its samples are in the bucket, or older than receive.retention (7d).",
        ]);
        assert.deepEqual(ringChanges(before, config({ rule: { files: FILES, stream: "agents" }, streams: [RECORDED] })), []);
    });
});
