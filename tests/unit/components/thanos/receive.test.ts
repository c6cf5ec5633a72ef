import assert from "node:assert/strict";
import { parse } from "yaml";
import { receive } from "../../../../config/schema/thanos";
import { type Run, runInProcess } from "../../../../engine/runInProcess";
import { toEngineConfig } from "../../../../engine/stackFile";
import { observerConfig } from "../../../support/testFleet";

const build = (receive: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    runInProcess("observer", toEngineConfig(observerConfig("local", { receive, ...more })));

const propsOf = (run: Run, kind: string, name: string) => {
    const found = run.resources.find((r) => r.name === name && r.type.endsWith(`:${kind}`));
    assert.ok(found, `${kind} ${name}`);
    return found.props;
};
const fileOf = (run: Run, workload: string, file: string) =>
    (propsOf(run, "ConfigMap", workload).data as Record<string, string>)[file] ?? assert.fail(file);
const replicasOf = (run: Run, name: string) => (propsOf(run, "StatefulSet", name).spec as { replicas: number }).replicas;

interface RingEntry {
    hashring: string;
    tenants: string[];
    endpoints: { address: string; az?: string }[];
}
const ringsOf = (run: Run) => JSON.parse(fileOf(run, "thanos-receive-router", "hashrings.json")) as RingEntry[];
const membersOf = ({ endpoints }: RingEntry) => endpoints.map(({ address, az }) => `${address.split(".")[0]}${az ? ` in ${az}` : ""}`);

describe("ingesters that leave", () => {
    it("run, but are not in the ring, and their series do not count for limits", async () => {
        const run = await build({ ingesters: 3, leaving: 2 });
        assert.equal(replicasOf(run, "thanos-receive-ingester"), 5);
        const members = [0, 1, 2].map((ordinal) => `thanos-receive-ingester-${ordinal}`);
        assert.deepEqual(ringsOf(run).map(membersOf), [members]);
        const { global, tenants } = parse(fileOf(run, "thanos-receive-router", "limits.yml")).write;
        assert.match(global.meta_monitoring_limit_query, new RegExp(`pod=~"${members.join("\\|")}"`));
        assert.equal(tenants.red.head_series_limit, 1_048_576);
    });
});

describe("a tenant with a ring of its own", () => {
    const OBSERVEES = ["red", "green", "gold"].map((name) => ({ name, mode: "sidecar-remote-write", archived: false }));
    const big = { name: "big", tenants: ["gold"], ingesters: 6, memory: "8Gi" };
    const built = (rings: Record<string, unknown>[], observees: object[] = OBSERVEES, receive: Record<string, unknown> = {}) =>
        build({ rings, ...receive }, { observees });

    it("writes to ingesters that no other tenant writes to, and that Query asks too", async () => {
        const run = await built([big]);
        assert.deepEqual(
            ringsOf(run).map(({ hashring, tenants, endpoints }) => [hashring, tenants, endpoints.length]),
            [
                ["big", ["gold"], 6],
                ["shared_ring", ["red", "green"], 3],
            ],
        );
        assert.equal(replicasOf(run, "thanos-receive-ingester-big"), 6);
        assert.equal(replicasOf(run, "thanos-receive-ingester"), 3);
        const addresses = fileOf(run, "thanos-query", "endpoints.yml").match(/thanos-receive[\w-]+/g);
        assert.deepEqual(addresses, ["thanos-receive-ingester-big", "thanos-receive-ingester"]);
    });

    it("has another name in the file and in Receive's metrics than the shared ring, whatever it is called", async () => {
        assert.deepEqual(
            ringsOf(await built([{ ...big, name: "fleet" }])).map(({ hashring }) => hashring),
            ["fleet", "shared_ring"],
        );
        const nameOf = (name: string) => receive.safeParse({ rings: [{ name, tenants: [] }] }).success;
        assert.deepEqual([nameOf("fleet"), nameOf("shared_ring")], [true, false]);
    });

    it("is limited by what its own ring holds, and counted there", async () => {
        const { global, tenants } = parse(fileOf(await built([big]), "thanos-receive-router", "limits.yml")).write;
        assert.deepEqual([tenants.gold.head_series_limit, tenants.red.head_series_limit], [6 * 699_050 + 4, 1_048_576]);
        assert.match(global.meta_monitoring_limit_query, /pod=~"thanos-receive-ingester-big-0\|[^"]+",tenant=~"gold"/);
        assert.match(global.meta_monitoring_limit_query, /pod=~"thanos-receive-ingester-0\|[^"]+",tenant=~"red\|green"/);
    });

    it("has objects that select no pod of another ring", async () => {
        const run = await built([big]);
        const selectors = run.resources
            .filter(
                ({ type, name }) => /:(Service|PodDisruptionBudget|StatefulSet)$/.test(type) && name.startsWith("thanos-receive-ingester"),
            )
            .map(({ type, name, props }) => {
                const { selector } = props.spec as { selector: { matchLabels?: Record<string, string> } & Record<string, unknown> };
                const labels = (selector.matchLabels ?? selector) as Record<string, string>;
                return `${type.split(":")[2]} ${name}: ${labels["app.kubernetes.io/component"]}`;
            });
        assert.deepEqual(selectors.sort(), [
            "PodDisruptionBudget thanos-receive-ingester-big: receive-ingester-big",
            "PodDisruptionBudget thanos-receive-ingester: receive-ingester",
            "Service thanos-receive-ingester-big: receive-ingester-big",
            "Service thanos-receive-ingester: receive-ingester",
            "StatefulSet thanos-receive-ingester-big: receive-ingester-big",
            "StatefulSet thanos-receive-ingester: receive-ingester",
        ]);
    });

    it("leaves the file when it is archived, and its ingesters go on answering", async () => {
        const run = await built(
            [big],
            OBSERVEES.map((o) => ({ ...o, archived: o.name === "gold" })),
        );
        assert.deepEqual(
            ringsOf(run).map(({ hashring }) => hashring),
            ["shared_ring"],
        );
        assert.equal(replicasOf(run, "thanos-receive-ingester-big"), 6);
        assert.match(fileOf(run, "thanos-query", "endpoints.yml"), /thanos-receive-ingester-big\./);
    });

    it("may be the only one: a shared ring that nobody writes to is not in the file, and may have no ingesters", async () => {
        const only = OBSERVEES.slice(2);
        assert.deepEqual(
            ringsOf(await built([big], only)).map(({ hashring }) => hashring),
            ["big"],
        );
        const { resources } = await built([big], only, { ingesters: 0 });
        const sets = resources.filter(({ type, name }) => type.endsWith(":StatefulSet") && name.includes("receive"));
        assert.deepEqual(
            sets.map(({ name }) => name),
            ["thanos-receive-ingester-big"],
        );
    });
});

describe("a ring in three zones", () => {
    const ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];
    const built = () => build({ zones: ZONES, ingesters: 6, leaving: 3 });
    const setOf = (run: Run, zone: string) =>
        propsOf(run, "StatefulSet", `thanos-receive-ingester-${zone}`).spec as {
            replicas: number;
            selector: { matchLabels: Record<string, string> };
            template: { metadata: { labels: Record<string, string> }; spec: { nodeSelector: Record<string, string> } };
        };

    it("has as many ingesters in each, on nodes of that zone, and names the zone in the ring", async () => {
        const run = await built();
        for (const zone of ZONES) {
            const { replicas, template, selector } = setOf(run, zone);
            assert.equal(replicas, 3);
            assert.deepEqual(template.spec.nodeSelector, { "topology.kubernetes.io/zone": zone });
            assert.equal(selector.matchLabels["thanos-fleet/zone"], zone);
            assert.equal(template.metadata.labels["thanos-fleet/zone"], zone);
        }
        const inZone = (zone: string) => [0, 1].map((ordinal) => `thanos-receive-ingester-${zone}-${ordinal} in ${zone}`);
        assert.deepEqual(ringsOf(run).map(membersOf), [ZONES.flatMap(inZone)]);
    });

    it("stands on the nodes that are for pods with volumes", async () => {
        const aws = {
            ...(observerConfig("aws").aws as object),
            nodeGroups: { subnetIds: ["subnet-0a", "subnet-0b"], stateful: { nodesPerZone: 5 } },
        };
        const run = await runInProcess("observer", toEngineConfig(observerConfig("aws", { aws, receive: { zones: ZONES } })));
        const { nodeSelector } = setOf(run, "eu-west-1b").template.spec;
        assert.deepEqual(nodeSelector, { "thanos-fleet/pool": "stateful", "topology.kubernetes.io/zone": "eu-west-1b" });
    });

    it("has one disruption budget over all zones: a drained node takes one copy of a sample at most", async () => {
        const budgets = (await built()).resources.filter(
            ({ type, name }) => type.endsWith(":PodDisruptionBudget") && name.includes("ingester"),
        );
        assert.deepEqual(
            budgets.map(({ name, props }) => [name, props.spec]),
            [
                [
                    "thanos-receive-ingester",
                    {
                        maxUnavailable: 1,
                        selector: {
                            matchLabels: { "app.kubernetes.io/name": "thanos", "app.kubernetes.io/component": "receive-ingester" },
                        },
                    },
                ],
            ],
        );
    });

    it("is asked by Query in every zone, and counted for limits in every zone", async () => {
        const run = await built();
        const addresses = fileOf(run, "thanos-query", "endpoints.yml").match(/thanos-receive[\w-]+/g);
        assert.deepEqual(
            addresses,
            ZONES.map((zone) => `thanos-receive-ingester-${zone}`),
        );
        const { global } = parse(fileOf(run, "thanos-receive-router", "limits.yml")).write;
        for (const zone of ZONES) assert.match(global.meta_monitoring_limit_query, new RegExp(`thanos-receive-ingester-${zone}-1[|"]`));
    });

    it("rolls out one zone after the other, and gets samples when all are there", async () => {
        const run = await built();
        const waitsFor = (kind: string, name: string) =>
            run.resources
                .find((r) => r.name === name && r.type.endsWith(`:${kind}`))
                ?.dependsOn.filter((other) => /^thanos-receive-ingester/.test(other));
        const [a, b, c] = ZONES.map((zone) => `thanos-receive-ingester-${zone}`) as [string, string, string];
        assert.deepEqual(
            [a, b, c].map((name) => waitsFor("StatefulSet", name)),
            [[], [a], [b]],
        );
        assert.deepEqual(waitsFor("Deployment", "thanos-receive-router"), [a, b, c]);
    });
});
