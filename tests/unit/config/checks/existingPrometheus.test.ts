import assert from "node:assert/strict";
import { modelOf } from "../../../../config/checks";
import { loadConfig } from "../../../../config/load";
import { problemsOf } from "../../../support/problemsOf";
import { observeeConfig, observerConfig } from "../../../support/testFleet";

const { chart: _chart, storageClass: _class, ...observee } = observeeConfig("blue", "local", { createNamespace: false });
const keep = (more: object = {}, existing: object = { name: "k8s" }) => ({ ...observee, prometheus: { existing }, ...more });
const UNUSED =
    "has no effect: prometheus.existing keeps a Prometheus that this stack does not install. Remove it, and set it where that Prometheus is installed.";

describe("prometheus.existing", () => {
    it("needs a name, and a namespace that is there", () => {
        assert.deepEqual(problemsOf(keep()), []);
        assert.deepEqual(problemsOf(keep({}, {})), ["prometheus.existing.name: is missing. Set it."]);
        assert.deepEqual(problemsOf(keep({}, { name: "monitoring/k8s" })), [
            'prometheus.existing.name: "monitoring/k8s" is not the name of a Prometheus object. `kubectl get prometheuses -A` lists them.',
        ]);
        assert.deepEqual(problemsOf(keep({ createNamespace: true })), [
            "createNamespace: is true, but monitoring, the namespace of prometheus.existing, exists. Write false. The stack then leaves its labels alone, and never deletes it.",
        ]);
    });

    it("takes scrape configs and the place of runbooks", () =>
        assert.deepEqual(
            problemsOf({
                ...keep({ alerting: { runbooks: "https://runbooks.example.com" } }),
                prometheus: {
                    existing: { name: "k8s", job: "prometheus" },
                    scrapeConfigs: [{ name: "machines", targets: ["10.0.0.8:9100"] }],
                },
            }),
            [],
        ));

    it("refuses every setting that only a Prometheus of the stack follows, its default too", () =>
        assert.deepEqual(
            problemsOf({
                ...keep({ chart: "repo/chart", storageClass: "gp3", alerting: { alertmanager: "install", replicas: 1 } }),
                prometheus: { existing: { name: "k8s" }, replicas: 2, externalLabels: { region: "eu" }, values: {} },
            }),
            [
                "prometheus.replicas",
                "prometheus.externalLabels",
                "prometheus.values",
                "alerting.alertmanager",
                "alerting.replicas",
                "chart",
                "storageClass",
            ].map((path) => `${path}: ${UNUSED}`),
        ));

    it("calls a setting that does not exist by its name only", () =>
        assert.deepEqual(problemsOf({ ...keep(), prometheus: { existing: { name: "k8s" }, pods: 2 } }), [
            "prometheus.pods: is not a setting here. Remove it, or look up its name in docs/configuration.md.",
        ]));

    it("is not for an observer, which queries its own Prometheus by the names that it gives", () =>
        assert.deepEqual(problemsOf(observerConfig("local", { prometheus: { existing: { name: "k8s" } } })), [
            "prometheus.existing: is not a setting here. Remove it, or look up its name in docs/configuration.md.",
        ]));

    it("leaves the model of a configuration without a Prometheus: its replicas are judged when it is read", () =>
        assert.deepEqual(modelOf(loadConfig(keep())).prometheuses, []));
});
