import assert from "node:assert/strict";
import type { PartKind } from "../../../../rules/model";
import { readModel } from "../../../../rules/reading/readModel";
import { manifestsOf } from "../../../support/ruleExamples";

interface Written {
    /** @default the image of Prometheus 3.13.2 */
    readonly image?: string;
    readonly command?: readonly string[];
    readonly args?: readonly string[];
    readonly env?: readonly object[];
    readonly replicas?: number;
    /** Arguments of the sidecar; null: there is none. */
    readonly sidecar?: readonly string[] | null;
}

const CONFIG = { name: "config", mountPath: "/etc/prometheus" };

/** A StatefulSet of Prometheus with a sidecar, whose configuration is ConfigMap `NAME`. */
function written(name: string, { image = "prom/prometheus:v3.13.2", replicas = 2, sidecar = [], ...container }: Written = {}) {
    const thanos = {
        name: "thanos",
        image: "quay.io/thanos/thanos:v0.42.4",
        args: ["sidecar", "--objstore.config=type: S3", ...(sidecar ?? [])],
    };
    const containers = [
        { name: "server", image, volumeMounts: [CONFIG], ...container },
        ...(sidecar === null ? [] : [{ ...thanos, volumeMounts: [CONFIG] }]),
    ];
    const volumes = [{ name: "config", configMap: { name } }];
    return {
        apiVersion: "apps/v1",
        kind: "StatefulSet",
        metadata: { name },
        spec: { replicas, template: { spec: { containers, volumes } } },
    };
}

const config = (name: string, text: string, key = "prometheus.yml") => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name },
    data: { [key]: text },
});

const labels = (...lines: string[]) => `global:\n  external_labels:\n${lines.map((line) => `    ${line}\n`).join("")}`;

const read = (kind: PartKind, ...objects: object[]) => readModel(manifestsOf(objects), [kind]);
const [POD] = [{ name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }];

