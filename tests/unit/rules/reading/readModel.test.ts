import assert from "node:assert/strict";
import { UnknownValueError } from "../../../../policies/properties";
import { parseDuration } from "../../../../rules/duration";
import { receiveReplicates } from "../../../../rules/L07-receive-replicates";
import { ketamaEverywhere } from "../../../../rules/L08-ketama-everywhere";
import { catchAllRingLast } from "../../../../rules/L12-catch-all-ring-last";
import { NOTHING, type PartKind, type ThanosModel } from "../../../../rules/model";
import type { Manifest } from "../../../../rules/reading/manifest";
import { readModel } from "../../../../rules/reading/readModel";
import { thresholdsOf } from "../../../../rules/rule";
import { compact, IMAGE, ingester, manifest, release, router, UNKNOWN, workload } from "../../../support/thanosManifests";

const EVERY: PartKind[] = ["compactors", "receives", "prometheuses", "pages"];

const modelOf = (...manifests: Manifest[]) => readModel(manifests, EVERY).model;

/** What counts of the routers: how they send is another matter. */
const ringsOf = ({ receives }: ThanosModel) => receives.map(({ path, replicationFactor, rings }) => ({ path, replicationFactor, rings }));

describe("the deployment that manifests describe", () => {
    it("has a compactor with its stream, replicas and retention", () => {
        const days = parseDuration("90d");
        assert.deepEqual(modelOf(compact("thanos-compact-blue", "blue")), {
            ...NOTHING,
            compactors: [
                {
                    path: "StatefulSet thanos-compact-blue",
                    stream: "blue",
                    replicas: 1,
                    overlapsOnUpdate: false,
                    downsampling: true,
                    retention: { raw: days, fiveMinutes: days, oneHour: days },
                    deleteDelay: parseDuration("48h"),
                    merging: { vertical: false, replicaLabels: [], penalty: false },
                },
            ],
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

    it("takes a compactor's stream from the label, else from the Secret of the objstore file, else from namespace and name", () => {
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
            "the blocks of Secret monitoring/blue-objstore (objstore.yml)",
            "the blocks of monitoring/three",
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

    it("has no hashring where the router's file is not known, whatever ingesters there are, and says why", () => {
        const path = "Deployment thanos-receive-router";
        const { receives } = modelOf(router("3"), ingester(2, "zone-a"), ingester(2, "zone-b"));
        assert.deepEqual(receives, [
            {
                path,
                replicationFactor: 3,
                rings: [],
                ringsLack: { notKnown: "/h.json is in no ConfigMap and no Secret of its pods" },
                version: "0.42.4",
                sending: { algorithm: "hashmod", protocol: "protobuf", stores: false },
            },
        ]);
        const model = { ...NOTHING, receives };
        assert.deepEqual(
            [receiveReplicates, ketamaEverywhere, catchAllRingLast].map((rule) => [
                rule.check(model, thresholdsOf(rule)),
                rule.lacks?.(model, thresholdsOf(rule)).length,
            ]),
            [
                [[], 1],
                [[], 1],
                [[], 1],
            ],
        );
    });

    describe("has the hashrings of the router's file", () => {
        const path = "Deployment thanos-receive-router";
        const mounting = (name: unknown): Manifest => {
            const { fields, ...rest } = router("3");
            const args = ["receive", "--receive.hashrings-file=/etc/rings/rings.json", "--receive.replication-factor=3"];
            const containers = [{ image: IMAGE, args, volumeMounts: [{ name: "rings", mountPath: "/etc/rings" }] }];
            const spec = { template: { spec: { containers, volumes: [{ name: "rings", configMap: { name } }] } } };
            return manifest(rest.apiVersion, rest.kind, rest.name, { metadata: { namespace: "monitoring" }, spec });
        };
        const rings = (name: unknown, data: unknown, namespace = "monitoring") =>
            manifest("core/v1", "ConfigMap", "rings", { metadata: { name, namespace }, data });
        const zoned = ["x", "y", "x"].map((az, i) => ({ address: `${i}`, az }));
        const file = JSON.stringify([{ endpoints: ["a", "b"] }, { tenants: ["red"], endpoints: zoned }]);

        it("and not one of all ingesters, with the zones that it knows", () =>
            assert.deepEqual(ringsOf(modelOf(mounting("rings"), rings("rings", { "rings.json": file }), ingester(3))), [
                {
                    path,
                    replicationFactor: 3,
                    rings: [
                        { path: `${path}.hashrings[0]`, ingesters: 2 },
                        { path: `${path}.hashrings[1]`, ingesters: 3, perZone: [2, 1], tenants: ["red"] },
                    ],
                },
            ]));

        it("unless that is in no ConfigMap that is known", () => {
            for (const other of [rings("other", { "rings.json": file }), rings("rings", { "rings.json": file }, "elsewhere")]) {
                const [receive] = modelOf(mounting("rings"), other, ingester(3)).receives;
                const ringsLack = { notKnown: "ConfigMap monitoring/rings (rings.json) is not among the manifests" };
                assert.deepEqual([receive?.rings, receive?.ringsLack], [[], ringsLack]);
            }
        });

        it("and is not stopped by the unknown name of another ConfigMap, but by its own unknown content", () => {
            const isUnknown = (error: unknown) => error instanceof UnknownValueError;
            const read = (...manifests: Manifest[]) => readModel(manifests, ["receives"], isUnknown);
            const known = read(rings(UNKNOWN, {}), mounting("rings"), rings("rings", { "rings.json": file }));
            assert.deepEqual([known.unread, known.model.receives[0]?.rings.length], [[], 2]);
            const unread = read(mounting("rings"), rings("rings", UNKNOWN)).unread.map((one) => one.path);
            assert.deepEqual(unread, [path]);
        });

        it("or says that it is no JSON, or no list of hashrings", () => {
            const errors = (content: string) =>
                readModel([mounting("rings"), rings("rings", { "rings.json": content })], ["receives"]).unread.map(
                    ({ error }) => error.message,
                );
            assert.deepEqual(errors("["), ["--receive.hashrings-file: Unexpected end of JSON input"]);
            for (const content of ["{}", "null", "[3]", '[{"endpoints": 3}]', '[{"endpoints": [], "tenants": "red"}]'])
                assert.deepEqual(
                    errors(content),
                    ["--receive.hashrings-file: is no list of hashrings, each a map with a list of endpoints."],
                    content,
                );
        });

        it("with a list that is null as one that is empty", () => {
            const file = rings("rings", { "rings.json": '[{"endpoints": null, "tenants": null}]' });
            assert.deepEqual(modelOf(mounting("rings"), file).receives[0]?.rings, [{ path: `${path}.hashrings[0]`, ingesters: 0 }]);
        });
    });

    it("knows the router of each namespace", () => {
        const elsewhere = (manifest: Manifest): Manifest => ({
            ...manifest,
            id: `${manifest.id}-elsewhere`,
            name: `${manifest.name}-elsewhere`,
            fields: { ...manifest.fields, metadata: { namespace: "elsewhere" } },
        });
        const factors = (...manifests: Manifest[]) => modelOf(...manifests).receives.map(({ replicationFactor }) => replicationFactor);
        assert.deepEqual(factors(router("3"), ingester(3), elsewhere(router("5")), elsewhere(ingester(5))), [3, 5]);
        assert.deepEqual(factors(router("3"), elsewhere(ingester(3))), [3, 1]);
    });

    it("has one copy where ingesters have no router, and no name by which one could know them", () => {
        assert.deepEqual(ringsOf(modelOf(ingester(3))), [{ path: "StatefulSet thanos-receive-ingester", replicationFactor: 1, rings: [] }]);
    });

    it("leaves ingesters out that have a name in a hashring, and says that its router is not there", () => {
        const named = workload("StatefulSet", "ingester", ["receive", "--receive.local-endpoint=$(NAME).ingester:10901"], { replicas: 1 });
        const found = (...manifests: Manifest[]) => {
            const { model, lacks } = readModel(manifests, ["receives"]);
            return [ringsOf(model), lacks.map(({ path, id, kind, fact }) => `${path}, ${id}, ${kind}: ${fact}`)];
        };
        const lack = [`StatefulSet ingester, ${named.id}, receives: its router is not among the manifests`];
        assert.deepEqual(found(named), [[], lack]);
        const path = "Deployment thanos-receive-router";
        assert.deepEqual(found(named, router("3")), [[{ path, replicationFactor: 3, rings: [] }], []]);
        const { fields, ...rest } = router("3");
        const elsewhere = { ...rest, fields: { ...fields, metadata: { namespace: "elsewhere" } } };
        assert.deepEqual(found(named, elsewhere), [[{ path, replicationFactor: 3, rings: [] }], lack]);
    });

    it("has a Receive that routes and stores", () => {
        const args = [
            "receive",
            '--receive.hashrings=[{"endpoints": ["a", "b"]}]',
            "--receive.local-endpoint=me",
            "--receive.replication-factor=3",
        ];
        const path = "StatefulSet receive";
        const [receive] = modelOf(workload("StatefulSet", "receive", args, { replicas: 5 })).receives;
        assert.deepEqual(
            [receive?.replicationFactor, receive?.rings, receive?.sending?.stores],
            [3, [{ path: `${path}.hashrings[0]`, ingesters: 2 }], true],
        );
    });

    const RECEIVE = { remoteWrite: [{ url: "http://elsewhere/api/v1/push" }, { url: "http://receive:19291/api/v1/receive" }] };
    const ELSEWHERE = { remoteWrite: [{ url: "http://mimir/api/v1/push" }] };
    const SIDECAR = { thanos: { image: "quay.io/thanos/thanos:v0.42.4" } };
    const releases: [what: string, prometheus: object, expected: object[]][] = [
        ["a sidecar", { prometheusSpec: { replicas: 2, ...SIDECAR } }, [{ replicas: 2, agent: false }]],
        ["remote write to Receive", { prometheusSpec: RECEIVE }, [{ replicas: 1, agent: false }]],
        ["an agent that writes to Receive", { agentMode: true, prometheusSpec: RECEIVE }, [{ replicas: 1, agent: true }]],
        ["a sidecar, but prometheus.enabled false", { enabled: false, prometheusSpec: SIDECAR }, []],
        ["the chart's default of a sidecar, which is none", { prometheusSpec: { replicas: 1, thanos: {} } }, []],
        ["remote write to something else", { prometheusSpec: ELSEWHERE }, []],
        ["nothing of Thanos", {}, []],
    ];
    for (const [what, prometheus, expected] of releases) {
        it(`${expected.length > 0 ? "has" : "has not"} the Prometheus of a release with ${what}`, () => {
            assert.deepEqual(
                modelOf(release({ chart: "./chart", values: { prometheus } })).prometheuses,
                expected.map((p) => ({ path: "Release kube-prometheus-stack", ...p })),
            );
        });
    }

    it("has the Prometheus of the operator's own kinds, if it has to do with Thanos", () => {
        const server = (spec: object) => manifest("monitoring.coreos.com/v1", "Prometheus", "p", { spec });
        const agent = (spec: object) => manifest("monitoring.coreos.com/v1alpha1", "PrometheusAgent", "a", { spec });
        assert.deepEqual(modelOf(server({ replicas: 2, thanos: {} }), agent(RECEIVE)).prometheuses, [
            { path: "Prometheus p", replicas: 2, agent: false },
            { path: "PrometheusAgent a", replicas: 1, agent: true },
        ]);
        assert.deepEqual(modelOf(server({ replicas: 1 }), agent(ELSEWHERE)).prometheuses, []);
        assert.deepEqual(modelOf(manifest("grafana.example/v1", "Prometheus", "p", { spec: { thanos: {} } })).prometheuses, []);
    });

    it("has nothing of other kinds and other Thanos components", () => {
        const secret = manifest("core/v1", "Secret", "objstore", { stringData: UNKNOWN });
        const query = workload("Deployment", "query", ["query"]);
        assert.deepEqual(readModel([secret, query], EVERY), {
            model: NOTHING,
            ids: new Map([
                ["Deployment query", query.id],
                ["Secret objstore", secret.id],
            ]),
            unread: [],
            lacks: [],
        });
    });

    it("takes no ingesters for those without a router while a workload cannot be read that may be it", () => {
        const { model, unread } = readModel(
            [workload("Deployment", "router", ["receive", UNKNOWN]), ingester(3)],
            ["receives"],
            (error) => error instanceof UnknownValueError,
        );
        assert.deepEqual(model.receives, []);
        assert.deepEqual(
            unread.map(({ path }) => path),
            ["Deployment router"],
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
