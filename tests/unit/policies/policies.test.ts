import assert from "node:assert/strict";
import { type ResourceValidationArgs, type StackValidationArgs, UnknownValueError, unknownCheckingProxy } from "@pulumi/policy";
import { toPolicy } from "../../../policies/policy";
import { RULES } from "../../../rules";
import { parseDuration } from "../../../rules/duration";
import type { PartKind } from "../../../rules/model";
import { type Manifest, readModel } from "../../../rules/reading/readModel";

/** What the engine sends for a string that is not known before the update (@pulumi/policy, proxy.ts). */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const IMAGE = "quay.io/thanos/thanos:v0.42.4";
const EVERY: PartKind[] = ["compactors", "receives", "prometheuses"];

function registered(type: string, name: string, props: object): Manifest {
    const urn = `urn:pulumi:dev::fleet::${type}::${name}`;
    return { type, name, urn, props: unknownCheckingProxy(props) };
}

function workload(
    kind: "StatefulSet" | "Deployment",
    name: string,
    args: string[],
    differences: { replicas?: unknown; stream?: string; strategy?: string } = {},
) {
    return registered(`kubernetes:apps/v1:${kind}`, name, {
        metadata: {
            name,
            namespace: "monitoring",
            labels: differences.stream === undefined ? {} : { "thanos-fleet/stream": differences.stream },
        },
        spec: {
            ...("replicas" in differences && { replicas: differences.replicas }),
            ...(differences.strategy !== undefined && { strategy: { type: differences.strategy } }),
            template: { spec: { containers: [{ name: "thanos", image: IMAGE, args }] } },
        },
    });
}

const kept = (raw: string) => [`--retention.resolution-raw=${raw}`, "--retention.resolution-5m=90d", "--retention.resolution-1h=90d"];
const compact = (name: string, stream: string, raw = "90d") =>
    workload("StatefulSet", name, ["compact", "--wait", ...kept(raw)], { replicas: 1, stream });
const router = (factor: string) =>
    workload(
        "Deployment",
        "thanos-receive-router",
        ["receive", "--receive.hashrings-file=/h.json", `--receive.replication-factor=${factor}`],
        { replicas: 2 },
    );
const ingester = (replicas: unknown, name = "thanos-receive-ingester") =>
    workload("StatefulSet", name, ["receive", "--tsdb.path=/data"], { replicas });
const release = (props: object) => registered("kubernetes:helm.sh/v3:Release", "kube-prometheus-stack", props);

const modelOf = (...resources: Manifest[]) => readModel(resources, EVERY).model;