describe("a Prometheus that people have written", () => {
    const replicaLabelsOf = (text: string, differences: Written = {}) =>
        read("sources", written("p", differences), config("p", text)).model.sources[0]?.replicaLabels;
    const before3 = { image: "prom/prometheus:v2.55.1" };

    it("has the retention of its flags, the window of its configuration, and the blocks of its sidecar", () => {
        const args = ["--storage.tsdb.retention.time=36h"];
        const text = "storage: {tsdb: {out_of_order_time_window: 30m}}";
        assert.deepEqual(read("sources", written("p", { args }), config("p", text)).model.sources, [
            {
                path: "StatefulSet p",
                program: "Prometheus",
                stream: "the blocks of default/p",
                uploads: true,
                replicas: 2,
                replicaLabels: [],
                externalLabels: "[]",
                outOfOrder: 1_800_000,
                retention: 129_600_000,
            },
        ]);
    });

    it("keeps samples for 15 days by default, and for nobody knows how long where a size ends it", () => {
        const retentionOf = (args: string[], text = "{}") =>
            read("sources", written("p", { args }), config("p", text)).model.sources[0]?.retention;
        assert.equal(retentionOf([]), 15 * 86_400_000);
        assert.equal(retentionOf(["--storage.tsdb.retention.size=50GB"]), undefined);
        assert.equal(retentionOf([], "storage: {tsdb: {retention: {time: 1d}}}"), undefined);
    });

    it("tells its replicas apart by a variable that it replaces itself", () => {
        assert.deepEqual(replicaLabelsOf(labels("cluster: eu", `replica: \${HOSTNAME}`)), ["replica"]);
        assert.deepEqual(replicaLabelsOf(labels("replica: $POD"), { env: [POD] }), ["replica"]);
        assert.deepEqual(replicaLabelsOf(labels("cluster: $REGION"), { env: [{ name: "REGION", value: "eu" }] }), []);
    });

    it("replaces no variable before release 3, unless a feature says so", () => {
        const text = labels(`replica: \${HOSTNAME}`);
        assert.deepEqual(replicaLabelsOf(text, before3), []);
        assert.deepEqual(replicaLabelsOf(text, { ...before3, args: ["--enable-feature=expand-external-labels"] }), ["replica"]);
        assert.deepEqual(replicaLabelsOf(text, { image: "prom/prometheus" }), {
            notKnown: "the release of Prometheus is not known, which decides whether it replaces variables in external labels",
        });
    });

    it("tells its replicas apart by a variable that the reloader of its sidecar replaces", () => {
        const sidecar = ["--reloader.config-file=/etc/prometheus/template.yml", "--reloader.config-envsubst-file=/out/prometheus.yml"];
        const { sources } = read(
            "sources",
            written("p", { args: ["--config.file=/out/prometheus.yml"], sidecar, env: [POD] }),
            config("p", labels("replica: $(POD)"), "template.yml"),
        ).model;
        assert.deepEqual(sources[0]?.replicaLabels, ["replica"]);
    });

    it("has labels that nobody knows where its configuration is in no ConfigMap", () =>
        assert.deepEqual(read("sources", written("p", { args: ["--config.file=/out/p.yml"] })).model.sources[0]?.replicaLabels, {
            notKnown: "/out/p.yml is in no ConfigMap and no Secret of its pods",
        }));

    it("is recognised by its program, by its script and by its flags, whatever its image is called", () => {
        const found = (differences: Written) =>
            read("prometheuses", written("p", { image: "registry.example/metrics:7", ...differences }), config("p", "{}")).model
                .prometheuses.length;
        assert.equal(found({ command: ["/bin/prometheus"] }), 1);
        assert.equal(found({ command: ["sh", "-c", "exec /bin/prometheus --config.file=/etc/prometheus/prometheus.yml"] }), 1);
        assert.equal(found({ args: ["--storage.tsdb.path=/prometheus"] }), 1);
        assert.equal(found({ args: ["--port=9090"] }), 0);
        assert.equal(found({ image: "sflow/prometheus", args: ["-Dsnmp.ifname=yes"] }), 0);
        assert.equal(found({ image: "mirror.example/prometheus", args: ["--config.file=/etc/prometheus/prometheus.yml"] }), 1);
    });

    it("has to do with Thanos if it has a sidecar or writes to Receive", () => {
        const found = (text: string) => read("prometheuses", written("p", { sidecar: null }), config("p", text)).model.prometheuses;
        assert.deepEqual(found("{}"), []);
        assert.deepEqual(found("remote_write: [{url: 'https://receive.example/api/v1/receive'}]"), [
            { path: "StatefulSet p", replicas: 2, agent: false },
        ]);
    });

    it("reads prometheus.yml of its own folder, where its arguments name no file", () => {
        const { spec, ...object } = written("p", { args: ["--storage.tsdb.path=/prometheus"], sidecar: null });
        const [server] = spec.template.spec.containers;
        const volumeMounts = [{ name: "config", mountPath: "/prometheus/prometheus.yml", subPath: "prometheus.yml" }];
        const template = { spec: { ...spec.template.spec, containers: [{ ...server, volumeMounts }] } };
        const text = "remote_write: [{url: 'https://receive.example/api/v1/receive'}]";
        const { prometheuses } = read("prometheuses", { ...object, spec: { ...spec, template } }, config("p", text)).model;
        assert.equal(prometheuses.length, 1);
    });

    it("is left out where it is scaled to 0: it is switched off, or another program scales it", () =>
        assert.deepEqual(read("prometheuses", written("p", { replicas: 0 }), config("p", "{}")).model.prometheuses, []));

    it("is an agent by its flag, and by the feature of older releases", () => {
        const isAgent = (args: string[]) =>
            read("prometheuses", written("p", { args }), config("p", "{}")).model.prometheuses.map(({ agent }) => agent);
        assert.deepEqual(isAgent(["--agent"]), [true]);
        assert.deepEqual(isAgent(["--enable-feature=agent"]), [true]);
        assert.deepEqual(isAgent([]), [false]);
    });

    describe("has for replicas", () => {
        const [a, b] = [written("a", { replicas: 1 }), written("b", { replicas: 1 })];
        const scraping = (name: string, ...scrapes: string[]) =>
            config(name, `${labels("cluster: eu", `replica: ${name}`)}scrape_configs: [${scrapes.join(", ")}]`);
        const job = (targets: string, more = "") => `{job_name: some, static_configs: [{targets: [${targets}]}]${more}}`;
        const replicasOf = (...objects: object[]) => read("prometheuses", ...objects).model.prometheuses.map(({ replicas }) => replicas);
        const replicasWith = (first: string, second: string) => replicasOf(a, b, scraping("a", first), scraping("b", second));

        it("all that scrape the same targets, in whichever workloads, order and jobs", () => {
            assert.deepEqual(replicasWith(job("x:80, y:80"), `${job("y:80")}, ${job("x:80")}`), [2, 2]);
            const pods = "{job_name: pods, kubernetes_sd_configs: [{role: pod}]}";
            assert.deepEqual(replicasWith(pods, pods), [2, 2]);
        });

        it("none that scrapes others, though a label calls it a replica", () => {
            assert.deepEqual(replicasWith(job("x:80"), job("y:80")), [1, 1]);
            const nodes = (role: string) => `{job_name: some, kubernetes_sd_configs: [{role: ${role}}]}`;
            assert.deepEqual(replicasWith(nodes("node"), nodes("pod")), [1, 1]);
        });

        it("none that leaves other targets out, as shards do", () => {
            const shard = (part: number) =>
                job("x:80, y:80", `, relabel_configs: [{action: hashmod, modulus: 2}, {action: keep, regex: ${part}}]`);
            assert.deepEqual(replicasWith(shard(0), shard(1)), [1, 1]);
            assert.deepEqual(replicasWith(shard(0), shard(0)), [2, 2]);
        });

        it("those that besides scrape themselves, each by its own name", () => {
            const named = (name: string) => {
                const { spec, ...rest } = written(name, { replicas: 1 });
                const template = { ...spec.template, metadata: { labels: { app: name } } };
                const service = { apiVersion: "v1", kind: "Service", metadata: { name }, spec: { selector: { app: name } } };
                return [{ ...rest, spec: { ...spec, template } }, service];
            };
            const both = [...named("a"), ...named("b")];
            const first = scraping("a", job("localhost:9090, a:10902, x:80"));
            assert.deepEqual(replicasOf(...both, first, scraping("b", job("127.0.0.1:9091, b:10902, x:80"))), [2, 2]);
            assert.deepEqual(replicasOf(...both, first, scraping("b", job("127.0.0.1:9091, c:10902, x:80"))), [1, 1]);
        });

        it("none of which Thanos has no samples", () => {
            const apart = written("b", { replicas: 1, sidecar: null });
            assert.deepEqual(replicasOf(a, apart, scraping("a", job("x:80")), scraping("b", job("x:80"))), [1]);
        });

        it("nobody knows whom where a configuration is not read", () => {
            const fact = "whether b and a scrape the same targets is not known: not both configurations are read";
            assert.deepEqual(
                read("prometheuses", a, b, scraping("a", job("x:80"))).lacks.map((lack) => `${lack.path}: ${lack.fact}`),
                [`StatefulSet a: ${fact}`, `StatefulSet b: ${fact.replace("b and a", "a and b")}`],
            );
        });
    });

    it("writes chunks by its configuration, which its sidecar has to read", () =>
        assert.deepEqual(
            read("sidecars", written("p"), config("p", "storage: {tsdb: {chunk_encoding: {floats: xor2}}}")).model.sidecars.map(
                ({ floats, prometheus }) => ({ floats, prometheus }),
            ),
            [{ floats: "xor2", prometheus: { image: "3.13.2" } }],
        ));
});
