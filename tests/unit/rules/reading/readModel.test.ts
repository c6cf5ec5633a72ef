import assert from "node:assert/strict";
import { UnknownValueError } from "@pulumi/policy";
import { parseDuration } from "../../../../rules/duration";
import type { PartKind } from "../../../../rules/model";
import type { Manifest } from "../../../../rules/reading/manifest";
import { readModel } from "../../../../rules/reading/readModel";
import { compact, IMAGE, ingester, manifest, release, router, UNKNOWN, workload } from "../../../support/thanosManifests";

const EVERY: PartKind[] = ["compactors", "receives", "prometheuses"];

const modelOf = (...manifests: Manifest[]) => readModel(manifests, EVERY).model;

describe("the deployment that manifests describe", () => {
    it("has a compactor with its stream, replicas and retention", () => {
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

    it("has a compactor that overlaps on update, if that is a Deployment without strategy Recreate", () => {
        const overlaps = (strategy?: string) =>
            modelOf(workload("Deployment", "compact", ["compact"], strategy === undefined ? {} : { strategy })).compactors.map((c) => [
                c.replicas,
                c.overlapsOnUpdate,
            ]);
        assert.deepEqual(overlaps(), [[1, true]]);
        assert.deepEqual(overlaps("Recreate"), [[1, false]]);
    });

    it("takes a compactor's stream from the label, else from the Secret of the objstore file, else from the name", () => {
        const mounting = (name: string, secretName: string) =>
            manifest("apps/v1", "StatefulSet", name, {
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
        const streams = (...manifests: Manifest[]) => modelOf(...manifests).compactors.map((c) => c.stream);
        assert.deepEqual(streams(compact("a", "blue"), mounting("b", "blue-objstore"), workload("StatefulSet", "three", ["compact"])), [
            "blue",
            "the blocks of Secret monitoring/blue-objstore",
            "three",
        ]);
    });

    it("recognises a Thanos container by its image, from any mirror and with any form of command", () => {
        const found = (container: object) =>
            modelOf(manifest("apps/v1", "StatefulSet", "x", { spec: { template: { spec: { containers: [container] } } } })).compactors
                .length;
        assert.equal(found({ image: "registry.example/mirror/thanos@sha256:00", args: ["compact"] }), 1);
        assert.equal(found({ image: "thanos", command: ["/bin/thanos", "compact"], args: ["--wait"] }), 1);
        assert.equal(found({ image: "quay.io/thanos/thanos-operator:v1", args: ["compact"] }), 0);
        assert.equal(found({ args: ["compact"] }), 0);
    });

    it("has a hashring of a router and the ingesters of its namespace", () => {
        const path = "Deployment thanos-receive-router";
        assert.deepEqual(modelOf(router("3"), ingester(2, "zone-a"), ingester(2, "zone-b")).receives, [
            { path, replicationFactor: 3, ingesters: 4 },
        ]);
        assert.deepEqual(modelOf(router("3")).receives, [{ path, replicationFactor: 3 }]);
    });

    it("has a hashring for each namespace", () => {
        const elsewhere = (manifest: Manifest): Manifest => ({
            ...manifest,
            id: `${manifest.id}-elsewhere`,
            name: `${manifest.name}-elsewhere`,
            fields: { ...manifest.fields, metadata: { namespace: "elsewhere" } },
        });
        assert.deepEqual(
            modelOf(router("3"), ingester(3), elsewhere(router("3")), elsewhere(ingester(5))).receives.map(({ ingesters }) => ingesters),
            [3, 5],
        );
    });

    it("has a hashring of replication factor 1 where ingesters have no router", () => {
        assert.deepEqual(modelOf(ingester(3)).receives, [
            { path: "StatefulSet thanos-receive-ingester", replicationFactor: 1, ingesters: 3 },
        ]);
    });

    it("counts a Receive that routes and stores as its own ingester", () => {
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
        ["prometheus.enabled false", { chart: "kube-prometheus-stack", values: { prometheus: { enabled: false } } }, []],
        ["another chart", { chart: "grafana", values: { replicas: 1 } }, []],
    ];
    for (const [what, props, expected] of releases) {
        it(`has the Prometheus of a release with ${what}`, () => {
            assert.deepEqual(
                modelOf(release(props)).prometheuses,
                expected.map((p) => ({ path: "Release kube-prometheus-stack", ...p })),
            );
        });
    }

    it("has the Prometheus of the operator's own kinds", () => {
        const server = manifest("monitoring.coreos.com/v1", "Prometheus", "p", { spec: { replicas: 2 } });
        const agent = manifest("monitoring.coreos.com/v1alpha1", "PrometheusAgent", "a", { spec: {} });
        assert.deepEqual(modelOf(server, agent).prometheuses, [
            { path: "Prometheus p", replicas: 2, agent: false },
            { path: "PrometheusAgent a", replicas: 1, agent: true },
        ]);
    });

    it("has nothing of other kinds and other Thanos components", () => {
        const secret = manifest("core/v1", "Secret", "objstore", { stringData: UNKNOWN });
        const query = workload("Deployment", "query", ["query"]);
        assert.deepEqual(readModel([secret, query], EVERY), {
            model: { compactors: [], receives: [], prometheuses: [] },
            ids: new Map([
                ["Deployment query", query.id],
                ["Secret objstore", secret.id],
            ]),
            unread: [],
        });
    });

    it("has no number of ingesters where one of their workloads cannot be read", () => {
        const { model, unread } = readModel(
            [router("3"), ingester(1, "a"), ingester(UNKNOWN, "b")],
            ["receives"],
            (error) => error instanceof UnknownValueError,
        );
        assert.deepEqual(model.receives, [{ path: "Deployment thanos-receive-router", replicationFactor: 3 }]);
        assert.deepEqual(
            unread.map(({ path }) => path),
            ["StatefulSet b"],
        );
    });

    it("names a manifest by its id where kind and name are taken", () => {
        const twin = { ...compact("compact", "blue"), id: "zzz" };
        assert.deepEqual(
            modelOf(compact("compact", "blue"), twin).compactors.map(({ path }) => path),
            ["StatefulSet compact", "zzz"],
        );
    });
});