describe("what registered resources say of a deployment", () => {
    it("a compactor", () => {
        const days = parseDuration("90d");
        assert.deepEqual(modelOf(compact("thanos-compact-blue", "blue")), {
            compactors: [
                {
                    path: "StatefulSet thanos-compact-blue",
                    stream: "blue",
                    replicas: 1,
                    overlapsOnUpdate: false,
                    downsampling: true,
                    retention: { raw: days, fiveMinutes: days, oneHour: days },
                },
            ],
            receives: [],
            prometheuses: [],
        });
    });

    it("a compactor as a Deployment overlaps on update, unless it is recreated", () => {
        const overlaps = (strategy?: string) =>
            modelOf(workload("Deployment", "compact", ["compact"], strategy === undefined ? {} : { strategy })).compactors.map((c) => [
                c.replicas,
                c.overlapsOnUpdate,
            ]);
        assert.deepEqual(overlaps(), [[1, true]]);
        assert.deepEqual(overlaps("Recreate"), [[1, false]]);
    });

    it("the stream: the label, else the Secret behind the objstore file, else the name", () => {
        const mounting = (name: string, secretName: string) =>
            registered("kubernetes:apps/v1:StatefulSet", name, {
                metadata: { name, namespace: "monitoring" },
                spec: {
                    template: {
                        spec: {
                            containers: [
                                {
                                    image: IMAGE,
                                    args: ["compact", "--objstore.config-file", "/etc/objstore/objstore.yml"],
                                    volumeMounts: [
                                        { name: "data", mountPath: "/data" },
                                        { name: "o", mountPath: "/etc/objstore" },
                                    ],
                                },
                            ],
                            volumes: [
                                { name: "data", emptyDir: {} },
                                { name: "o", secret: { secretName } },
                            ],
                        },
                    },
                },
            });
        const streams = (...resources: Manifest[]) => modelOf(...resources).compactors.map((c) => c.stream);
        assert.deepEqual(streams(compact("a", "blue"), mounting("b", "blue-objstore"), workload("StatefulSet", "three", ["compact"])), [
            "blue",
            "the blocks of Secret monitoring/blue-objstore",
            "three",
        ]);
    });

    it("a Thanos container is known by its image, wherever it is mirrored and however its command is given", () => {
        const found = (container: object) =>
            modelOf(registered("kubernetes:apps/v1:StatefulSet", "x", { spec: { template: { spec: { containers: [container] } } } }))
                .compactors.length;
        assert.equal(found({ image: "registry.example/mirror/thanos@sha256:00", args: ["compact"] }), 1);
        assert.equal(found({ image: "thanos", command: ["/bin/thanos", "compact"], args: ["--wait"] }), 1);
        assert.equal(found({ image: "quay.io/thanos/thanos-operator:v1", args: ["compact"] }), 0);
        assert.equal(found({ args: ["compact"] }), 0);
    });

    it("a router with the ingesters of its namespace", () => {
        const path = "Deployment thanos-receive-router";
        assert.deepEqual(modelOf(router("3"), ingester(2, "zone-a"), ingester(2, "zone-b")).receives, [
            { path, replicationFactor: 3, ingesters: 4 },
        ]);
        assert.deepEqual(modelOf(router("3")).receives, [{ path, replicationFactor: 3 }]);
    });

    it("ingesters that nobody forwards to store each sample once", () => {
        assert.deepEqual(modelOf(ingester(3)).receives, [
            { path: "StatefulSet thanos-receive-ingester", replicationFactor: 1, ingesters: 3 },
        ]);
    });

    it("a Receive that forwards and stores is its own ingester", () => {
        const args = ["receive", "--receive.hashrings-file=/h", "--receive.local-endpoint=me", "--receive.replication-factor=3"];
        assert.deepEqual(modelOf(workload("StatefulSet", "receive", args, { replicas: 5 })).receives, [
            { path: "StatefulSet receive", replicationFactor: 3, ingesters: 5 },
        ]);
    });

    const releases: [string, object, object[]][] = [
        ["values", { chart: "./chart", values: { prometheus: { prometheusSpec: { replicas: 2 } } } }, [{ replicas: 2, agent: false }]],
        [
            "an agent",
            { chart: "oci://x/kube-prometheus-stack", values: { prometheus: { agentMode: true, prometheusSpec: {} } } },
            [{ replicas: 1, agent: true }],
        ],
        [
            "the chart's defaults",
            { chart: "oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack" },
            [{ replicas: 1, agent: false }],
        ],
        ["a downloaded chart", { chart: "/charts/kube-prometheus-stack-88.5.3.tgz" }, [{ replicas: 1, agent: false }]],
        ["no Prometheus", { chart: "kube-prometheus-stack", values: { prometheus: { enabled: false } } }, []],
        ["another chart", { chart: "grafana", values: { replicas: 1 } }, []],
    ];
    for (const [what, props, expected] of releases) {
        it(`a release with ${what}`, () => {
            assert.deepEqual(
                modelOf(release(props)).prometheuses,
                expected.map((p) => ({ path: "Release kube-prometheus-stack", ...p })),
            );
        });
    }

    it("the operator's own kinds", () => {
        const server = registered("kubernetes:monitoring.coreos.com/v1:Prometheus", "p", { spec: { replicas: 2 } });
        const agent = registered("kubernetes:monitoring.coreos.com/v1alpha1:PrometheusAgent", "a", { spec: {} });
        assert.deepEqual(modelOf(server, agent).prometheuses, [
            { path: "Prometheus p", replicas: 2, agent: false },
            { path: "PrometheusAgent a", replicas: 1, agent: true },
        ]);
    });

    it("nothing of resources that are neither", () => {
        const bucket = registered("aws:s3/bucket:Bucket", "blocks", { bucket: UNKNOWN });
        assert.deepEqual(readModel([bucket, workload("Deployment", "query", ["query"])], EVERY), {
            model: { compactors: [], receives: [], prometheuses: [] },
            urns: new Map([
                ["Bucket blocks", bucket.urn],
                ["Deployment query", "urn:pulumi:dev::fleet::kubernetes:apps/v1:Deployment::query"],
            ]),
            unread: [],
        });
    });
});

