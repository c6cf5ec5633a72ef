import assert from "node:assert/strict";
import { STATEFUL_NODES } from "../../../../components/cloud/aws/cluster/nodeGroups";
import { placementOf } from "../../../../components/kubernetes/placement";
import { runInProcess } from "../../../../engine/runInProcess";
import { toEngineConfig } from "../../../../engine/stackFile";
import { VERSIONS } from "../../../../upstream/versions";
import { problemsOf } from "../../../support/problemsOf";
import { observeeConfig, observerConfig } from "../../../support/testFleet";

const tolerations = [{ key: "metrics", operator: "Exists" as const }];

describe("what the user says of every pod", () => {
    it("is where all images come from", async () => {
        const config = observerConfig("local", {
            pods: { imageRegistry: "mirror.example.com:5000/pull" },
            queryFrontend: { cache: { type: "memcached" } },
            rule: { files: ["tests/support/rules/fleet.yml"] },
            tools: ["verify"],
            bucketWeb: {},
        });
        const { resources } = await runInProcess("observer", toEngineConfig(config));
        const images = [...JSON.stringify(resources.map(({ props }) => props)).matchAll(/"image":"([^"]+)"/g)].map(
            ([, image]) => image ?? "",
        );
        assert.deepEqual([...new Set(images)].sort(), [
            `mirror.example.com:5000/pull/library/memcached:${VERSIONS.memcached}-alpine`,
            `mirror.example.com:5000/pull/thanos/thanos:${VERSIONS.thanos}`,
            `mirror.example.com:5000/pull/versity/versitygw:${VERSIONS.versitygw}`,
        ]);
        const release = resources.find(({ type }) => type.endsWith(":Release"));
        assert.deepEqual((release?.props.values as { global?: unknown } | undefined)?.global, {
            imageRegistry: "mirror.example.com:5000/pull",
        });
    });

    it("is refused where a registry is written as an address", () =>
        assert.deepEqual(problemsOf(observeeConfig("blue", "local", { pods: { imageRegistry: "https://mirror.example.com" } })), [
            'pods.imageRegistry: "https://mirror.example.com" is not a registry. Write a host and a path, without https://: mirror.example.com/pull.',
        ]));

    it("is nothing by default", () => {
        assert.equal(placementOf(undefined, { nodeSelector: {}, tolerations: [] }), undefined);
        assert.equal(placementOf(STATEFUL_NODES, { nodeSelector: {}, tolerations: [] }), STATEFUL_NODES);
    });

    it("adds to what the cloud says", () =>
        assert.deepEqual(placementOf(STATEFUL_NODES, { nodeSelector: {}, tolerations, priorityClassName: "high" }), {
            nodeSelector: STATEFUL_NODES.nodeSelector,
            tolerations: [...STATEFUL_NODES.tolerations, ...tolerations],
            priorityClassName: "high",
        }));

    it("is in every pod of a stack", async () => {
        const pods = { nodeSelector: { pool: "metrics" }, tolerations, priorityClassName: "high" };
        const config = observerConfig("local", {
            pods,
            queryFrontend: { cache: { type: "memcached" } },
            receive: { zones: ["a", "b", "c"] },
            rule: { files: ["tests/support/rules/fleet.yml"] },
            grafana: {},
        });
        const { resources } = await runInProcess("observer", toEngineConfig(config));
        type PodSpec = { nodeSelector?: Record<string, string>; tolerations?: unknown; priorityClassName?: string };
        const specs = resources
            .filter(({ type }) => /:(Deployment|StatefulSet)$/.test(type))
            .map(({ name, props }) => [name, (props.spec as { template: { spec: PodSpec } }).template.spec] as const);
        const release = resources.find(({ type }) => type.endsWith(":Release"));
        // biome-ignore lint/suspicious/noExplicitAny: the chart's values
        const values = release?.props.values as any;
        specs.push(
            ["prometheus", values.prometheus.prometheusSpec],
            ["alertmanager", values.alertmanager.alertmanagerSpec],
            ["operator", values.prometheusOperator],
            ["kube-state-metrics", values["kube-state-metrics"]],
            ["grafana", values.grafana],
        );
        assert.ok(specs.length > 15, `${specs.length} workloads`);
        for (const [name, { nodeSelector, tolerations, priorityClassName }] of specs)
            assert.deepEqual(
                { pool: nodeSelector?.pool, tolerations, priorityClassName },
                { pool: "metrics", tolerations: pods.tolerations, priorityClassName: "high" },
                name,
            );
        assert.deepEqual(values["prometheus-node-exporter"], { priorityClassName: "high" });
    });

    it("names a value where the taint has one", () =>
        assert.deepEqual(
            problemsOf(
                observeeConfig("blue", "local", {
                    pods: { tolerations: [{ key: "a" }, { key: "a", operator: "Exists", value: "b" }, { key: "a", value: "b" }] },
                }),
            ),
            [
                "pods.tolerations[0].value: is missing. Write the taint's value, or operator: Exists.",
                "pods.tolerations[1].value: has no effect with Exists, and Kubernetes refuses the pod. Remove it, or write operator: Equal.",
            ],
        ));

    it("asks for no label that the nodes of the stack do not have", () => {
        const pods = { nodeSelector: { pool: "metrics" } };
        assert.deepEqual(problemsOf(observerConfig("aws", { pods })), [
            "pods.nodeSelector: asks for labels that the nodes of aws.nodeGroups do not have: no pod would run. Remove it, or remove aws.nodeGroups to use nodes that exist.",
        ]);
        assert.deepEqual(problemsOf(observeeConfig("blue", "aws", { pods })), []);
    });
});
