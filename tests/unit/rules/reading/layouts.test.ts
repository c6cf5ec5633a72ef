import assert from "node:assert/strict";
import { thanos } from "../../../../rules/example";
import { oneCompactorPerStream } from "../../../../rules/L02-one-compactor";
import type { PartKind } from "../../../../rules/model";
import { readModel } from "../../../../rules/reading/readModel";
import { findingsIn, manifestsOf } from "../../../support/ruleExamples";

const read = (kinds: PartKind[], ...objects: object[]) => readModel(manifestsOf(objects), kinds);

/** A workload with one container, in any kind. */
const running = (kind: string, container: object, spec: object = {}) => {
    const template = { spec: { containers: [container] } };
    const pods = kind === "Pod" ? template.spec : kind === "CronJob" ? { jobTemplate: { spec: { template } } } : { template };
    const apiVersion = kind === "Pod" ? "v1" : kind === "Job" || kind === "CronJob" ? "batch/v1" : "apps/v1";
    return { apiVersion, kind, metadata: { name: "it", namespace: "monitoring" }, spec: { ...pods, ...spec } };
};

const commandsOf = (container: object, kind = "StatefulSet") =>
    read(["commands"], running(kind, container)).model.commands.map(({ component, version, flags }) => [component, version, ...flags]);