type Violation = { message: string; urn: string | undefined };

/** Runs a rule's policy as the pack's server does, without one. */
async function violations(name: string, resources: Manifest[], config: object = {}): Promise<Violation[]> {
    const rule = RULES.find((r) => r.name === name);
    assert.ok(rule);
    const policy = toPolicy(rule);
    const found: Violation[] = [];
    const report = (message: string, urn?: string) => void found.push({ message, urn });
    const getConfig = () => config;
    if ("validateStack" in policy) await policy.validateStack({ resources, getConfig } as unknown as StackValidationArgs, report);
    else for (const r of resources) await runResource(policy, { ...r, getConfig } as unknown as ResourceValidationArgs, report);
    return found;
}

async function runResource(
    policy: ReturnType<typeof toPolicy>,
    args: ResourceValidationArgs,
    report: (message: string, urn?: string) => void,
): Promise<void> {
    assert.ok("validateResource" in policy && typeof policy.validateResource === "function");
    await policy.validateResource(args, report);
}

const urnOf = (kind: string, name: string) => `urn:pulumi:dev::fleet::kubernetes:apps/v1:${kind}::${name}`;

describe("policies", () => {
    it("every rule is one, mandatory, with its thresholds as its configuration", () => {
        assert.deepEqual(
            RULES.map(toPolicy).map((p) => [
                p.name,
                p.enforcementLevel,
                p.severity,
                "validateStack" in p ? "stack" : "resource",
                p.configSchema?.properties,
            ]),
            [
                ["one-compactor-per-stream", "mandatory", "critical", "stack", {}],
                [
                    "retention-outlives-downsampling",
                    "mandatory",
                    "critical",
                    "resource",
                    {
                        minRaw: {
                            type: "string",
                            pattern: "^(0|([0-9]+(y|w|d|h|m|s|ms))+)$",
                            default: "40h",
                            description: "Shortest retention of raw samples. Thanos downsamples them after 40h.",
                        },
                        minFiveMinutes: {
                            type: "string",
                            pattern: "^(0|([0-9]+(y|w|d|h|m|s|ms))+)$",
                            default: "10d",
                            description: "Shortest retention of 5m samples. Thanos downsamples them after 10d.",
                        },
                        allowUnequal: { type: "boolean", default: false, description: "Whether the three retentions may differ." },
                    },
                ],
                [
                    "receive-replicates",
                    "mandatory",
                    "high",
                    "stack",
                    { minReplicationFactor: { type: "integer", minimum: 1, default: 3, description: "Fewest copies of each sample." } },
                ],
                [
                    "redundant-prometheus",
                    "mandatory",
                    "high",
                    "resource",
                    {
                        minReplicas: {
                            type: "integer",
                            minimum: 1,
                            default: 2,
                            description: "Fewest replicas of a Prometheus that stores what it scrapes. An agent needs one.",
                        },
                    },
                ],
            ],
        );
    });

    it("a short retention is reported at its resource", async () => {
        assert.deepEqual(
            await violations("retention-outlives-downsampling", [compact("thanos-compact-blue", "blue", "24h")], { allowUnequal: true }),
            [
                {
                    message:
                        "StatefulSet thanos-compact-blue.retention.raw: 1d is shorter than 40h. Blocks are downsampled to 5m only at the age of 40h, so compact refuses to start: nothing is compacted or expired. Set it to 40h or longer (--retention.resolution-raw), or to 0d to keep for ever.",
                    urn: urnOf("StatefulSet", "thanos-compact-blue"),
                },
            ],
        );
    });

    it("a flag that Thanos would refuse is reported, not thrown", async () => {
        assert.deepEqual(await violations("retention-outlives-downsampling", [compact("c", "blue", "forever")]), [
            {
                message:
                    'StatefulSet c: --retention.resolution-raw: "forever" is not a duration. Write whole numbers with y, w, d, h, m, s or ms, largest first: 40h, 1d12h, 90d.',
                urn: urnOf("StatefulSet", "c"),
            },
        ]);
    });

    it("a second compactor is reported at its resource, also where one name begins with the other", async () => {
        const found = await violations("one-compactor-per-stream", [compact("compact", "blue"), compact("compact.b", "blue")]);
        assert.deepEqual(found, [
            {
                message:
                    "StatefulSet compact.b.stream: blue already has a compactor (StatefulSet compact). Compact takes no lock: two of them corrupt it. Remove one, give it its own prefix, or shard both with --selector.relabel-config.",
                urn: urnOf("StatefulSet", "compact.b"),
            },
        ]);
    });

    it("two resources of one name are told apart by their URN", async () => {
        const twin = { ...compact("compact", "blue"), urn: "urn:zzz" };
        assert.deepEqual(
            (await violations("one-compactor-per-stream", [compact("compact", "blue"), twin])).map((v) => v.urn),
            ["urn:zzz"],
        );
    });

    it("thresholds come from the pack's configuration", async () => {
        const stack = [router("2"), ingester(3)];
        assert.equal((await violations("receive-replicates", stack)).length, 1);
        assert.deepEqual(await violations("receive-replicates", stack, { minReplicationFactor: 2 }), []);
    });

    it("what is unknown at preview is said to be, after what is known has been reported", async () => {
        const args = ["compact", `--retention.resolution-raw=90d`, UNKNOWN];
        await assert.rejects(violations("retention-outlives-downsampling", [workload("StatefulSet", "c", args)]), UnknownValueError);

        const rule = RULES.find((r) => r.name === "one-compactor-per-stream");
        const policy = rule && toPolicy(rule);
        assert.ok(policy && "validateStack" in policy);
        const found: string[] = [];
        const resources = [workload("StatefulSet", "unknown", args), compact("a", "blue"), compact("b", "blue")];
        const run = async () =>
            policy.validateStack(
                { resources, getConfig: () => ({}) } as unknown as StackValidationArgs,
                (message) => void found.push(message),
            );
        await assert.rejects(run, UnknownValueError);
        assert.deepEqual(found, [
            "StatefulSet b.stream: blue already has a compactor (StatefulSet a). Compact takes no lock: two of them corrupt it. Remove one, give it its own prefix, or shard both with --selector.relabel-config.",
        ]);
    });

    it("ingesters that are not all known are not counted", () => {
        const { model, unread } = readModel(
            [router("3"), ingester(1, "a"), ingester(UNKNOWN, "b")],
            ["receives"],
            (error) => error instanceof UnknownValueError,
        );
        assert.deepEqual(model.receives, [{ path: "Deployment thanos-receive-router", replicationFactor: 3 }]);
        assert.deepEqual(
            unread.map((u) => u.path),
            ["StatefulSet b"],
        );
    });

    it("a rule is not stopped by an unknown value that it does not need", async () => {
        const unknownValues = release({ chart: UNKNOWN, values: UNKNOWN });
        assert.deepEqual(await violations("one-compactor-per-stream", [unknownValues, compact("a", "blue")]), []);
        const labelled = {
            metadata: { namespace: UNKNOWN, labels: { "thanos-fleet/stream": "blue" } },
            spec: {
                replicas: 1,
                template: {
                    spec: { containers: [{ image: IMAGE, args: ["compact", "--objstore.config-file=/o/o.yml"] }], volumes: UNKNOWN },
                },
            },
        };
        assert.deepEqual(await violations("one-compactor-per-stream", [registered("kubernetes:apps/v1:StatefulSet", "a", labelled)]), []);
        const unknownImage = { spec: { template: { spec: { containers: [{ image: UNKNOWN }] } } } };
        assert.deepEqual(await violations("redundant-prometheus", [registered("kubernetes:apps/v1:Deployment", "d", unknownImage)]), []);
        const unknownFlag = workload("StatefulSet", "c", ["compact", UNKNOWN]);
        assert.deepEqual(await violations("receive-replicates", [unknownFlag]), []);
    });
});
