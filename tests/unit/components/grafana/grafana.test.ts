import assert from "node:assert/strict";
import { parse } from "yaml";
import { type PlannedResource, type Run, runInProcess } from "../../../../engine/runInProcess";
import { toEngineConfig } from "../../../../engine/stackFile";
import { groupsOf } from "../../../../plan/groups";
import { observerConfig } from "../../../support/testFleet";

const build = (grafana?: object, more: object = {}) =>
    runInProcess("observer", toEngineConfig(observerConfig("local", { ...(grafana && { grafana }), ...more })));

/** The resources of the Grafana component, and the Release that runs its server. */
const own = ({ resources }: Run) => resources.filter(({ parent }) => parent === "grafana");
const named = (resources: PlannedResource[], name: string, type: RegExp) => {
    const [found, ...others] = resources.filter((resource) => resource.name === name && type.test(resource.type));
    assert.ok(found && others.length === 0, name);
    return found.props;
};
const titles = (run: Run) =>
    own(run)
        .map(({ type, name }) => `${type.split(":").at(-1)} ${name}`)
        .sort();
const valuesOf = ({ resources }: Run) => named(resources, "kps", /:Release$/).values as { grafana: Record<string, unknown> };

const CONFIG_MAPS = [
    "ConfigMap grafana-data-source",
    "ConfigMap grafana-fleet-cardinality",
    "ConfigMap grafana-fleet-overview",
    "ConfigMap grafana-fleet-thanos",
    "ConfigMap grafana-fleet-workloads",
];

describe("Grafana", () => {
    it("is not there, and neither are its dashboards, unless the observer's configuration has it", async () => {
        const run = await build();
        assert.deepEqual([titles(run), valuesOf(run).grafana], [[], { enabled: false }]);
    });

    it("is run by the chart, with a password that is made and a Role that reads ConfigMaps only", async () => {
        const run = await build({}, { prometheus: { scrapeInterval: "15s" } });
        assert.deepEqual(titles(run), [
            ...CONFIG_MAPS,
            "NetworkPolicy kps-grafana",
            "RandomPassword grafana-admin",
            "Role kps-grafana",
            "Secret grafana-admin",
        ]);
        const secret = own(run).find(({ type }) => type.endsWith(":Secret"));
        assert.deepEqual(Object.keys(secret?.secrets ?? {}), ["stringData"]);
        assert.deepEqual(named(own(run), "kps-grafana", /:Role$/).rules, [
            { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] },
        ]);
        assert.deepEqual(named(own(run), "kps-grafana", /:NetworkPolicy$/).spec, {
            podSelector: { matchLabels: { "app.kubernetes.io/name": "grafana", "app.kubernetes.io/instance": "kps" } },
            policyTypes: ["Ingress"],
            // People come by `kubectl port-forward`.
            ingress: [
                {
                    ports: [{ port: 3000, protocol: "TCP" }],
                    from: [{ podSelector: { matchLabels: { "operator.prometheus.io/name": "kps-prometheus" } } }],
                },
            ],
        });
        const { grafana } = valuesOf(run);
        assert.deepEqual(
            [grafana.admin, grafana.rbac],
            [{ existingSecret: "grafana-admin" }, { namespaced: true, useExistingRole: "kps-grafana" }],
        );
        assert.deepEqual(sourceOf(run), ["15s", true]);
    });

    it("takes a Secret of the user's, and makes none", async () => {
        const run = await build({ adminSecret: "people", scrapeInterval: "2m" });
        assert.deepEqual(titles(run), [...CONFIG_MAPS, "NetworkPolicy kps-grafana", "Role kps-grafana"]);
        assert.deepEqual(valuesOf(run).grafana.admin, { existingSecret: "people" });
        assert.deepEqual(sourceOf(run), ["2m", true]);
    });

    it("of somebody else finds dashboards and data source by their labels", async () => {
        const run = await build({ server: "unmanaged" });
        assert.deepEqual([titles(run), valuesOf(run).grafana], [CONFIG_MAPS, { enabled: false }]);
        assert.deepEqual(sourceOf(run), ["30s", false]);
        const { metadata, data } = named(own(run), "grafana-fleet-thanos", /:ConfigMap$/) as {
            metadata: unknown;
            data: Record<string, string>;
        };
        assert.deepEqual(metadata, {
            name: "grafana-fleet-thanos",
            namespace: "monitoring",
            labels: { "app.kubernetes.io/part-of": "thanos-fleet", grafana_dashboard: "1" },
        });
        assert.deepEqual(Object.keys(data), ["fleet-thanos.json"]);
        const { uid, title } = JSON.parse(data["fleet-thanos.json"] ?? "") as Record<string, string>;
        assert.deepEqual([uid, title], ["fleet-thanos", "Fleet / Thanos"]);
    });

    it("has dashboards of this fleet: its clusters, Stores and ingesters", async () => {
        const text = (run: Run, name: string) => Object.values(named(own(run), name, /:ConfigMap$/).data as Record<string, string>).join();
        const run = await build({ server: "unmanaged" }, { observees: [{ name: "blue", mode: "sidecar" }], cluster: "hub" });
        assert.match(text(run, "grafana-fleet-overview"), /"value":2,"color":"green"/);
        assert.match(
            text(run, "grafana-fleet-thanos"),
            /cluster=\\"hub\\", namespace=\\"monitoring\\", job=~\\"thanos-store-hub\|thanos-store-blue\\"/,
        );
        assert.doesNotMatch(text(run, "grafana-fleet-thanos"), /thanos_receive_|thanos-rule/);
        const all = await build({ server: "unmanaged" }, { rule: { files: ["tests/support/rules/fleet.yml"] } });
        assert.match(text(all, "grafana-fleet-thanos"), /thanos_receive_.*job=\\"thanos-rule\\"/s);
    });

    it("is a group of the plan, which says whether there is a server", async () => {
        const rowsOf = async (grafana: object) => {
            const run = await build(grafana);
            const groups = groupsOf({ name: "observer", role: "observer", resources: run.resources } as unknown as Parameters<
                typeof groupsOf
            >[0]);
            return groups.find(({ title }) => title === "Grafana")?.rows;
        };
        const dashboards = ["dashboards", "fleet-cardinality, fleet-overview, fleet-thanos, fleet-workloads"];
        assert.deepEqual(await rowsOf({}), [dashboards, ["server", "by the chart; password in Secret grafana-admin"]]);
        assert.deepEqual(await rowsOf({ server: "unmanaged" }), [
            dashboards,
            ["server", "not installed: another Grafana finds the dashboards by their label"],
        ]);
    });
});

/** How often the data source thinks that targets are scraped, and whether it is the default. */
function sourceOf(run: Run) {
    const file = (named(own(run), "grafana-data-source", /:ConfigMap$/).data as Record<string, string>)["thanos.yaml"] ?? "";
    const [source] = (parse(file) as { datasources: { jsonData: { timeInterval: string }; isDefault: boolean }[] }).datasources;
    return [source?.jsonData.timeInterval, source?.isDefault];
}