describe("Thanos is recognised", () => {
    it("in every kind that has pods", () => {
        for (const kind of ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod"])
            assert.deepEqual(commandsOf({ image: "quay.io/thanos/thanos:v0.42.4", args: ["store"] }, kind), [["store", "0.42.4"]], kind);
    });

    it("in kinds of the versions and groups of earlier Kubernetes", () => {
        const old = (apiVersion: string, kind: string) =>
            read(["commands"], { ...running(kind, { image: "thanos", args: ["store"] }), apiVersion }).model.commands.length;
        assert.deepEqual(
            [old("apps/v1beta1", "StatefulSet"), old("extensions/v1beta1", "Deployment"), old("batch/v1beta1", "CronJob")],
            [1, 1, 1],
        );
        assert.deepEqual([old("example.com/v1", "Deployment"), old("apps/v1", "CronJob")], [0, 0]);
    });

    it("with the values of its variables, and the namespace of its pods, in its flags", () => {
        const env = [
            { name: "BUCKET", value: "fleet" },
            { name: "SPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
            { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        ];
        const args = ["query", "--endpoint=$(POD).$(BUCKET).$(SPACE).$(OTHER)"];
        const [list] = read(["endpointLists"], running("Deployment", { image: "quay.io/thanos/thanos:v0.42.4", args, env })).model
            .endpointLists;
        assert.deepEqual(
            list?.endpoints.map(({ address }) => address),
            ["$(POD).fleet.monitoring.$(OTHER)"],
        );
    });

    it("behind a program that starts it", () => {
        const store = ["/bin/thanos", "store", "--objstore.config-file=/o"];
        const found = [["store", "0.42.4", "objstore.config-file"]];
        const image = "quay.io/thanos/thanos:v0.42.4";
        assert.deepEqual(commandsOf({ image, args: ["/wait-for-it.sh", "minio:9000", "--", ...store] }), found);
        assert.deepEqual(commandsOf({ image, command: ["/tini", "--"], args: store }), found);
        assert.deepEqual(commandsOf({ image: "registry.example/shop:v0.42.4", command: ["/tini", ...store] }), found);
        assert.deepEqual(commandsOf({ image: "busybox", command: ["cp", "/bin/thanos", "/shared"] }), []);
    });

    it("by its program or by a flag of its own, whatever its image is called", () => {
        const store = ["store", "--objstore.config-file=/o"];
        assert.deepEqual(commandsOf({ image: "registry.example/metrics:0.36", args: store }), [
            ["store", "0.36.0", "objstore.config-file"],
        ]);
        assert.deepEqual(commandsOf({ image: "registry.example/metrics", command: ["/bin/thanos", ...store] }), [
            ["store", undefined, "objstore.config-file"],
        ]);
        assert.deepEqual(commandsOf({ command: ["thanos"], args: store }), [["store", undefined, "objstore.config-file"]]);
        assert.deepEqual(commandsOf({ image: "registry.example/shop:2", args: ["store", "--port=80"] }), []);
        assert.deepEqual(commandsOf({ image: "registry.example/shop:2", args: ["serve", ...store] }), []);
    });

    it("in the script of a shell", () => {
        const script =
            'set -e\nexec /bin/thanos receive \\\n  --label=replica="$HOSTNAME" --tsdb.path "/var/lib data" --receive.local-endpoint=me; echo done';
        assert.deepEqual(commandsOf({ image: "thanos:v0.37.2", command: ["/bin/sh", "-c", script] }), [
            ["receive", "0.37.2", "label", "tsdb.path", "receive.local-endpoint"],
        ]);
        assert.deepEqual(commandsOf({ image: "busybox", command: ["sh", "-c", "echo thanos"] }), []);
    });

    it("beside Prometheus, also as an init container that goes on running", () => {
        const thanos = { image: "quay.io/thanos/thanos:v0.42.4", args: ["sidecar", "--objstore.config=type: S3"], restartPolicy: "Always" };
        const prometheus = {
            image: "quay.io/prometheus/prometheus:v3.15.0",
            args: ["--config.file=/etc/p/p.yml", "--enable-feature=xor2-encoding,a"],
        };
        const [sidecar] = read(
            ["sidecars"],
            running("StatefulSet", prometheus, { template: { spec: { containers: [prometheus], initContainers: [thanos] } } }),
        ).model.sidecars;
        assert.deepEqual(sidecar, {
            path: "StatefulSet it",
            uploads: true,
            prometheus: { image: "3.15.0" },
            thanos: { image: "0.42.4" },
            operated: false,
            compactionOff: false,
            features: ["xor2-encoding", "a"],
            floats: { notKnown: "/etc/p/p.yml is in no ConfigMap and no Secret of its pods" },
        });
    });
});

describe("the release of Thanos", () => {
    const tags: [string, string | undefined][] = [
        ["quay.io/thanos/thanos:v0.42.4", "0.42.4"],
        ["docker.io/bitnami/thanos:0.39.2-debian-12-r0@sha256:00", "0.39.2"],
        ["registry.example:5000/thanos/thanos", undefined],
        ["quay.io/thanos/thanos:main-2026-01-02-3b4c5d6", undefined],
        ["quay.io/thanos/thanos@sha256:00", undefined],
        ["quay.io/thanos/thanos:latest", undefined],
        // Tags of somebody's own builds.
        ["registry.example/thanos:1.0.3", undefined],
        ["registry.example/thanos:2026.11", undefined],
    ];
    for (const [image, release] of tags)
        it(`is ${release ?? "not known"} by ${image}`, () =>
            assert.deepEqual(commandsOf({ image, args: ["store"] }), [["store", release]]));
});

describe("the blocks of a component", () => {
    const image = "quay.io/thanos/thanos:v0.42.4";
    const secret = (name: string, objstore: string) => ({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name, namespace: "monitoring" },
        data: { "thanos.yaml": Buffer.from(objstore).toString("base64") },
    });
    const streamOf = (container: object, ...objects: object[]) =>
        read(["stores"], running("StatefulSet", { image, ...container }), ...objects).model.stores.map(({ stream }) => stream);
    // As kube-thanos and the operator write it.
    const byVariable = {
        args: ["store", "--objstore.config=$(OBJSTORE_CONFIG)"],
        env: [{ name: "OBJSTORE_CONFIG", valueFrom: { secretKeyRef: { name: "objectstorage", key: "thanos.yaml" } } }],
    };

    it("are those of the Secret that a variable comes from, if its text is not known", () =>
        assert.deepEqual(streamOf(byVariable), ["the blocks of Secret monitoring/objectstorage (thanos.yaml)"]));
    it("are a bucket and a prefix, if the text is known, whoever holds it", () => {
        const text = "type: s3\nconfig:\n  bucket: blocks\n  endpoint: s3.example\nprefix: blue\n";
        assert.deepEqual(streamOf(byVariable, secret("objectstorage", text)), ["S3 s3.example/blocks/blue"]);
        assert.deepEqual(streamOf({ args: ["store", `--objstore.config=${text}`] }), ["S3 s3.example/blocks/blue"]);
        const azure = "type: AZURE\nconfig: {storage_account: us, container: blocks}\n";
        assert.deepEqual(streamOf({ args: ["store", "--objstore.config", azure] }), ["AZURE us/blocks"]);
    });
    it("are those of the Secret, if its text leaves the bucket empty", () => {
        const text = 'type: S3\nconfig: {bucket: "", endpoint: s3.example}\n';
        assert.deepEqual(streamOf(byVariable, secret("objectstorage", text)), [
            "the blocks of Secret monitoring/objectstorage (thanos.yaml)",
        ]);
    });
    it("are those of their component alone, if nothing is known of them", () =>
        assert.deepEqual(streamOf({ args: ["store"] }), ["the blocks of monitoring/it"]));
    it("are found by the file of one key, and through a projected volume", () => {
        const mount = { args: ["store", "--objstore.config-file=/etc/o/bucket.yml"], volumeMounts: [{ name: "o", mountPath: "/etc/o/" }] };
        const from = (volume: object) => {
            const container = { image, ...mount };
            const object = running("StatefulSet", container, {
                template: { spec: { containers: [container], volumes: [{ name: "o", ...volume }] } },
            });
            return read(["stores"], object).model.stores.map(({ stream }) => stream);
        };
        const items = [{ key: "thanos.yaml", path: "bucket.yml" }];
        const found = ["the blocks of Secret monitoring/o (thanos.yaml)"];
        assert.deepEqual(from({ secret: { secretName: "o", items } }), found);
        assert.deepEqual(
            from({ projected: { sources: [{ configMap: { name: "a", items: [] } }, { secret: { name: "o", items } }] } }),
            found,
        );
        assert.deepEqual(from({ emptyDir: {} }), ["the blocks of monitoring/it"]);
    });
    it("are found by a path that begins in the folder in which the container works", () => {
        const from = (file: string, more: object = {}) => {
            const volumeMounts = [{ name: "o", mountPath: "/etc/o" }];
            const container = { image, args: ["store", `--objstore.config-file=${file}`], volumeMounts, ...more };
            const volumes = [{ name: "o", secret: { secretName: "o" } }];
            const object = running("StatefulSet", container, { template: { spec: { containers: [container], volumes } } });
            return read(["stores"], object).model.stores.map(({ stream }) => stream);
        };
        const found = ["the blocks of Secret monitoring/o (bucket.yml)"];
        assert.deepEqual(from("etc/o/bucket.yml"), found);
        assert.deepEqual(from("./bucket.yml", { workingDir: "/etc/o" }), found);
        assert.deepEqual(from("bucket.yml"), ["the blocks of monitoring/it"]);
    });
});

describe("compactors whose file comes from elsewhere", () => {
    // As the CSI driver of the Secrets Store mounts it, and as an agent of Vault writes it.
    const csi = { csi: { driver: "secrets-store.csi.k8s.io", readOnly: true, volumeAttributes: { secretProviderClass: "thanos" } } };
    const compactor = (namespace: string, volume: object, name = "thanos-compact") => {
        const object = thanos("StatefulSet", name, ["compact", "--objstore.config-file=/etc/objstore/objstore.yml"], {
            secret: "replaced",
        });
        const { template } = object.spec as { template: { spec: object } };
        const volumes = [{ name: "objstore", ...volume }];
        const spec = { template: { ...template, spec: { ...template.spec, volumes } } };
        return { ...object, metadata: { name, namespace }, spec };
    };
    const URN = "urn:pulumi:dev::fleet::kubernetes:apps/v1:StatefulSet::thanos-compact";
    const fact = "where its blocks are is not known: /etc/objstore/objstore.yml is in no ConfigMap and no Secret of its pods";

    it("are not compared, and that is said", () => {
        for (const volume of [csi, { emptyDir: { medium: "Memory" } }])
            assert.deepEqual(findingsIn(oneCompactorPerStream, [compactor("thanos-staging", volume), compactor("thanos-prod", volume)]), {
                problems: [],
                undecided: [`StatefulSet thanos-compact: ${fact}`, `${URN}: ${fact}`],
            });
        assert.deepEqual(findingsIn(oneCompactorPerStream, [compactor("thanos-prod", csi)]), { problems: [], undecided: [] });
    });
});

describe("labels that tell replicas apart", () => {
    const labelled = (label: string, env: object[] = []) =>
        read(["sources"], running("StatefulSet", { image: "thanos", args: ["receive", `--label=${label}`], env }, { replicas: 3 })).model
            .sources[0]?.replicaLabels;
    const field = (fieldPath: string) => [{ name: "NAME", valueFrom: { fieldRef: { fieldPath } } }];

    it("have the name of the pod in them", () => {
        assert.deepEqual(labelled('replica="$(NAME)"', field("metadata.name")), ["replica"]);
        assert.deepEqual(labelled('replica="$(NAME)"', field("metadata.labels['apps.kubernetes.io/pod-index']")), ["replica"]);
        for (const same of ["metadata.namespace", "metadata.labels['app']", "metadata.annotations['a']", "spec.serviceAccountName"])
            assert.deepEqual(labelled('replica="$(NAME)"', field(same)), [], same);
        assert.deepEqual(labelled('replica="$(NAME)"', [{ name: "NAME", value: "eu" }]), []);
        assert.deepEqual(labelled('replica="a"'), []);
    });
    it("are not known where a variable comes from elsewhere, or from the node, which pods may share", () => {
        const notKnown = "nobody can tell from its manifest whether its label replica is another one in each pod";
        assert.deepEqual(labelled('replica="$(NAME)"'), { notKnown });
        for (const ofNode of ["spec.nodeName", "status.hostIP", "status.hostIPs"])
            assert.deepEqual(labelled('replica="$(NAME)"', field(ofNode)), { notKnown }, ofNode);
    });
});

describe("a value that manifests do not tell", () => {
    const image = "quay.io/thanos/thanos:v0.42.4";
    it("leaves a part out and says why, and is no error", () => {
        const env = [{ name: "RAW", valueFrom: { configMapKeyRef: { name: "settings", key: "raw" } } }];
        const { model, unread, lacks } = read(
            ["compactors"],
            running("StatefulSet", { image, args: ["compact", "--retention.resolution-raw=$(RAW)"], env }),
        );
        assert.deepEqual([model.compactors, unread], [[], []]);
        assert.deepEqual(
            lacks.map(({ path, kind, fact }) => [path, kind, fact]),
            [["StatefulSet it", "compactors", "--retention.resolution-raw is $(RAW)"]],
        );
        const filled = running("StatefulSet", { image, args: ["compact", "--delete-delay=$(RAW)"], env: [{ name: "RAW", value: "12h" }] });
        assert.equal(read(["compactors"], filled).model.compactors[0]?.deleteDelay, 12 * 3_600_000);
    });

    it("is a retention that something fills in later, which leaves all else of a source known", () => {
        const sourcesOf = (object: object) =>
            read(["sources"], object).model.sources.map(({ replicas, retention }) => [replicas, retention]);
        const kind = (kind: string) => ({
            apiVersion: "monitoring.coreos.com/v1",
            kind,
            metadata: { name: "k8s" },
            spec: { replicas: 2, retention: `\${RETENTION}`, thanos: { objectStorageConfig: { name: "o", key: "o" } } },
        });
        assert.deepEqual(sourcesOf(kind("Prometheus")), [[2, undefined]]);
        assert.deepEqual(sourcesOf(kind("ThanosRuler")), [[2, undefined]]);
        assert.deepEqual(sourcesOf(running("StatefulSet", { image, args: ["receive", "--tsdb.retention=$(KEEP)"] }, { replicas: 3 })), [
            [3, undefined],
        ]);
    });

    it("is the number of pods of a DaemonSet", () => {
        const ingesters = running("DaemonSet", { image, args: ["receive"] });
        const { model, lacks } = read(["sources"], ingesters);
        assert.deepEqual(
            [model.sources, lacks.map(({ fact }) => fact)],
            [[], ["a DaemonSet has a pod on each node, and their number is not known"]],
        );
    });
});

describe("shards of a compactor", () => {
    it("are the same however their relabelling is written", () => {
        const shardOf = (relabelling: string) =>
            read(["compactors"], running("StatefulSet", { image: "thanos", args: ["compact", `--selector.relabel-config=${relabelling}`] }))
                .model.compactors[0]?.shard;
        assert.equal(shardOf("- action: keep\n  regex: a"), shardOf("[{action: keep,   regex: a}]"));
        assert.notEqual(shardOf("- action: keep\n  regex: a"), shardOf("- action: keep\n  regex: b"));
    });
});

describe("compactors of one bucket", () => {
    const compact = (name: string, ...flags: string[]) => {
        const object = "--objstore.config=type: S3\nconfig: {bucket: b, endpoint: s3.example}";
        return { ...running("StatefulSet", { image: "thanos", args: ["compact", object, ...flags] }), metadata: { name } };
    };
    const found = (...objects: object[]) => findingsIn(oneCompactorPerStream, objects).problems.length;

    it("may each have a time of their own", () => {
        assert.equal(found(compact("old", "--max-time=-30d"), compact("young", "--min-time=-30d")), 0);
        assert.equal(found(compact("old", "--max-time=-30d"), compact("again", "--max-time=-30d")), 1);
        assert.equal(found(compact("old", "--max-time=-30d"), compact("all")), 1);
        const shard = "--selector.relabel-config=[{action: keep, regex: a}]";
        assert.equal(found(compact("old", shard, "--max-time=-30d"), compact("young", shard, "--min-time=-30d")), 0);
        assert.equal(found(compact("old", shard, "--max-time=-30d"), compact("again", shard, "--max-time=-30d")), 1);
    });
});

describe("what prometheus-operator runs", () => {
    it("has a Rule whose replicas differ, and the blocks that it uploads", () => {
        const objectStorageConfig = { name: "o", key: "thanos.yaml" };
        const metadata = { name: "ruler", namespace: "monitoring" };
        const ruler = { apiVersion: "monitoring.coreos.com/v1", kind: "ThanosRuler", metadata, spec: { replicas: 2, objectStorageConfig } };
        assert.deepEqual(read(["sources"], ruler).model.sources, [
            {
                path: "ThanosRuler ruler",
                program: "Rule",
                stream: "the blocks of Secret monitoring/o (thanos.yaml)",
                uploads: true,
                replicas: 2,
                replicaLabels: ["thanos_ruler_replica"],
                outOfOrder: 0,
                retention: 24 * 3_600_000,
            },
        ]);
    });

    it("has the sidecar of a Prometheus, and none where `thanos` is not set", () => {
        const prometheus = (spec: object) => ({
            apiVersion: "monitoring.coreos.com/v1",
            kind: "Prometheus",
            metadata: { name: "k8s" },
            spec,
        });
        assert.deepEqual(read(["sidecars", "sources"], prometheus({ replicas: 2 })).model.sidecars, []);
        const image = "quay.io/prometheus/prometheus:v3.9.1";
        const { sidecars, sources } = read(
            ["sidecars", "sources"],
            prometheus({ image, thanos: {}, tsdb: { outOfOrderTimeWindow: "10m" } }),
        ).model;
        assert.deepEqual(
            sidecars.map(({ uploads, prometheus: release }) => [uploads, release]),
            [[false, { image: "3.9.1" }]],
        );
        assert.deepEqual(
            sources.map(({ uploads, outOfOrder, replicaLabels }) => [uploads, outOfOrder, replicaLabels]),
            [[false, 600_000, ["prometheus_replica"]]],
        );
    });
});

describe("an autoscaler", () => {
    it("may run more Query Frontends than their manifest says", () => {
        const frontend = running("Deployment", { image: "thanos", args: ["query-frontend"] });
        const scaler = (name: string) => ({
            apiVersion: "autoscaling/v2",
            kind: "HorizontalPodAutoscaler",
            metadata: { name: "scaler", namespace: "monitoring" },
            spec: { scaleTargetRef: { kind: "Deployment", name }, maxReplicas: 4 },
        });
        assert.deepEqual(read(["frontends"], frontend, scaler("it")).model.frontends, [
            { path: "Deployment it", replicas: 1, mostReplicas: 4 },
        ]);
        assert.deepEqual(read(["frontends"], frontend, scaler("other")).model.frontends, [{ path: "Deployment it", replicas: 1 }]);
    });
});
