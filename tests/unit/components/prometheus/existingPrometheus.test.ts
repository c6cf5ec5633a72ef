import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { PrometheusSpec } from "../../../../components/prometheus/existingChecks";
import { ExistingPrometheus } from "../../../../components/prometheus/existingPrometheus";
import { loadConfig } from "../../../../config/load";
import { observeeConfig } from "../../../support/testFleet";

const SPEC: PrometheusSpec = {
    replicas: 2,
    externalLabels: { cluster: "blue", region: "eu" },
    disableCompaction: true,
    storage: { volumeClaimTemplate: {} },
    serviceAccountName: "prom",
    thanos: { objectStorageConfig: { name: "thanos-objstore-blue", key: "objstore.yml" } },
    serviceMonitorSelector: { matchLabels: { release: "kps" } },
    ruleSelector: { matchLabels: { role: "alert-rules" } },
    scrapeConfigSelector: {},
};
const ROLE = { "eks.amazonaws.com/role-arn": "arn:aws:iam::111111111111:role/r" };

interface Seen {
    /** Ids of what was read, and names of what was made. */
    read: string[];
    made: string[];
    inputs: Record<string, Record<string, unknown>>;
    /** Warnings. */
    said: string[];
    serviceAccount: string | undefined;
    facts: unknown;
    ruleLabels: unknown;
}

/** Declares the component against an API server in which these objects are. */
async function declared(
    spec: object,
    { annotations = {}, preview = true }: { annotations?: Record<string, string>; preview?: boolean } = {},
): Promise<Seen> {
    const seen: Seen = { read: [], made: [], inputs: {}, said: [], serviceAccount: undefined, facts: undefined, ruleLabels: undefined };
    await pulumi.runtime.setMocks(
        {
            newResource: ({ type, name, inputs, id }) => {
                const kind = type.split(":").at(-1);
                if (id) seen.read.push(`${kind} ${id}`);
                else if (type.startsWith("kubernetes:")) {
                    seen.made.push(`${kind} ${name}`);
                    seen.inputs[`${kind} ${name}`] = inputs;
                }
                const metadata = { labels: {}, annotations };
                return { id: id || name, state: { ...inputs, ...(id && { metadata }), ...(kind === "Prometheus" && { spec }) } };
            },
            call: () => ({}),
        },
        "thanos-fleet",
        "blue",
        preview,
    );
    const warn = pulumi.log.warn;
    (pulumi.log as { warn: unknown }).warn = async (text: string) => void seen.said.push(text);
    const { prometheus } = loadConfig(
        observeeConfig("blue", "local", { prometheus: { scrapeConfigs: [{ name: "machines", targets: ["10.0.0.8:9100"] }] } }),
    );
    try {
        const kept = new ExistingPrometheus("prometheus", {
            name: "k8s",
            namespace: "monitoring",
            clusterName: "blue",
            objectStore: "thanos-objstore-blue",
            blocksOf: (_, serviceAccount) => {
                serviceAccount.apply((name) => {
                    seen.serviceAccount = name;
                });
                return { objectStoreSecret: "", objectStoreChecksum: "", annotations, ready: [] } as never;
            },
            scrapeConfigs: prometheus.scrapeConfigs,
        });
        await kept.fits();
        kept.join();
        pulumi.all([kept.facts, kept.labelsFor("ruleSelector")]).apply(([facts, labels]) => {
            seen.facts = facts;
            seen.ruleLabels = labels;
        });
        await pulumi.runtime.disconnect();
    } finally {
        (pulumi.log as { warn: unknown }).warn = warn;
    }
    return seen;
}

const PART_OF = { "app.kubernetes.io/part-of": "thanos-fleet" };
const metadataOf = (seen: Seen, title: string) => seen.inputs[title]?.metadata as { labels: object };

describe("a Prometheus that is kept", () => {
    it("is read with its namespace, and gets a Service, a ServiceMonitor and ScrapeConfigs", async () => {
        const seen = await declared(SPEC, { preview: false });
        assert.deepEqual(seen.read.sort(), ["Namespace monitoring", "Prometheus monitoring/k8s"]);
        assert.deepEqual(seen.made.sort(), ["ScrapeConfig scrape-machines", "Service thanos-sidecar", "ServiceMonitor thanos"]);
        assert.deepEqual(seen.said, []);
    });

    it("takes these objects by the labels that it selects", async () => {
        const seen = await declared(SPEC);
        assert.deepEqual(metadataOf(seen, "ServiceMonitor thanos").labels, { ...PART_OF, release: "kps" });
        assert.deepEqual(metadataOf(seen, "ScrapeConfig scrape-machines").labels, PART_OF);
        assert.deepEqual(seen.ruleLabels, { ...PART_OF, role: "alert-rules" });
    });

    it("has its sidecars behind a headless Service, which the ServiceMonitor finds", async () => {
        const seen = await declared(SPEC);
        assert.deepEqual(seen.inputs["Service thanos-sidecar"], {
            apiVersion: "v1",
            kind: "Service",
            metadata: {
                name: "thanos-sidecar",
                namespace: "monitoring",
                labels: { ...PART_OF, "app.kubernetes.io/name": "thanos", "app.kubernetes.io/component": "sidecar" },
            },
            spec: {
                clusterIP: "None",
                selector: { "operator.prometheus.io/name": "k8s" },
                ports: [
                    { name: "grpc", port: 10901, targetPort: "grpc" },
                    { name: "http", port: 10902, targetPort: "http" },
                ],
            },
        });
    });

    it("keeps the labels of targets apart from its own external labels", async () => {
        const spec = (await declared(SPEC)).inputs["ScrapeConfig scrape-machines"]?.spec as {
            metricRelabelings: { targetLabel?: string }[];
        };
        assert.ok(spec.metricRelabelings.some(({ targetLabel }) => targetLabel === "exported_region"));
    });

    it("says which service account uploads, and what other parts must know", async () => {
        const seen = await declared(SPEC);
        assert.equal(seen.serviceAccount, "prom");
        assert.deepEqual(seen.facts, {
            pods: 2,
            blockDuration: "2h",
            port: "web",
            serviceAccount: "prom",
            externalLabels: SPEC.externalLabels,
        });
    });

    it("only warns in a preview, since the update makes the Secrets first", async () => {
        const { said, made } = await declared({ ...SPEC, paused: true, replicas: 1 });
        assert.equal(said.length, 1);
        assert.deepEqual(
            said[0]?.split("\n").map((line) => line.trim().split(": ")[0]),
            [
                "Prometheus monitoring/k8s",
                "spec.replicas",
                "spec.paused",
                "The Secrets that they name are there after the first update. Set them where this Prometheus is installed, then update this stack again.",
            ],
        );
        assert.equal(made.length, 3);
    });

    it("ends an update with all that has to be set, before anything is made beside it", async () =>
        assert.rejects(declared({ ...SPEC, paused: true }, { preview: false }), (error) => {
            assert.ok(pulumi.RunError.isInstance(error), String(error));
            assert.match(
                error.message,
                /^Prometheus monitoring\/k8s: 1 value has to be set before the fleet can use it\.\n {2}spec\.paused: /,
            );
            return true;
        }));

    it("with IRSA needs the role at the service account that it runs as", async () => {
        const right = await declared(SPEC, { annotations: ROLE });
        assert.deepEqual([right.said, right.read.includes("ServiceAccount monitoring/prom")], [[], true]);
    });
});
