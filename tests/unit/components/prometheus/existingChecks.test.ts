import assert from "node:assert/strict";
import {
    existingFacts,
    existingProblems,
    type Found,
    type Needed,
    type PrometheusSpec,
} from "../../../../components/prometheus/existingChecks";
import { selects } from "../../../../components/prometheus/labelSelector";
import { problemText } from "../../../../rules/problem";

const URL = "https://receive.fleet.test:19291/api/v1/receive";
const needed: Needed = {
    clusterName: "blue",
    objectStore: "thanos-objstore-blue",
    remoteWrite: { url: URL, tlsSecret: "prometheus-remote-write-tls" },
    keptFor: undefined,
    scrapeConfigs: true,
    annotations: {},
};
const TLS = (key: string) => ({ name: "prometheus-remote-write-tls", key });
const write = {
    name: "observer",
    url: URL,
    tlsConfig: { ca: { secret: TLS("ca.crt") }, cert: { secret: TLS("tls.crt") }, keySecret: TLS("tls.key") },
    queueConfig: { retryOnRateLimit: true },
};
/** What kube-prometheus-stack writes, with the values that the fleet asks for. */
const right: PrometheusSpec = {
    externalLabels: { cluster: "blue", region: "eu" },
    replicas: 2,
    retention: "10d",
    disableCompaction: true,
    storage: { volumeClaimTemplate: {} },
    thanos: { version: "v0.42.4", objectStorageConfig: { name: "thanos-objstore-blue", key: "objstore.yml" } },
    remoteWrite: [{ url: "https://elsewhere" }, write],
    serviceMonitorSelector: { matchLabels: { release: "kps" } },
    serviceMonitorNamespaceSelector: {},
    ruleSelector: {},
    scrapeConfigSelector: {},
};
/** Fields that are set, or missing. */
type Change = { [Field in keyof PrometheusSpec]?: PrometheusSpec[Field] | undefined };
const found = (spec: Change, more: Partial<Found> = {}): Found => ({
    spec: spec as PrometheusSpec,
    namespaceLabels: { team: "a" },
    serviceAccountAnnotations: {},
    ...more,
});
const texts = (change: Change, more: Partial<Needed> = {}, beside: Partial<Found> = {}) =>
    existingProblems(found({ ...right, ...change }, beside), { ...needed, ...more }).map(problemText);
const inChart = (path: string) => `With kube-prometheus-stack: prometheus.prometheusSpec.${path}.`;
const thanos = (more: object) => ({ thanos: { ...right.thanos, ...more } });
const writing = (more: object) => ({ remoteWrite: [{ ...write, ...more }] });

