import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { assembleChart, CHART_SOURCE, contentHash, crdDirectory, moduleDirectory } from "../../../../../local/offline/standins/chart";
import { VERSIONS } from "../../../../../upstream/versions";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("the stand-in chart", () => {
    let dir: string;
    beforeEach(async () => {
        dir = await mkdtemp(join(tmpdir(), "standin-chart-"));
    });
    afterEach(() => rm(dir, { recursive: true, force: true }));

    async function crds(content = "kind: CustomResourceDefinition\n"): Promise<string> {
        const crdDir = await mkdtemp(join(dir, "crds-"));
        for (const plural of ["prometheuses", "prometheusagents", "servicemonitors"]) {
            await writeFile(join(crdDir, `monitoring.coreos.com_${plural}.yaml`), content);
        }
        return crdDir;
    }

    it("has the chart and operator versions that the project pins", async () => {
        const chart = parse(await readFile(join(CHART_SOURCE, "Chart.yaml"), "utf8"));
        assert.deepEqual(
            { name: chart.name, version: chart.version, appVersion: chart.appVersion },
            {
                name: "kube-prometheus-stack",
                version: `${VERSIONS.kubePrometheusStack}-standin`,
                appVersion: VERSIONS.prometheusOperator,
            },
        );
    });

    it("has no default that its own schema refuses as unknown", async () => {
        const values = parse(await readFile(join(CHART_SOURCE, "values.yaml"), "utf8"));
        const schema = JSON.parse(await readFile(join(CHART_SOURCE, "values.schema.json"), "utf8"));
        assert.deepEqual(unknownKeys(values, schema, ""), []);
    });

    it("is assembled from the committed files and the operator's CRDs, once", async () => {
        const crdDir = await crds();
        const chart = await assembleChart(join(dir, "cache"), crdDir);
        assert.deepEqual((await readdir(join(chart, "charts/crds/crds"))).sort(), [
            "monitoring.coreos.com_prometheusagents.yaml",
            "monitoring.coreos.com_prometheuses.yaml",
            "monitoring.coreos.com_servicemonitors.yaml",
        ]);
        assert.deepEqual(await readFile(join(chart, "Chart.yaml")), await readFile(join(CHART_SOURCE, "Chart.yaml")));
        assert.equal(await assembleChart(join(dir, "cache"), crdDir), chart);
        assert.equal((await readdir(join(dir, "cache"))).length, 1, "nothing incomplete is left behind");
    });

    it("is another directory for another CRD", async () => {
        const one = await assembleChart(dir, await crds());
        const other = await assembleChart(dir, await crds("kind: CustomResourceDefinition # newer\n"));
        assert.notEqual(one, other);
    });

    it("refuses a directory without the CRDs, and leaves nothing behind", async () => {
        await assert.rejects(
            assembleChart(join(dir, "cache"), join(dir, "nowhere")),
            /nowhere is not a directory of prometheus-operator's CRDs: it lacks .*prometheuses\.yaml.*Use example/,
        );
        assert.deepEqual(await readdir(dir), []);
    });

    it("hashes paths and contents in any order", () => {
        const a = { path: "a", content: bytes("1") };
        const b = { path: "b", content: bytes("2") };
        assert.equal(contentHash([a, b]), contentHash([b, a]));
        assert.notEqual(contentHash([a, b]), contentHash([a, { path: "c", content: bytes("2") }]));
        assert.match(contentHash([a]), /^[0-9a-f]{12}$/);
    });

    it("takes the CRDs from the operator's Go module", async () => {
        const asked: string[] = [];
        const found = await crdDirectory(async (command, args) => {
            asked.push([command, ...args].join(" "));
            return '{"Dir": "/go/operator"}';
        });
        assert.equal(found, join("/go/operator", "example", "prometheus-operator-crd"));
        assert.deepEqual(asked, [
            `go mod download -json github.com/prometheus-operator/prometheus-operator@${VERSIONS.prometheusOperator}`,
        ]);
    });

    it("says what to do where the module cannot be downloaded", async () => {
        await assert.rejects(
            crdDirectory(async () => {
                throw new Error("go: command not found");
            }),
            /CRDs cannot be downloaded: .* \(go: command not found\)\. Install Go/,
        );
        assert.throws(() => moduleDirectory("{}", "m@v1"), /printed no directory/);
    });
});

interface Schema {
    additionalProperties?: boolean;
    properties?: Record<string, Schema>;
}

function unknownKeys(value: unknown, schema: Schema, path: string): string[] {
    if (schema.properties === undefined || value === null || typeof value !== "object") return [];
    return Object.entries(value).flatMap(([key, child]) => {
        const known = schema.properties?.[key];
        return known === undefined ? [`${path}${key}`] : unknownKeys(child, known, `${path}${key}.`);
    });
}
