import assert from "node:assert/strict";
import { toEngineConfig } from "../../../engine/stackFile";
import { groupsOf } from "../../../plan/groups";
import { observerStackName, planFleet } from "../../../plan/planFleet";
import { observeeConfig, observerConfig } from "../../support/testFleet";

const observer = { name: "observer", config: toEngineConfig(observerConfig("local")) };
const red = { name: "red", config: toEngineConfig(observeeConfig("red", "local")) };

describe("planFleet", () => {
    it("plans observers first, and observees from their outputs", async () => {
        const { stacks } = await planFleet([red, observer]);
        assert.deepEqual(
            stacks.map(({ name, role, mode, warnings }) => ({ name, role, mode, warnings })),
            [
                { name: "observer", role: "observer", mode: undefined, warnings: [] },
                { name: "red", role: "observee", mode: "sidecar-remote-write", warnings: [] },
            ],
        );
    });

    it("looks up an observer that is not to be planned", async () => {
        const { stacks } = await planFleet([red], (name) => (name === "observer" ? observer : undefined));
        assert.deepEqual(
            stacks.map(({ name, mode, warnings }) => ({ name, mode, warnings })),
            [{ name: "red", mode: "sidecar-remote-write", warnings: [] }],
        );
    });

    it("assumes a contract with mode sidecar, and says so, if there is no observer", async () => {
        const [plan] = (await planFleet([red])).stacks;
        assert.equal(plan?.mode, "sidecar");
        assert.deepEqual(plan?.warnings, [
            "organization/thanos-fleet/observer has no stack file here: the plan assumes a contract in which red has mode sidecar.",
        ]);
    });

    it("says which instance types it does not know, so that only a preview checks whether pods fit on them", async () => {
        const nodeGroups = { subnetIds: ["subnet-0a"], stateful: { instanceType: "r8g.xlarge" } };
        const { aws } = observerConfig("aws") as { aws: object };
        const config = toEngineConfig(observerConfig("aws", { aws: { ...aws, nodeGroups } }));
        const [plan] = (await planFleet([{ name: "observer", config }])).stacks;
        assert.deepEqual(plan?.warnings, [
            "aws.nodeGroups.stateful.instanceType: whether all pods fit on r8g.xlarge is checked by `pulumi preview`, which asks EC2.",
        ]);
    });

    it("lists scrape configs, and says what those that federate cannot do", async () => {
        const scrapeConfigs = [
            { name: "legacy", targets: ["10.0.0.7:9090"], federate: { match: ["job:up:sum"] } },
            { name: "machines", targets: ["10.0.0.8:9100"] },
        ];
        const config = toEngineConfig(observerConfig("local", { prometheus: { scrapeConfigs } }));
        const [plan] = (await planFleet([{ name: "observer", config }])).stacks;
        assert.ok(plan);
        assert.deepEqual(plan.warnings, [
            "scrape config legacy federates: each scrape copies the newest sample of a series only, and nothing fills the gap when a scrape is missed. " +
                "To have every sample of a cluster, make it an observee.",
        ]);
        assert.deepEqual(
            groupsOf(plan)
                .find(({ title }) => title === "Prometheus")
                ?.rows.at(-1),
            ["scrape configs", "", "", "legacy, machines"],
        );
    });

    it("prints the rules that a stack eases with their reasons", async () => {
        const easedRules = [
            { rule: "L31", reason: "this cluster is for tests", until: "9999-01-01" },
            { rule: "L5", reason: "measured" },
        ];
        const config = toEngineConfig(observerConfig("local", { easedRules, prometheus: { replicas: 1 } }));
        const [plan] = (await planFleet([{ name: "observer", config }])).stacks;
        assert.deepEqual(plan?.warnings, [
            "rule L31 is eased (until 9999-01-01: this cluster is for tests)",
            "rule L5 is eased (measured)",
        ]);
    });

    it("passes on a stack's own warnings", async () => {
        const { stacks } = await planFleet([{ ...observer, warnings: ["a zone is assumed"] }]);
        assert.deepEqual(stacks[0]?.warnings, ["a zone is assumed"]);
    });
});

describe("observerStackName", () => {
    it("is the last part of the reference", () => assert.equal(observerStackName(red), "observer"));
    it("is undefined for an observer", () => assert.equal(observerStackName(observer), undefined));
});
