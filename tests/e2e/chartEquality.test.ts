import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { STATEFUL_NODES } from "../../components/cloud/aws/cluster/nodeGroups";
import { placementOf } from "../../components/kubernetes/placement";
import { GRAFANA_PODS, GRAFANA_PORT } from "../../components/naming/names";
import { kubePrometheusStackValues } from "../../components/prometheus/values";
import { DEFAULT_RULE_GROUPS } from "../../config/schema/prometheus";
import { CHART_SOURCE } from "../../local/offline/standins/chart";
import { VERSIONS } from "../../upstream/versions";
import { compareCharts, copyWithSubcharts, render, selectorsOf, type Values } from "../support/chartEquality";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** Directory of the official kube-prometheus-stack: $KPS_CHART (`helm pull --untar`, or charts/kube-prometheus-stack of a checkout), else pulled. */
function officialChart(into: string): string | undefined {
    if (process.env.KPS_CHART !== undefined) return process.env.KPS_CHART;
    const chart = "oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack";
    const pull = ["pull", chart, "--version", VERSIONS.kubePrometheusStack, "--untar", "--untardir", into];
    const { status } = spawnSync(process.env.HELM_BINARY ?? "helm", pull, { timeout: 60_000, stdio: "ignore" });
    return status === 0 ? join(into, "kube-prometheus-stack") : undefined;
}

/** Arguments of an observee's values. */
const observee = {
    clusterName: "blue",
    storageClass: "gp3",
    nodesHaveZones: true,
    objectStore: { secret: "thanos-objstore", checksum: "0a1b" },
    replicas: 2,
    retention: "24h",
    blockDuration: "2h",
    scrapeInterval: "30s",
    storage: "50Gi",
    memory: "4Gi",
    cpu: "500m",
    nodeExporter: "install" as const,
    kubeStateMetrics: "install" as const,
    // The rules are the official chart's own text, which the stand-in does not have: it refuses them.
    defaultRules: false,
    omittedRules: [],
    pods: { nodeSelector: {}, tolerations: [] },
    externalLabels: {},
    alerting: { alertmanager: "install" as const, replicas: 2, external: [], runbooks: "docs/runbooks" },
};

const cases: Record<string, Values> = {
    ...(parse(readFileSync(join(__dirname, "chartValues.yaml"), "utf8")) as Record<string, Values>),
    "mode sidecar": kubePrometheusStackValues(observee),
    "mode sidecar on dedicated nodes, with an IAM role": kubePrometheusStackValues({
        ...observee,
        placement: STATEFUL_NODES,
        annotations: { "eks.amazonaws.com/role-arn": "arn:aws:iam::111111111111:role/blue-prometheus" },
    }),
    "pods with a priority, on nodes of the user's": (() => {
        const pods = {
            priorityClassName: "high",
            nodeSelector: { pool: "metrics" },
            tolerations: [{ key: "metrics", operator: "Exists" as const }],
        };
        const placement = placementOf(undefined, pods);
        return kubePrometheusStackValues({ ...observee, pods, placement, generalPlacement: placement });
    })(),
    "images of a mirror": kubePrometheusStackValues({ ...observee, pods: { ...observee.pods, imageRegistry: "mirror.example.com/pull" } }),
    "an Alertmanager with receivers, on dedicated nodes": kubePrometheusStackValues({
        ...observee,
        generalPlacement: STATEFUL_NODES,
        alerting: { ...observee.alerting, replicas: 1, configSecret: "receivers" },
    }),
    "Alertmanagers of the user's own": kubePrometheusStackValues({
        ...observee,
        kubeStateMetrics: "unmanaged",
        alerting: {
            ...observee.alerting,
            alertmanager: "external",
            external: [
                {
                    url: "https://alerts.example.com/am",
                    caSecret: "alerts-ca",
                    certificateSecret: "alerts-client",
                    tokenSecret: "alerts-token",
                },
                { url: "http://alerts.example.net:9093" },
            ],
        },
    }),
    "mode agent": kubePrometheusStackValues({
        ...observee,
        objectStore: undefined,
        remoteWrite: { url: "https://receive.fleet.test:19291/api/v1/receive", tlsSecret: "prometheus-remote-write-tls" },
    }),
    "mode sidecar-remote-write": kubePrometheusStackValues({
        ...observee,
        remoteWrite: { url: "https://receive.example.internal:19291/api/v1/receive", tlsSecret: "prometheus-remote-write-tls" },
    }),
};

interface PodTemplate {
    metadata: { labels: Record<string, string> };
    spec: {
        containers: {
            name: string;
            env: { name: string; value?: string; valueFrom?: unknown }[];
            ports: { name: string; containerPort: number }[];
        }[];
    };
}

