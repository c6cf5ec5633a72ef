import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { CHARTS } from "../../../import/charts";
import { chartFrom, readReleases } from "../../../import/readValues";
import { VALUES } from "../../support/chartValues";
import { temporaryDirectory } from "../../support/temporaryDirectory";

/** A file with this text. */
function fileOf(text: string): string {
    const file = join(temporaryDirectory(), "values.yaml");
    writeFileSync(file, text);
    return file;
}

const charts = (text: string) => readReleases([fileOf(text)], undefined).map(({ chart }) => chart.name);

function refusal(text: string): string {
    const file = fileOf(text);
    try {
        readReleases([file], undefined);
    } catch (error) {
        return (error as Error).message.replaceAll(file, "values.yaml");
    }
    return "accepted";
}

describe("values", () => {
    for (const chart of CHARTS) it(`of ${chart} are recognised`, () => assert.deepEqual(charts(VALUES[chart]), [chart]));

    it("below the name of a chart that is a dependency are recognised", () => {
        const nested = `thanos:\n${VALUES.bitnami.replaceAll("\n", "\n  ")}\nkube-prometheus-stack: {prometheus: {prometheusSpec: {}}}`;
        assert.deepEqual(charts(nested), ["bitnami", "kube-prometheus-stack"]);
    });

    it("in a HelmRelease are recognised", () =>
        assert.deepEqual(
            charts(
                stringify({
                    apiVersion: "helm.toolkit.fluxcd.io/v2",
                    kind: "HelmRelease",
                    metadata: { name: "thanos" },
                    spec: { chart: { spec: { chart: "thanos" } }, values: { storeGateway: { replicas: 2 } } },
                }),
            ),
            ["stevehipwell"],
        ));

    it("take the cluster before the file, and the chart that the user names", () => {
        const file = fileOf("query: {replicaCount: 2}");
        const [{ whereIs: _, ...release } = {}] = readReleases([`blue=${file}`], chartFrom("bitnami@17.6.0"));
        assert.deepEqual(release, {
            file,
            values: { query: { replicaCount: 2 } },
            chart: { name: "bitnami", version: "17.6.0" },
            cluster: "blue",
        });
    });

    it("below the name of a dependency are those of the chart that the user names", () => {
        const file = fileOf(
            "thanos: {storegateway: {extraFlags: [--min-time=-2w]}}\nkube-prometheus-stack: {defaultRules: {create: true}}\nloki: {}",
        );
        assert.deepEqual(
            readReleases([file], chartFrom("bitnami@17.6.0")).map(({ file: at, values, chart }) => [at, values, chart]),
            [[`${file} thanos`, { storegateway: { extraFlags: ["--min-time=-2w"] } }, { name: "bitnami", version: "17.6.0" }]],
        );
    });

    it("in a HelmRelease are read with its chart's version, and with what else decides on them", () => {
        const spec = {
            chart: { spec: { chart: "thanos", version: "1.22.1" } },
            values: { storeGateway: { replicas: 2 } },
            valuesFrom: [{ kind: "Secret" }],
        };
        const found = fileOf(
            stringify({ apiVersion: "helm.toolkit.fluxcd.io/v2", kind: "HelmRelease", metadata: { name: "thanos" }, spec }),
        );
        assert.deepEqual(
            readReleases([found], undefined).map(({ chart, values, others }) => [chart, values, others]),
            [[{ name: "stevehipwell", version: "1.22.1" }, { storeGateway: { replicas: 2 } }, ["valuesFrom"]]],
        );
    });

    it("are found by the line of each, also of a flag in a list and below the values of a HelmRelease", () => {
        const text = "# values\nquery:\n  extraFlags:\n    - --query.timeout=5m\n    - --web.prefix-header=X\nmetrics: {enabled: true}\n";
        const lineOf = (whole: string, ...from: string[]) => {
            const file = fileOf(whole);
            const [release] = readReleases([file], undefined);
            return from.map((one) => release?.whereIs?.(one)?.replace(`${file}:`, ""));
        };
        assert.deepEqual(
            lineOf(text, "query.extraFlags (--web.prefix-header)", "query.extraFlags", "metrics", "query.replicaCount", "query --wait"),
            ["5", "3", "6", undefined, undefined],
        );
        const head = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values:\n    ";
        assert.deepEqual(lineOf(`${head}${text.replaceAll("\n", "\n    ")}`, "query.extraFlags (--query.timeout)"), ["8"]);
    });

    it("that are nowhere in a file are refused", () => {
        const nothing =
            "values: 1 problem. Nothing was changed.\n  values.yaml: has no values of a release. Name the file that you give to helm with --values, or a HelmRelease or an Application that has them.";
        assert.deepEqual([refusal("apiVersion: v1\nkind: Secret"), refusal("# nothing")], [nothing, nothing]);
    });

    it("with templates left in them are refused", () =>
        assert.equal(
            refusal("query:\n  stores:\n    {{ range .Values.clusters }}"),
            "values: 1 problem. Nothing was changed.\n  values.yaml:3: has templates ({{ }}). Give import what Helm has: helm get values RELEASE -o yaml.",
        ));

    it("of another chart are refused", () =>
        assert.equal(
            refusal("replicaCount: 2\nimage: nginx"),
            "values: 1 problem. Nothing was changed.\n  values.yaml: has no values by which a chart of Thanos, or kube-prometheus-stack, could be recognised. If it is one, say which with --chart: bitnami, stevehipwell, thanos-community, kube-prometheus-stack.",
        ));

    it("that are no YAML, or no map, are refused", () => {
        assert.match(refusal("a: [1"), /^values: 1 problem\. Nothing was changed\.\n {2}values\.yaml:1: /);
        assert.match(refusal("- a"), /values\.yaml: is no map of values\. Name the file that you give to helm with --values\.$/);
    });
});

describe("a chart that the user names", () => {
    it("is one of those that import reads, with a version or without", () =>
        assert.deepEqual(["bitnami", "stevehipwell@1.24.1", "kube-prometheus-stack@v88", "thanos", "bitnami@new"].map(chartFrom), [
            { name: "bitnami" },
            { name: "stevehipwell", version: "1.24.1" },
            { name: "kube-prometheus-stack", version: "88" },
            undefined,
            undefined,
        ]));
});
