import assert from "node:assert/strict";
import { RESERVED_LABELS } from "../../../../config/labels";
import { problemsOf } from "../../../support/problemsOf";
import { observeeConfig } from "../../../support/testFleet";

const problems = (values: object, more: object = {}) => problemsOf(observeeConfig("blue", "local", { prometheus: { values }, ...more }));
const spec = (prometheusSpec: unknown) => ({ prometheus: { prometheusSpec } });
const paths = (values: object) => problems(values).map((problem) => problem.split(":")[0]);

describe("values of the chart", () => {
    it("are taken where nothing depends on them", () =>
        assert.deepEqual(
            problems({
                ...spec({
                    logLevel: "debug",
                    additionalScrapeConfigs: [{ job_name: "x" }],
                    podMetadata: { labels: { team: "a" } },
                    thanos: { resources: {} },
                }),
                alertmanager: { alertmanagerSpec: { retention: "240h" } },
                "kube-state-metrics": { resources: {} },
                kubeEtcd: { enabled: true },
            }),
            [],
        ));

    it("are refused with path, reason and remedy where the fleet depends on them, all at once", () =>
        assert.deepEqual(
            problems({
                fullnameOverride: "mine",
                ...spec({
                    externalLabels: { region: "eu" },
                    replicaExternalLabelName: "replica",
                    disableCompaction: false,
                    retention: "7d",
                    thanos: { image: "mine", resources: {} },
                }),
            }),
            [
                "prometheus.values.fullnameOverride: changes names by which the fleet finds Prometheus, its sidecars, its role and its volumes. Remove it.",
                "prometheus.values.prometheus.prometheusSpec.externalLabels: has a setting of its own. Write prometheus.externalLabels instead.",
                "prometheus.values.prometheus.prometheusSpec.replicaExternalLabelName: changes the label by which Query tells replicas apart: every sample would count twice. Remove it.",
                "prometheus.values.prometheus.prometheusSpec.disableCompaction: lets Prometheus merge blocks that the sidecar then never uploads. Remove it.",
                "prometheus.values.prometheus.prometheusSpec.retention: has a setting of its own. Write prometheus.retention instead.",
                "prometheus.values.prometheus.prometheusSpec.thanos.image: decides whether the sidecar uploads blocks, and whether Query can ask it. Remove it; resources, logLevel, logFormat may be changed.",
            ],
        ));

    it("are refused where a value above replaces a whole map: null removes it", () => {
        assert.ok(paths(spec(null)).includes("prometheus.values.prometheus.prometheusSpec.disableCompaction"));
        assert.deepEqual(paths(spec({ thanos: null })), ["prometheus.values.prometheus.prometheusSpec.thanos"]);
    });

    it("may not hide Prometheus from its operator: a key with dots is found", () =>
        assert.deepEqual(paths({ prometheus: { annotations: { "operator.prometheus.io/controller-id": "mine", other: "x" } } }), [
            "prometheus.values.prometheus.annotations.operator.prometheus.io/controller-id",
        ]));

    it("may not replace the list of Secrets that external Alertmanagers need", () => {
        const alerting = { alertmanager: "external", external: [{ url: "https://a.example.com", tokenSecret: "token" }] };
        assert.deepEqual(problems(spec({ secrets: ["mine"] })), []);
        assert.deepEqual(problems(spec({ secrets: ["mine"] }), { alerting }), [
            "prometheus.values.prometheus.prometheusSpec.secrets: replaces the list with the Secrets of alerting.external, as Helm replaces lists. Mount yours by volumes and volumeMounts.",
        ]);
        assert.deepEqual(problems(spec({ secrets: ["mine"] }), { alerting: { alertmanager: "fleet" } }), [
            "prometheus.values.prometheus.prometheusSpec.secrets: replaces the list with the certificate for the fleet's Alertmanager, as Helm replaces lists. Mount yours by volumes and volumeMounts.",
        ]);
    });

    it("may not configure an Alertmanager that the chart does not install", () => {
        const values = { alertmanager: { config: { route: { receiver: "me" } } } };
        assert.deepEqual(problems(values), []);
        assert.deepEqual(problems(values, { alerting: { alertmanager: "fleet" } }), [
            "prometheus.values.alertmanager: has no effect: with alerting.alertmanager: fleet the chart installs no Alertmanager. Remove it, or set alerting.alertmanager to install.",
        ]);
    });
});

describe("external labels of the user", () => {
    it("differ from the fleet's own", () => {
        assert.deepEqual(
            problemsOf(observeeConfig("blue", "local", { prometheus: { externalLabels: { region: "eu", cluster: "red", "a-b": "x" } } })),
            [
                'prometheus.externalLabels.a-b: "x" stands under a name that is no label. Use letters, digits and underscores.',
                "prometheus.externalLabels.cluster: is a label of the fleet's own: clusters and replicas are told apart by it. Use another name.",
            ],
        );
        assert.deepEqual(RESERVED_LABELS, ["cluster", "prometheus", "prometheus_replica", "receive_replica", "rule_replica"]);
    });
});
