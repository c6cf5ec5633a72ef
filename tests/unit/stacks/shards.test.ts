import assert from "node:assert/strict";
import { storeWorkloads } from "../../../components/naming/names";
import { type PlannedResource, type Run, runInProcess } from "../../../engine/runInProcess";
import { toEngineConfig } from "../../../engine/stackFile";
import { buildObserver, observerConfig } from "../../support/testFleet";

const observer = (more: Record<string, unknown>) => runInProcess("observer", toEngineConfig(observerConfig("local", more)));

const THREE = { streams: [{ name: "blue", writers: ["blue"], shards: 3 }] };
const SHARDS = ["1of3", "2of3", "3of3"].map((shard) => `thanos-store-${shard}-blue`);

const kindOf = ({ type }: PlannedResource) => type.slice(type.lastIndexOf(":") + 1);
const named = ({ resources }: Run) => resources.map((r) => `${kindOf(r)} ${r.name}`);
const find = ({ resources }: Run, kind: string, name: string) =>
    resources.find((r) => kindOf(r) === kind && r.name === name) as PlannedResource;
/** The labels by which a Service, a disruption budget or a StatefulSet finds its pods. */
const selects = ({ props }: PlannedResource) => {
    const { selector } = props.spec as { selector: Record<string, string> & { matchLabels?: Record<string, string> } };
    return selector.matchLabels ?? selector;
};

describe("a stream of three shards", () => {
    it("has three Stores, each with all that belongs to one, and the identity that one had", async () => {
        const [one, three] = [named(await buildObserver("local")), named(await observer(THREE))];
        const of = (name: string) => [
            ...["NetworkPolicy", "PodDisruptionBudget", "Service", "StatefulSet"].map((kind) => `${kind} ${name}`),
            ...[0, 1].map((pod) => `PersistentVolumeClaimPatch data-${name}-${pod}`),
        ];
        assert.deepEqual(three.filter((name) => !one.includes(name)).sort(), SHARDS.flatMap(of).sort());
        assert.deepEqual(one.filter((name) => !three.includes(name)).sort(), of("thanos-store-blue").sort());
        assert.ok(three.includes("ServiceAccount thanos-store-blue"));
    });

    it("keeps the pods of each apart", async () => {
        const run = await observer(THREE);
        for (const [i, name] of SHARDS.entries()) {
            for (const kind of ["Service", "PodDisruptionBudget", "StatefulSet"])
                assert.deepEqual(selects(find(run, kind, name)), {
                    "app.kubernetes.io/name": "thanos",
                    "app.kubernetes.io/component": "store",
                    "thanos-fleet/stream": "blue",
                    "thanos-fleet/shard": `${i + 1}of3`,
                });
            const { template } = find(run, "StatefulSet", name).props.spec as { template: { spec: { serviceAccountName: string } } };
            assert.equal(template.spec.serviceAccountName, "thanos-store-blue");
        }
    });

    it("is asked at each of them, by a Query that changes over when all of them run", async () => {
        const run = await observer(THREE);
        const query = find(run, "ConfigMap", "thanos-query");
        const file = (query.props.data as Record<string, string>)["endpoints.yml"] ?? "";
        const asked = [...file.matchAll(/address: (thanos-store\S*)\.monitoring\.svc/g)].map(([, name]) => name);
        assert.deepEqual(asked, ["thanos-store-observer", "thanos-store-red", ...SHARDS]);
        for (const name of asked) assert.ok(query.dependsOn.includes(name ?? ""), `${name} is not among ${query.dependsOn}`);
    });
});

describe("the names of Stores", () => {
    it("are those of no other stream's, and of no other number of shards", () => {
        // A stream's name begins with a letter.
        const streams = ["blue", "blue-1", "of3-blue", "x1of3-blue"];
        const all = streams.flatMap((stream) => [1, 2, 3, 13].flatMap((shards) => storeWorkloads(stream, shards)));
        assert.equal(new Set(all).size, all.length);
    });

    it("fit into the name of a StatefulSet", () =>
        assert.deepEqual(
            storeWorkloads("a".repeat(32), 99).filter((name) => name.length > 52),
            [],
        ));
});

describe("Stores that leave recent samples to Receive", () => {
    it("are those of streams that Receive holds", async () => {
        const observees = [
            { name: "blue", mode: "sidecar" },
            { name: "red", mode: "sidecar-remote-write" },
            { name: "pink", mode: "sidecar-remote-write", archived: true },
            { name: "green", mode: "agent" },
        ];
        const { resources } = await observer({ observees, store: { minAge: "22h" } });
        const flags = resources
            .filter((r) => kindOf(r) === "StatefulSet" && r.name.startsWith("thanos-store-"))
            .map(({ name, props }) => [
                name.replace("thanos-store-", ""),
                JSON.stringify(props).match(/--max-time=[^"]*/)?.[0] ?? "all ages",
            ]);
        assert.deepEqual(Object.fromEntries(flags), {
            observer: "all ages",
            blue: "all ages",
            red: "--max-time=-22h",
            pink: "all ages",
            agents: "--max-time=-22h",
        });
    });
});
