import assert from "node:assert/strict";
import { problemsOf } from "../../../support/problemsOf";
import { observeeConfig, observerConfig } from "../../../support/testFleet";

const problems = (grafana: unknown, more: object = {}) => problemsOf(observerConfig("local", { grafana, ...more }));

describe("the settings of Grafana", () => {
    it("are taken as they are by default, with a Secret, and without a server", () => {
        for (const grafana of [{}, { adminSecret: "people", scrapeInterval: "1m" }, { server: "unmanaged" }])
            assert.deepEqual(problems(grafana), []);
    });

    it("are refused where they say nothing, or the password of a Grafana that is not installed", () =>
        assert.deepEqual(
            [
                problems({ server: "off" }),
                problems({ server: "unmanaged", adminSecret: "people" }),
                problems({ adminSecret: "My Secret", scrapeInterval: "0s" }),
            ],
            [
                ['grafana.server: "off" is not known. Write install or unmanaged.'],
                [
                    'grafana.adminSecret: is the password of a Grafana that this stack does not install. Remove it, or write grafana.server: "install".',
                ],
                [
                    'grafana.adminSecret: "My Secret" is not the name of a Secret. Use lower-case letters, digits, hyphens and dots.',
                    'grafana.scrapeInterval: "0s" is no time at all. Write for instance 30s.',
                ],
            ],
        ));

    it("are the observer's only", () =>
        assert.deepEqual(
            problemsOf(observeeConfig("blue", "local", { grafana: {} })).map((problem) => problem.split(":")[0]),
            ["grafana"],
        ));

    it("cannot be given past them, as values of the chart: a password in plain text, or more rights", () =>
        assert.deepEqual(
            problems(
                {},
                {
                    prometheus: {
                        values: {
                            grafana: {
                                enabled: true,
                                adminPassword: "hunter2",
                                rbac: { namespaced: false },
                                sidecar: { dashboards: { resource: "both" } },
                            },
                        },
                    },
                },
            ),
            [
                "prometheus.values.grafana.enabled: has a setting of its own, which the observer has: its Grafana shows every cluster. Write grafana.server in the observer's stack instead.",
                "prometheus.values.grafana.adminPassword: has a setting of its own. Write grafana.adminSecret instead.",
                "prometheus.values.grafana.rbac: decides what Grafana's sidecars may read: more than ConfigMaps would be the keys of the bucket. Remove it.",
                "prometheus.values.grafana.sidecar.dashboards.resource: decides what Grafana's sidecars may read: more than ConfigMaps would be the keys of the bucket. Remove it.",
            ],
        ));

    it("leave the rest of its chart to the user", () =>
        assert.deepEqual(
            problems(
                {},
                {
                    prometheus: {
                        values: {
                            grafana: {
                                "grafana.ini": { server: { root_url: "https://g.example.com" } },
                                defaultDashboardsEnabled: false,
                                persistence: { enabled: true },
                            },
                        },
                    },
                },
            ),
            [],
        ));
});
