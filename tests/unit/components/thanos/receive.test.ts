import assert from "node:assert/strict";
import { parse } from "yaml";
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
        assert.equal(tenants.red.head_series_limit, 524_288);
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
                ["fleet", ["red", "green"], 3],
            ],
        );
        assert.equal(replicasOf(run, "thanos-receive-ingester-big"), 6);
        assert.equal(replicasOf(run, "thanos-receive-ingester"), 3);
        const addresses = fileOf(run, "thanos-query", "endpoints.yml").match(/thanos-receive[\w-]+/g);
        assert.deepEqual(addresses, ["thanos-receive-ingester-big", "thanos-receive-ingester"]);
    });

    it("is limited by what its own ring holds, and counted there", async () => {
        const { global, tenants } = parse(fileOf(await built([big]), "thanos-receive-router", "limits.yml")).write;
        assert.deepEqual([tenants.gold.head_series_limit, tenants.red.head_series_limit], [6 * 349_525 + 2, 524_288]);
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
            ["fleet"],
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
