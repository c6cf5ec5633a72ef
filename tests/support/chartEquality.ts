import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";

/**
 * The stand-in chart against the official one, rendered from the same values. What must be equal, and why no more:
 *
 * - Prometheus and PrometheusAgent: apiVersion, name, namespace and every field of the spec. Only metadata.labels and
 *   metadata.annotations are left out: they carry the chart's own version and nothing selects these objects by them.
 * - ServiceMonitors: which there are, what they select, and every endpoint but for its metricRelabelings.
 *   The official chart drops a long list of series there; the stand-in keeps them, so it stores more and lacks none.
 * - Services: which there are, and ports, selector and clusterIP; of the labels those that some ServiceMonitor selects by.
 * - ServiceAccounts of Prometheus (name, annotations), PodDisruptionBudgets and Secrets: all but labels.
 *
 * - The operator: image and arguments of its container. node-exporter: its image.
 *
 * The rest of the operator's Deployment, node-exporter's DaemonSet and the RBAC are not compared: running them proves them.
 */
export interface Difference {
    object: string;
    path: string;
    official: unknown;
    standin: unknown;
}

export type Values = Record<string, unknown>;

interface Manifest {
    apiVersion: string;
    kind: string;
    metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
    spec?: Record<string, unknown>;
    data?: Record<string, string>;
}

export function compareCharts(officialDir: string, standinDir: string, values: Values): Difference[] {
    const official = compared(render(officialDir, values));
    const standin = compared(render(standinDir, values));
    if (![...official.keys()].some((object) => /^Prometheus(Agent)? /.test(object))) {
        throw new Error(`${officialDir} renders neither a Prometheus nor a PrometheusAgent: there is nothing to compare.`);
    }
    return [...new Set([...official.keys(), ...standin.keys()])]
        .sort()
        .flatMap((object) => differences(object, "", official.get(object), standin.get(object)));
}

/** One line per ServiceMonitor, for the reader of the test's output: what the two charts scrape. */
export function selectorsOf(chart: string, values: Values): string[] {
    return render(chart, values)
        .filter(({ kind }) => kind === "ServiceMonitor")
        .map(({ metadata, spec }) => `${metadata.name}: ${JSON.stringify((spec?.selector as Values | undefined)?.matchLabels)}`)
        .sort();
}

/**
 * A copy of the official chart that Helm renders without its repositories. A checkout of the charts' repository has no
 * subcharts: those beside it are taken from there, the others (Grafana, Windows) dropped; both are off in our values.
 */
export function withoutRepositories(officialDir: string, into: string): string {
    const chart = join(into, "official");
    cpSync(officialDir, chart, { recursive: true });
    const metadata = parse(readFileSync(join(chart, "Chart.yaml"), "utf8")) as { dependencies: { name: string; repository?: string }[] };
    const unpacked = readdirSync(join(chart, "charts"));
    metadata.dependencies = metadata.dependencies.filter(({ name }) => {
        const beside = join(dirname(officialDir), name, "Chart.yaml");
        if (unpacked.some((entry) => entry === name || entry.startsWith(`${name}-`))) return true;
        if (!existsSync(beside)) return false;
        cpSync(dirname(beside), join(chart, "charts", name), { recursive: true });
        return true;
    });
    writeFileSync(join(chart, "Chart.yaml"), stringify(metadata));
    rmSync(join(chart, "Chart.lock"), { force: true });
    return chart;
}

function render(chart: string, values: Values): Manifest[] {
    const helm = process.env.HELM_BINARY ?? "helm";
    const args = ["template", "kps", chart, "--namespace", "monitoring", "--kube-version", "1.34.4", "--values", "-"];
    const printed = execFileSync(helm, args, { input: stringify(values), encoding: "utf8", maxBuffer: 64 << 20, timeout: 120_000 });
    // "=" is a plain string in the CRDs and in dashboards; YAML 1.1 has a type of its own for it.
    return parseAllDocuments(printed)
        .map((document) => document.toJS() as Manifest | null)
        .filter((manifest) => manifest !== null);
}

/** What is compared of a chart's manifests, by "Kind name". */
function compared(manifests: Manifest[]): Map<string, unknown> {
    const selected = labelsSelectedBy(manifests);
    const parts: Record<string, (manifest: Manifest) => unknown> = {
        Prometheus: whole,
        PrometheusAgent: whole,
        Deployment: ({ spec }) => containersOf(spec).map(({ image, args }) => ({ image, args })),
        DaemonSet: ({ spec }) => containersOf(spec).map(({ image }) => image),
        PodDisruptionBudget: whole,
        Secret: whole,
        ServiceAccount: ({ metadata }) => ({ annotations: metadata.annotations }),
        ServiceMonitor: ({ metadata, spec }) => ({ namespace: metadata.namespace, ...spec, endpoints: endpointsOf(spec) }),
        Service: ({ metadata, spec }) => ({
            namespace: metadata.namespace,
            labels: Object.fromEntries(Object.entries(metadata.labels ?? {}).filter(([key]) => selected.has(key))),
            ports: spec?.ports,
            selector: spec?.selector,
            clusterIP: spec?.clusterIP,
        }),
    };
    return new Map(
        manifests.flatMap((manifest) => {
            const part = parts[manifest.kind];
            return part === undefined ? [] : [[`${manifest.kind} ${manifest.metadata.name}`, part(manifest)] as const];
        }),
    );
}

function whole({ apiVersion, metadata, spec, data }: Manifest): unknown {
    return { apiVersion, namespace: metadata.namespace, spec, data };
}

function containersOf(spec: Manifest["spec"]): Record<string, unknown>[] {
    const template = spec?.template as { spec: { containers: Record<string, unknown>[] } };
    return template.spec.containers;
}

function endpointsOf(spec: Manifest["spec"]): unknown[] {
    const endpoints = (spec?.endpoints ?? []) as Record<string, unknown>[];
    return endpoints.map(({ metricRelabelings: _, ...rest }) => rest);
}

function labelsSelectedBy(manifests: Manifest[]): Set<string> {
    const selectors = manifests.filter(({ kind }) => kind === "ServiceMonitor").map(({ spec }) => spec?.selector as Values | undefined);
    return new Set(selectors.flatMap((selector) => Object.keys(selector?.matchLabels ?? {})));
}

function differences(object: string, path: string, official: unknown, standin: unknown): Difference[] {
    if (isRecord(official) && isRecord(standin)) {
        return [...new Set([...Object.keys(official), ...Object.keys(standin)])].flatMap((key) =>
            differences(object, path === "" ? key : `${path}.${key}`, official[key], standin[key]),
        );
    }
    if (Array.isArray(official) && Array.isArray(standin) && official.length === standin.length) {
        return official.flatMap((item, i) => differences(object, `${path}[${i}]`, item, standin[i]));
    }
    try {
        assert.deepEqual(standin, official);
        return [];
    } catch {
        return [{ object, path, official, standin }];
    }
}

function isRecord(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
