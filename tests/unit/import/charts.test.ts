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
        assert.deepEqual(readReleases([`blue=${file}`], chartFrom("bitnami@17.6.0")), [
            { file, values: { query: { replicaCount: 2 } }, chart: { name: "bitnami", version: "17.6.0" }, cluster: "blue" },
        ]);
    });

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