describe("the stand-in chart", () => {
    const temporary = temporaryDirectory();
    let official: string;

    before(function () {
        const directory = officialChart(temporary);
        if (directory === undefined) {
            console.log(
                `      not compared: the official chart cannot be pulled here. Set KPS_CHART to its directory (version ${VERSIONS.kubePrometheusStack}), and HELM_BINARY to a helm`,
            );
            return this.skip();
        }
        official = copyWithSubcharts(directory, temporary);
        const { version } = parse(readFileSync(join(official, "Chart.yaml"), "utf8")) as { version: string };
        console.log(`      official chart: ${version}`);
    });

    it("and the settings name the same groups of rules, but those of parts that EKS hides", () => {
        const { rules } = (
            parse(readFileSync(join(official, "values.yaml"), "utf8")) as { defaultRules: { rules: Record<string, boolean> } }
        ).defaultRules;
        const hidden = /^(etcd|windows|kubeProxy|kubeControllerManager|kubeScheduler\w*)$/;
        assert.deepEqual(
            Object.keys(rules)
                .filter((group) => !hidden.test(group))
                .sort(),
            [...DEFAULT_RULE_GROUPS].sort(),
        );
    });

    /** The chart's Grafana, as the observer has it. */
    const withGrafana = kubePrometheusStackValues({
        ...observee,
        grafana: { namespace: "monitoring", adminSecret: "people", role: "kps-grafana" },
    });

    it("has no Grafana: it refuses one by name, and values for one that is off", () => {
        assert.throws(() => render(CHART_SOURCE, withGrafana), /lacks what these values ask for .*: grafana\.enabled\./);
        const off = { ...kubePrometheusStackValues(observee), grafana: { enabled: false, admin: { existingSecret: "people" } } };
        assert.throws(() => render(CHART_SOURCE, off), /grafana.*admin/s);
    });

    it("stands in for a chart whose Grafana reads ConfigMaps of its namespace only, and makes no password and no data source of its own", function () {
        if (!existsSync(join(official, "charts", "grafana"))) {
            console.log("      not checked: this copy of the official chart is without its Grafana (`helm pull` has it)");
            return this.skip();
        }
        const manifests = render(official, withGrafana).filter(({ metadata }) => metadata.name.startsWith("kps-grafana"));
        const kinds = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();
        assert.deepEqual(kinds, [
            "ConfigMap kps-grafana",
            "ConfigMap kps-grafana-config-dashboards",
            "ConfigMap kps-grafana-datasource",
            "ConfigMap kps-grafana-overview",
            "Deployment kps-grafana",
            "RoleBinding kps-grafana",
            "Service kps-grafana",
            "ServiceAccount kps-grafana",
            "ServiceMonitor kps-grafana",
        ]);
        const of = (title: string) => {
            const [manifest] = manifests.filter(({ kind, metadata }) => `${kind} ${metadata.name}` === title);
            assert.ok(manifest, title);
            return manifest;
        };
        assert.deepEqual(of("ConfigMap kps-grafana-datasource").data, { "datasource.yaml": "apiVersion: 1\ndatasources:" });
        const { metadata, spec } = (of("Deployment kps-grafana").spec as { template: PodTemplate }).template;
        for (const [label, value] of Object.entries(GRAFANA_PODS)) assert.equal(metadata.labels[label], value);
        assert.deepEqual(
            spec.containers.map(({ name, env }) => [
                name,
                ...["LABEL", "LABEL_VALUE", "NAMESPACE", "RESOURCE"].map((key) => env.find((one) => one.name === key)?.value),
            ]),
            [
                ["grafana-sc-dashboard", "grafana_dashboard", "1", "monitoring", "configmap"],
                ["grafana-sc-datasources", "grafana_datasource", "1", "monitoring", "configmap"],
                ["grafana", undefined, undefined, undefined, undefined],
            ],
        );
        assert.ok(spec.containers[2]?.ports.some(({ name, containerPort }) => name === "grafana" && containerPort === GRAFANA_PORT));
        const password = spec.containers[2]?.env.find(({ name }) => name === "GF_SECURITY_ADMIN_PASSWORD")?.valueFrom;
        assert.deepEqual(password, { secretKeyRef: { name: "people", key: "admin-password" } });
    });

    it("stands in for a chart that pulls everything from a mirror", () => {
        const text = JSON.stringify(render(official, cases["images of a mirror"] ?? {}));
        const images = [...text.matchAll(/"image":"([^"]+)"|--[\w-]+(?:image|config-reloader)=([^"]+)"/g)].map(
            ([, image, flag]) => image ?? flag ?? "",
        );
        assert.ok(images.length >= 7, images.join());
        assert.deepEqual(
            images.filter((image) => !image.startsWith("mirror.example.com/pull/")),
            [],
        );
    });

    for (const [name, values] of Object.entries(cases)) {
        it(`renders what the official chart renders from the values of ${name}`, () => {
            assert.deepEqual(compareCharts(official, CHART_SOURCE, values), []);
            for (const line of selectorsOf(CHART_SOURCE, values)) console.log(`        scrapes ${line}`);
        }).timeout(300_000);
    }
});
