import assert from "node:assert/strict";
import { plannedPods } from "../../../../components/stack/plannedPods";
import { loadConfig } from "../../../../config/load";
import { ringsOf } from "../../../../config/rings";
import { readRuleFiles } from "../../../../config/ruleFiles";
import type { ObserverConfig } from "../../../../config/schema";
import { streamsOf } from "../../../../config/streams";
import { toEngineConfig } from "../../../../engine/stackFile";
import { KIND_CPUS, MEMORY } from "../../../../local/doctor";
import { dnsHosts, FLEETS, type FleetName, hasSidecars, stackConfig } from "../../../../local/fleet/settings";
import { planFleet } from "../../../../plan/planFleet";

const SETTINGS = { target: { kubeconfig: "/kubeconfig", context: "a" }, chart: "kube-prometheus-stack", storageClass: "standard" };
const NAMES = Object.keys(FLEETS) as FleetName[];

const observerOf = (fleet: FleetName) => loadConfig(stackConfig("observer", { ...SETTINGS, fleet })) as ObserverConfig;

describe("a fleet of npm start", () => {
    for (const fleet of NAMES)
        it(`has a plan for each cluster, in its mode (${fleet})`, async () => {
            const stacks = FLEETS[fleet].map(({ name }) => ({ name, config: toEngineConfig(stackConfig(name, { ...SETTINGS, fleet })) }));
            const plan = await planFleet(stacks);
            assert.deepEqual(
                plan.stacks.map(({ name, mode, warnings }) => ({
                    name,
                    mode,
                    warnings: warnings.filter((text) => !text.includes("PATH")),
                })),
                FLEETS[fleet].map(({ name, mode }) => ({ name, mode, warnings: [] })),
            );
        });

    for (const fleet of NAMES)
        it(`fits into the memory that npm start asks for, on the observer's one node (${fleet})`, () => {
            const requested = plannedPods(observerOf(fleet)).reduce((sum, { replicas, requests }) => sum + replicas * requests.memory, 0);
            // What Kubernetes itself runs needs the rest.
            assert.ok(requested <= MEMORY[fleet].gib * 1024 - 300, `the observer's pods request ${requested} MiB`);
        });

    for (const fleet of NAMES)
        it(`requests no more CPU than the two cores of a small machine have (${fleet})`, () => {
            const requested = plannedPods(observerOf(fleet)).reduce((sum, { replicas, requests }) => sum + replicas * requests.cpu, 0);
            assert.ok(requested <= 1800, `the observer's pods request ${requested} millicores`);
        });

    for (const fleet of NAMES)
        it(`requests no more CPU than npm start asks for, beside what a node of kind requests (${fleet})`, () => {
            const requested = plannedPods(observerOf(fleet)).reduce((sum, { replicas, requests }) => sum + replicas * requests.cpu, 0);
            assert.ok(requested + 950 <= 1000 * KIND_CPUS[fleet], `the observer's pods request ${requested} millicores`);
        });

    it("has other addresses in each cluster", () => {
        const indexes = FLEETS.agents.map(({ index }) => index);
        assert.deepEqual(new Set(indexes).size, indexes.length);
    });

    it("is found by names of the fleet's domain, and the observer by the domain itself", () =>
        assert.deepEqual(dnsHosts(FLEETS.agents.map(({ name, index }) => ({ name, nodeIp: `192.0.2.${index}` }))), {
            "fleet.internal": "192.0.2.1",
            "blue.fleet.internal": "192.0.2.2",
            "red.fleet.internal": "192.0.2.3",
            "yellow.fleet.internal": "192.0.2.4",
            "green.fleet.internal": "192.0.2.5",
        }));
});

describe("a fleet with agents", () => {
    const agents = FLEETS.agents.filter((cluster) => !hasSidecars(cluster)).map(({ name }) => name);

    it("has one stream and one ring for both of them, and a ring of its own for red", () => {
        const config = observerOf("agents");
        assert.deepEqual(
            streamsOf(config).map(({ name, writers, uploader }) => [name, writers.map((writer) => writer.name), uploader]),
            [
                ["observer", ["observer"], undefined],
                ["blue", ["blue"], undefined],
                ["red", ["red"], undefined],
                ["agents", ["yellow", "green"], "receive"],
                ["rule", [], "rule"],
            ],
        );
        assert.deepEqual(
            ringsOf(config).map(({ name, tenants, ingesters, uploads }) => [name, tenants, ingesters, uploads]),
            [
                ["red", ["red"], 3, false],
                ["agents", ["yellow", "green"], 3, true],
            ],
        );
    });

    it("has Rule, whose expressions select the agents and no cluster that evaluates for itself", () => {
        const { rule } = observerOf("agents");
        assert.deepEqual(agents, ["yellow", "green"]);
        const selected = readRuleFiles(rule?.files ?? []).flatMap(({ text }) => text.match(/cluster=~?"[^"]*"/g) ?? []);
        assert.deepEqual([...new Set(selected)], [`cluster=~"${agents.join("|")}"`]);
    });
});

describe("a fleet without agents", () => {
    it("has neither Rule nor rings beside the shared one", () => {
        const config = observerOf("sidecars");
        assert.equal(config.rule, undefined);
        assert.deepEqual(
            ringsOf(config).map(({ name, tenants }) => [name, tenants]),
            [[undefined, ["red"]]],
        );
    });
});
