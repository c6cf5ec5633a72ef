import assert from "node:assert/strict";
import { kubePrometheusStackValues } from "../../../../components/prometheus/values";
import { assertGolden } from "../../../support/golden";

const args = {
    clusterName: "blue",
    objectStore: { secret: "thanos-objstore-blue", checksum: "0a1b" },
    storageClass: "gp3",
    nodesHaveZones: true,
    replicas: 2,
    retention: "24h",
    blockDuration: "2h",
    scrapeInterval: "30s",
    storage: "50Gi",
    memory: "4Gi",
    cpu: "500m",
    nodeExporter: "install" as const,
    kubeStateMetrics: "install" as const,
    defaultRules: true,
    omittedRules: [],
    pods: { nodeSelector: {}, tolerations: [] },
    externalLabels: {},
    alerting: { alertmanager: "install" as const, replicas: 2, external: [], runbooks: "docs/runbooks" },
};

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

describe("the values of kube-prometheus-stack", () => {
    it("make the sidecar upload blocks, in mode sidecar", () => assertGolden("values-sidecar.json", json(kubePrometheusStackValues(args))));

    it("let a pod run on nodes without a zone where nodes have none", () => {
        const spread = (nodesHaveZones: boolean) =>
            kubePrometheusStackValues({ ...args, nodesHaveZones }).prometheus.prometheusSpec.topologySpreadConstraints.map(
                (constraint) => constraint.whenUnsatisfiable,
            );
        assert.deepEqual([spread(true), spread(false)], [["DoNotSchedule"], ["ScheduleAnyway"]]);
    });

    it("keep blocks within four fifths of the volume, in every unit", () => {
        const sizes = ["500Mi", "50Gi", "2Ti"].map(
            (storage) => kubePrometheusStackValues({ ...args, storage }).prometheus.prometheusSpec.retentionSize,
        );
        assert.deepEqual(sizes, ["400MiB", "40960MiB", "1677721MiB"]);
    });

    it("also write to Receive, in mode sidecar-remote-write", () => {
        const remoteWrite = { url: "https://receive.fleet.test:19291/api/v1/receive", tlsSecret: "prometheus-remote-write-tls" };
        assertGolden("values-sidecar-remote-write.json", json(kubePrometheusStackValues({ ...args, remoteWrite })));
    });

    it("scrape kubelets and cAdvisor as often as everything else", () => {
        const { kubelet, prometheus } = kubePrometheusStackValues({ ...args, scrapeInterval: "1m" });
        assert.deepEqual([kubelet.serviceMonitor.interval, prometheus.prometheusSpec.scrapeInterval], ["1m", "1m"]);
    });

    it("leave out node-exporter where the cluster has its own", () =>
        assert.deepEqual(kubePrometheusStackValues({ ...args, nodeExporter: "unmanaged" }).nodeExporter, { enabled: false }));

    it("leave out kube-state-metrics where the cluster has its own", () =>
        assert.deepEqual(kubePrometheusStackValues({ ...args, kubeStateMetrics: "unmanaged" }).kubeStateMetrics, { enabled: false }));

    it("have a Grafana whose sidecars read ConfigMaps of one namespace, and no data source but the fleet's", () => {
        const grafana = { namespace: "monitoring", adminSecret: "people", role: "kps-grafana" };
        const placement = { nodeSelector: { pool: "general" }, tolerations: [] };
        assert.deepEqual(kubePrometheusStackValues({ ...args, grafana, generalPlacement: placement }).grafana, {
            enabled: true,
            admin: { existingSecret: "people" },
            rbac: { namespaced: true, useExistingRole: "kps-grafana" },
            sidecar: {
                resources: { requests: { cpu: "10m", memory: "128Mi" }, limits: { memory: "128Mi" } },
                dashboards: { searchNamespace: "monitoring", resource: "configmap", multicluster: { global: { enabled: true } } },
                datasources: { searchNamespace: "monitoring", resource: "configmap", defaultDatasourceEnabled: false },
            },
            resources: { requests: { cpu: "100m", memory: "512Mi" }, limits: { memory: "512Mi" } },
            nodeSelector: { pool: "general" },
            tolerations: [],
            testFramework: { enabled: false },
            initChownData: { enabled: false },
        });
        assert.deepEqual(kubePrometheusStackValues(args).grafana, { enabled: false });
    });

    it("have the chart's rules as a whole, by group, or not at all", () => {
        assert.deepEqual(kubePrometheusStackValues(args).defaultRules, { create: true });
        assert.deepEqual(kubePrometheusStackValues({ ...args, omittedRules: ["network", "kubernetesApps"] }).defaultRules, {
            create: true,
            rules: { network: false, kubernetesApps: false },
        });
        assert.deepEqual(kubePrometheusStackValues({ ...args, defaultRules: false }).defaultRules, { create: false });
    });

    const alerting = (more: object) => kubePrometheusStackValues({ ...args, alerting: { ...args.alerting, ...more } });

    it("install an Alertmanager that this operator handles, with the receivers of a Secret if one is named", () => {
        assert.deepEqual(alerting({}).alertmanager, {
            enabled: true,
            annotations: { "operator.prometheus.io/controller-id": "thanos-fleet" },
            podDisruptionBudget: { enabled: true, minAvailable: 1 },
            alertmanagerSpec: { replicas: 2, resources: { requests: { cpu: "10m", memory: "128Mi" }, limits: { memory: "128Mi" } } },
        });
        assert.deepEqual(alerting({ replicas: 1, configSecret: "receivers" }).alertmanager, {
            enabled: true,
            annotations: { "operator.prometheus.io/controller-id": "thanos-fleet" },
            alertmanagerSpec: {
                replicas: 1,
                useExistingSecret: true,
                configSecret: "receivers",
                resources: { requests: { cpu: "10m", memory: "128Mi" }, limits: { memory: "128Mi" } },
            },
        });
    });

    it("send alerts to Alertmanagers elsewhere, with credentials from Secrets, of which only names are written", () => {
        const { alertmanager, prometheus } = alerting({
            alertmanager: "external",
            external: [
                { url: "https://a.example.com/am", caSecret: "alerts", certificateSecret: "client", tokenSecret: "alerts" },
                { url: "http://b.example.com:9093" },
            ],
        });
        const { secrets, additionalAlertManagerConfigs } = prometheus.prometheusSpec as Record<string, unknown>;
        assert.deepEqual(alertmanager, { enabled: false });
        assert.deepEqual(secrets, ["alerts", "client"]);
        assert.deepEqual(additionalAlertManagerConfigs, [
            {
                scheme: "https",
                path_prefix: "/am",
                static_configs: [{ targets: ["a.example.com"] }],
                tls_config: {
                    ca_file: "/etc/prometheus/secrets/alerts/ca.crt",
                    cert_file: "/etc/prometheus/secrets/client/tls.crt",
                    key_file: "/etc/prometheus/secrets/client/tls.key",
                },
                authorization: { credentials_file: "/etc/prometheus/secrets/alerts/token" },
            },
            { scheme: "http", static_configs: [{ targets: ["b.example.com:9093"] }] },
        ]);
    });

    it("have no Alertmanager at all where alerts go nowhere", () => {
        const { alertmanager, prometheus } = alerting({ alertmanager: "off" });
        assert.deepEqual(alertmanager, { enabled: false });
        assert.equal("additionalAlertManagerConfigs" in prometheus.prometheusSpec, false);
    });

    it("have the user's external labels beside the cluster's", () =>
        assert.deepEqual(
            kubePrometheusStackValues({ ...args, externalLabels: { region: "eu-west-1" } }).prometheus.prometheusSpec.externalLabels,
            {
                region: "eu-west-1",
                cluster: "blue",
            },
        ));

    it("keep this operator and another one in the cluster from handling each other's Prometheus", () => {
        const { prometheusOperator, prometheus } = kubePrometheusStackValues(args);
        const id = prometheus.annotations["operator.prometheus.io/controller-id"];
        assert.deepEqual(prometheusOperator.extraArgs, [`--controller-id=${id}`]);
    });
});
