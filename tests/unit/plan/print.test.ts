import assert from "node:assert/strict";
import { bootstrapSteps } from "../../../plan/bootstrapCommands";
import type { StackPlan } from "../../../plan/model";
import { bootstrapLines, groupedLines, summaryLines, treeLines } from "../../../plan/print";
import { assertGolden } from "../../support/golden";
import { checked, observerWith, planOfExamples } from "./stackInputs";

const service = { type: "kubernetes:core/v1:Service", name: "query", parent: "query", props: { spec: { type: "ClusterIP" } } };
const observer = (more: StackPlan["resources"]): StackPlan => ({
    name: "observer",
    role: "observer",
    resources: [
        { type: "thanos-fleet:index:Observer", name: "observer", props: {} },
        { type: "thanos-fleet:thanos:Query", name: "query", parent: "observer", props: {} },
        service,
        ...more,
    ],
    warnings: ["a contract is assumed"],
});
const workload = (kind: string, name: string, replicas: number, parent: string) => ({
    type: `kubernetes:apps/v1:${kind}`,
    name,
    parent,
    props: { spec: { replicas } },
});

describe("groupedLines", () => {
    it("prints the plan of the worked examples as its golden file", async () =>
        assertGolden("plan.txt", `${groupedLines(await planOfExamples()).join("\n")}\n`));

    it("prints a stack's warnings below its summary", () =>
        assert.equal(groupedLines({ stacks: [observer([])] })[1], "  warning: a contract is assumed"));
});

describe("summaryLines", () => {
    const componentsIn = (more: StackPlan["resources"]) =>
        summaryLines({ stacks: [observer(more)] })
            .join(" ")
            .replace(/ +/g, " ")
            .split("resources ")[1];

    it("counts the components of an observer by their registered types", () => {
        const store = (name: string) => ({ type: "thanos-fleet:thanos:Store", name, parent: "observer", props: {} });
        assert.equal(componentsIn([store("store-blue"), store("store-red")]), "Query, 2 Stores");
        const second = { type: "thanos-fleet:thanos:Query", name: "query-distributed", parent: "observer", props: {} };
        assert.equal(componentsIn([second]), "2 Queries");
    });

    it("names a type of component that it does not know", () => {
        const ruler = { type: "thanos-fleet:thanos:StatelessRuler", name: "ruler", parent: "observer", props: {} };
        assert.equal(componentsIn([ruler]), "Query, Stateless Ruler");
    });

    it("shows the replicas of a component with several workloads", () => {
        const receive = [
            { type: "thanos-fleet:thanos:Receive", name: "receive", parent: "observer", props: {} },
            workload("Deployment", "thanos-receive-router", 2, "receive"),
            workload("StatefulSet", "thanos-receive-ingester", 3, "receive"),
        ];
        assert.equal(componentsIn(receive), "Query, Receive (3 ingesters, 2 routers)");
        const big = workload("StatefulSet", "thanos-receive-ingester-big", 6, "receive");
        assert.equal(componentsIn([...receive, big]), "Query, Receive (9 ingesters, 2 routers)");
    });

    it("counts no parts of a Store whose shards share a stream", () => {
        const store = { type: "thanos-fleet:thanos:Store", name: "store-observer", parent: "observer", props: {} };
        const shards = ["1of12", "10of12"].map((shard) => workload("StatefulSet", `thanos-store-${shard}-observer`, 2, "store-observer"));
        assert.equal(componentsIn([store, ...shards]), "Query, Store");
    });

    it("says where an observee's recent data is read from", () => {
        const blue = { name: "prod-blue", role: "observee", mode: "sidecar" as const, warnings: [] };
        const resources = [{ type: "thanos-fleet:index:Observee", name: "blue", props: {} }];
        assert.deepEqual(summaryLines({ stacks: [{ ...blue, resources }] }), [
            "prod-blue    sidecar                 1 resources   recent data read from blue; blocks in S3; alerts",
            "                                                   evaluated in blue",
        ]);
    });
});

describe("treeLines", () => {
    it("prints every child below its component, also a child with the component's name", () =>
        assert.deepEqual(treeLines({ stacks: [observer([])] }).slice(2), [
            "  Observer observer",
            "    Query query",
            "      Service query",
            "",
        ]));

    it("prints what has no parent, too", () => {
        const provider = { type: "pulumi:providers:aws", name: "aws", props: {} };
        assert.equal(treeLines({ stacks: [observer([provider])] }).at(-2), "  aws provider aws");
    });

    it("prints every resource of the worked examples once", async () => {
        for (const stack of (await planOfExamples()).stacks) {
            const plan = { stacks: [{ ...stack, warnings: [] }] };
            // Its summary comes before, an empty line after them.
            const printed = treeLines(plan).length - summaryLines(plan).length - 1;
            assert.equal(printed, stack.resources.length);
        }
    });
});

describe("a plan", () => {
    const tooLong = (lines: string[]) => lines.filter((line) => line.length > 100);

    it("fits into 100 columns", async () => {
        const plan = await planOfExamples();
        assert.deepEqual(tooLong(groupedLines(plan)), []);
        assert.deepEqual(tooLong(treeLines(plan)), []);
        assert.deepEqual(tooLong(groupedLines({ stacks: [{ ...observer([]), warnings: ["a word ".repeat(40).trim()] }] })), []);
    });
});

describe("bootstrapLines", () => {
    it("fits into 100 columns, but for text in quotes, and a shell reads the same commands as without the breaks", () => {
        const stack = checked(observerWith({}));
        const lines = bootstrapLines(stack);
        const long = lines.filter((line) => line.length > 100);
        // One word of JSON, in single quotes.
        assert.ok(
            long.every((line) => /^ *'\{\S+\}'( \\)?$/.test(line)),
            long.join("\n"),
        );
        const read = lines
            .join("\n")
            .replace(/ \\\n +/g, " ")
            .split("\n");
        for (const command of bootstrapSteps(stack).flatMap(({ commands }) => commands)) assert.ok(read.includes(command), command);
    });

    it("prints a script with the reasons as comments", () => {
        const lines = bootstrapLines(checked(observerWith({})));
        assert.equal(lines[0], "Around the first `pulumi up` of observer, in an empty account");
        const at = lines.indexOf("# A policy stops the preview, before anything is created.");
        assert.deepEqual(lines.slice(at - 1, at + 4), [
            "",
            "# A policy stops the preview, before anything is created.",
            "pulumi preview --policy-pack policies --stack observer",
            "pulumi up --policy-pack policies --stack observer",
            "",
        ]);
    });
});