describe("an existing Prometheus", () => {
    it("with every value that the fleet needs has no problem", () => assert.deepEqual(texts({}), []));

    it("need not write remotely, nor take ScrapeConfigs, where the stack has none", () =>
        assert.deepEqual(
            texts({ remoteWrite: [], scrapeConfigSelector: undefined }, { remoteWrite: undefined, scrapeConfigs: false }),
            [],
        ));

    const wrong: [what: string, change: Change, text: string][] = [
        [
            "the name of another cluster",
            { externalLabels: { cluster: "prod" } },
            `spec.externalLabels.cluster: is prod. The fleet knows this cluster by it. Write blue. ${inChart("externalLabels.cluster")}`,
        ],
        [
            "no name of its cluster",
            { externalLabels: undefined },
            `spec.externalLabels.cluster: is missing. The fleet knows this cluster by it. Write blue. ${inChart("externalLabels.cluster")}`,
        ],
        [
            "an external label that the fleet gives itself",
            { externalLabels: { cluster: "blue", receive_replica: "a" } },
            `spec.externalLabels.receive_replica: is a label of the fleet's own: replicas are told apart by it. Use another name. ${inChart("externalLabels.receive_replica")}`,
        ],
        [
            "another replica label",
            { replicaExternalLabelName: "__replica__" },
            "spec.replicaExternalLabelName: is __replica__. Query merges replicas by prometheus_replica: every sample would count twice. Remove it. With kube-prometheus-stack: remove prometheus.prometheusSpec.replicaExternalLabelName and prometheus.prometheusSpec.replicaExternalLabelNameClear.",
        ],
        [
            "no replica label",
            { replicaExternalLabelName: "" },
            "spec.replicaExternalLabelName: is empty. Query merges replicas by prometheus_replica: every sample would count twice. Remove it. With kube-prometheus-stack: remove prometheus.prometheusSpec.replicaExternalLabelName and prometheus.prometheusSpec.replicaExternalLabelNameClear.",
        ],
        [
            "one replica, which is the default",
            { replicas: undefined },
            `spec.replicas: 1 is less than 2. Each restart leaves a gap that nothing can fill. Set it to 2 or more. ${inChart("replicas")}`,
        ],
        [
            "no volume, which is the default",
            { storage: {} },
            `spec.storage.volumeClaimTemplate: is missing: an update of the pods would delete up to 3 h of samples that are not uploaded yet. Write a claim for a persistent volume. ${inChart("storageSpec.volumeClaimTemplate")}`,
        ],
        [
            "a paused operator",
            { paused: true },
            `spec.paused: is true: the operator changes nothing of this Prometheus. Write false. ${inChart("paused")}`,
        ],
        [
            "compaction",
            { disableCompaction: undefined },
            `spec.disableCompaction: is not true: whether Prometheus merges blocks before they are uploaded depends on the versions of operator, Prometheus and Thanos. Write true. ${inChart("disableCompaction")}`,
        ],
        [
            "a retention of less than three blocks",
            { retention: "5h" },
            `spec.retention: 5h is shorter than three blocks (6h): a block could be deleted before it is uploaded. Write 6h or longer. ${inChart("retention")}`,
        ],
        [
            "blocks that are longer than a third of the default retention",
            { retention: undefined, ...thanos({ blockSize: "12h" }) },
            `spec.retention: 24h is shorter than three blocks (36h): a block could be deleted before it is uploaded. Write 36h or longer. ${inChart("retention")}`,
        ],
        [
            "late samples",
            { tsdb: { outOfOrderTimeWindow: "10m" } },
            `spec.tsdb.outOfOrderTimeWindow: is 10m: late samples make blocks that overlap, on which Compact halts. Remove it. ${inChart("tsdb.outOfOrderTimeWindow")}`,
        ],
        [
            "no sidecar",
            { thanos: undefined },
            `spec.thanos.objectStorageConfig: is missing. By this Secret the sidecar uploads blocks to where the fleet reads them. Write {name: thanos-objstore-blue, key: objstore.yml}. ${inChart("thanos.objectStorageConfig.existingSecret")}`,
        ],
        [
            "another bucket",
            thanos({ objectStorageConfig: { name: "mine", key: "thanos.yaml" } }),
            `spec.thanos.objectStorageConfig: is {name: mine, key: thanos.yaml}. By this Secret the sidecar uploads blocks to where the fleet reads them. Write {name: thanos-objstore-blue, key: objstore.yml}. ${inChart("thanos.objectStorageConfig.existingSecret")}`,
        ],
        [
            "a file instead of the Secret",
            thanos({ objectStorageConfigFile: "/etc/mine" }),
            `spec.thanos.objectStorageConfigFile: replaces objectStorageConfig. Remove it. ${inChart("thanos.objectStorageConfigFile")}`,
        ],
        [
            "a sidecar of a newer version",
            thanos({ version: "v0.43.0" }),
            `spec.thanos.version: v0.43.0 is newer than the leaf Query that asks it (v0.42.4): a Query may be newer than what it asks, not older. Write v0.42.4, and quay.io/thanos/thanos:v0.42.4 as image. ${inChart("thanos.version")}`,
        ],
        [
            "a sidecar whose image is newer and has no other version",
            thanos({ version: undefined, image: "mirror:5000/thanos:v1.0.0@sha256:0a1b" }),
            `spec.thanos.version: v1.0.0 is newer than the leaf Query that asks it (v0.42.4): a Query may be newer than what it asks, not older. Write v0.42.4, and quay.io/thanos/thanos:v0.42.4 as image. ${inChart("thanos.version")}`,
        ],
        ...(["listenLocal", "grpcListenLocal", "httpListenLocal"] as const).map((field): [string, Change, string] => [
            `a sidecar with ${field}`,
            thanos({ [field]: true }),
            `spec.thanos.${field}: is true: nobody outside of its pod can reach the sidecar. Remove it. ${inChart(`thanos.${field}`)}`,
        ]),
        [
            "TLS before the sidecar",
            thanos({ grpcServerTlsConfig: {} }),
            `spec.thanos.grpcServerTlsConfig: is set: the leaf Query asks the sidecars of its own cluster without TLS. Remove it. ${inChart("thanos.grpcServerTlsConfig")}`,
        ],
        [
            "no remote write to Receive",
            { remoteWrite: [{ url: "https://elsewhere" }] },
            `spec.remoteWrite: has no entry with url ${URL}, where the fleet takes this cluster's recent samples. Add ${JSON.stringify(write)}. ${inChart("remoteWrite")}`,
        ],
        [
            "remote write under another name",
            writing({ name: undefined }),
            `spec.remoteWrite[0].name: is missing. Alerts and dashboards find it by its name. Write observer. ${inChart("remoteWrite[0].name")}`,
        ],
        [
            "remote write with a certificate of another Secret",
            writing({ tlsConfig: { ...write.tlsConfig, cert: { secret: { name: "mine", key: "tls.crt" } } } }),
            `spec.remoteWrite[0].tlsConfig.cert.secret: is {name: mine, key: tls.crt}. Receive knows this cluster by the certificate in the stack's Secret. Write {name: prometheus-remote-write-tls, key: tls.crt}. ${inChart("remoteWrite[0].tlsConfig.cert.secret")}`,
        ],
        [
            "remote write 2.0",
            writing({ messageVersion: "V2.0" }),
            `spec.remoteWrite[0].messageVersion: is V2.0, which Receive 0.42 takes for an empty request: the samples would be lost. Write V1.0. ${inChart("remoteWrite[0].messageVersion")}`,
        ],
        [
            "remote write that gives up when Receive is busy",
            writing({ queueConfig: {} }),
            `spec.remoteWrite[0].queueConfig.retryOnRateLimit: is not true: samples would be lost when Receive answers 429. Write true. ${inChart("remoteWrite[0].queueConfig.retryOnRateLimit")}`,
        ],
        [
            "no selector of ServiceMonitors",
            { serviceMonitorSelector: undefined },
            `spec.serviceMonitorSelector: is missing: Prometheus takes no ServiceMonitor at all. Write {}, or matchLabels only: the stack's objects get these labels. ${inChart("serviceMonitorSelector")}`,
        ],
        [
            "a selector of rules that no object of the stack fits",
            { ruleSelector: { matchExpressions: [{ key: "team", operator: "In", values: ["a"] }] } },
            `spec.ruleSelector: does not take the stack's PrometheusRule, which has only the labels of its matchLabels. Write {}, or matchLabels only: the stack's objects get these labels. ${inChart("ruleSelector")}`,
        ],
        [
            "no selector of ScrapeConfigs",
            { scrapeConfigSelector: undefined },
            `spec.scrapeConfigSelector: is missing: Prometheus takes no ScrapeConfigs at all. Write {}, or matchLabels only: the stack's objects get these labels. ${inChart("scrapeConfigSelector")}`,
        ],
        [
            "a selector of other namespaces",
            { ruleNamespaceSelector: { matchLabels: { team: "b" } } },
            `spec.ruleNamespaceSelector: does not take the namespace of the stack's PrometheusRule, which is Prometheus's own. Write {}. ${inChart("ruleNamespaceSelector")}`,
        ],
    ];
    for (const [what, change, text] of wrong) it(`is refused with ${what}`, () => assert.deepEqual(texts(change), [text]));

    it("names each part of a certificate that is missing", () =>
        assert.deepEqual(
            texts(writing({ tlsConfig: undefined })).map((text) => text.slice(0, text.indexOf(". "))),
            ["ca.secret", "cert.secret", "keySecret"].map((field) => `spec.remoteWrite[0].tlsConfig.${field}: is missing`),
        ));

    it("has to keep samples for as long as Stores leave them to it", () => {
        const text = `spec.retention: 10d is shorter than the 11d after which Stores answer for this cluster. Write 11d or longer. ${inChart("retention")}`;
        assert.deepEqual([texts({}, { keptFor: "11d" }), texts({}, { keptFor: "10d" })], [[text], []]);
    });

    it("may limit its blocks by their size alone", () => assert.deepEqual(texts({ retention: undefined, retentionSize: "40GB" }), []));

    it("may select by its namespace's labels, or take its own namespace only", () =>
        assert.deepEqual(texts({ ruleNamespaceSelector: { matchLabels: { team: "a" } }, serviceMonitorNamespaceSelector: undefined }), []));

    it("with IRSA needs the role at its service account", () => {
        const role = { "eks.amazonaws.com/role-arn": "arn:aws:iam::111111111111:role/r" };
        const text =
            'ServiceAccount default metadata.annotations["eks.amazonaws.com/role-arn"]: is missing. The sidecar reaches the bucket by this role. ' +
            "Write arn:aws:iam::111111111111:role/r. With kube-prometheus-stack: prometheus.serviceAccount.annotations.";
        assert.deepEqual(
            [texts({}, { annotations: role }), texts({}, { annotations: role }, { serviceAccountAnnotations: role })],
            [[text], []],
        );
    });

    it("that was just installed by kube-prometheus-stack is told every value at once", () =>
        assert.deepEqual(
            existingProblems(
                found({ replicas: 1, shards: 1, retention: "10d", disableCompaction: false, ruleSelector: {}, serviceMonitorSelector: {} }),
                { ...needed, scrapeConfigs: false },
            ).map(({ path }) => path),
            [
                "spec.externalLabels.cluster",
                "spec.replicas",
                "spec.storage.volumeClaimTemplate",
                "spec.disableCompaction",
                "spec.thanos.objectStorageConfig",
                "spec.remoteWrite",
            ],
        ));

    it("tells the stack its pods, blocks, port, service account and labels, or the operator's defaults", () => {
        assert.deepEqual(
            existingFacts({ ...right, shards: 3, portName: "http-web", serviceAccountName: "sa", ...thanos({ blockSize: "4h" }) }),
            {
                pods: 6,
                blockDuration: "4h",
                port: "http-web",
                serviceAccount: "sa",
                externalLabels: { cluster: "blue", region: "eu" },
            },
        );
        assert.deepEqual(existingFacts({}), { pods: 1, blockDuration: "2h", port: "web", serviceAccount: "default", externalLabels: {} });
    });
});

describe("a label selector", () => {
    const takes = (operator: "In" | "NotIn" | "Exists" | "DoesNotExist", key: string, values?: string[]) =>
        selects({ matchExpressions: [{ key, operator, ...(values && { values }) }] }, { a: "1" });

    it("takes what has all of its labels; everything, if it is empty; nothing, if there is none", () =>
        assert.deepEqual(
            [
                selects({ matchLabels: { a: "1" } }, { a: "1", b: "2" }),
                selects({ matchLabels: { a: "2" } }, { a: "1" }),
                selects({}, {}),
                selects(undefined, {}),
            ],
            [true, false, true, false],
        ));

    it("compares by its expressions as Kubernetes does", () =>
        assert.deepEqual(
            [
                ...[takes("In", "a", ["1", "2"]), takes("In", "a", ["2"]), takes("In", "b", ["1"])],
                ...[takes("NotIn", "a", ["2"]), takes("NotIn", "a", ["1"]), takes("NotIn", "b", ["1"])],
                ...[takes("Exists", "a"), takes("Exists", "b"), takes("DoesNotExist", "a"), takes("DoesNotExist", "b")],
            ],
            [true, false, false, true, false, true, true, false, false, true],
        ));
});
