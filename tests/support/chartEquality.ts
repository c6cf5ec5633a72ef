import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse, parseAllDocuments, stringify } from "yaml";

/**
 * Compares the stand-in chart with the official one, both rendered from the same values:
 *
 * - Prometheus, PrometheusAgent and Alertmanager: apiVersion, name, namespace, annotations and every field of the spec. metadata.labels is left
 *   out: it carries the chart's version, and nothing selects these objects by it.
 * - ServiceMonitors: their names, namespaces, selectors and endpoints, without an endpoint's metricRelabelings.
 *   The official chart drops a long list of series there; the stand-in keeps these series, so it stores more and lacks none.
 * - Services: their names, ports, selectors and clusterIP, and the labels that some ServiceMonitor selects by.
 * - ServiceAccounts: names and annotations. PodDisruptionBudgets and Secrets: everything except labels.
 * - The operator and kube-state-metrics: image and arguments of the container, nodes and priority of the pod. node-exporter: its image and priority.
 *
 * The rest of the operator's Deployment, of node-exporter's DaemonSet and of the RBAC is not compared: the local fleet runs it.
 */
export interface Difference {
    object: string;
    path: string;
    official: unknown;
    standin: unknown;
}

export type Values = Record<string, unknown>;

export interface Manifest {
    apiVersion: string;
    kind: string;
    metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
    spec?: Record<string, unknown>;
    data?: Record<string, string>;
}

export function compareCharts(officialDir: string, standinDir: string, values: Values): Difference[] {
    const official = comparedManifests(render(officialDir, values));
    const standin = comparedManifests(render(standinDir, values));
    if (![...official.keys()].some((object) => /^Prometheus(Agent)? /.test(object))) {
        throw new Error(`${officialDir} renders neither a Prometheus nor a PrometheusAgent: there is nothing to compare.`);
    }
    return [...new Set([...official.keys(), ...standin.keys()])]
        .sort()
        .flatMap((object) => differences(object, "", official.get(object), standin.get(object)));
}

/** The labels that each ServiceMonitor selects by, one line per ServiceMonitor, for the test's output. */
export function selectorsOf(chart: string, values: Values): string[] {
    return render(chart, values)
        .filter(({ kind }) => kind === "ServiceMonitor")
        .map(({ metadata, spec }) => `${metadata.name}: ${JSON.stringify((spec?.selector as Values | undefined)?.matchLabels)}`)
        .sort();
}

/**
 * A copy of the official chart that Helm renders without access to chart repositories. A checkout of the charts' repository
 * does not contain subcharts: those that are in the same checkout are copied, the others (Grafana, Windows) are dropped. Our values disable both.
 */
export function copyWithSubcharts(officialDir: string, into: string): string {
    const chart = join(into, "official");
    cpSync(officialDir, chart, { recursive: true });
    const metadata = parse(readFileSync(join(chart, "Chart.yaml"), "utf8")) as { dependencies?: { name: string; repository?: string }[] };
    const unpacked = existsSync(join(chart, "charts")) ? readdirSync(join(chart, "charts")) : [];
    metadata.dependencies = (metadata.dependencies ?? []).filter(({ name }) => {
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

/** What Helm makes of a chart and values. */
export function render(chart: string, values: Values): Manifest[] {
    const helm = process.env.HELM_BINARY ?? "helm";
    const args = ["template", "kps", chart, "--namespace", "monitoring", "--kube-version", "1.34.4", "--values", "-"];
    const printed = execFileSync(helm, args, { input: stringify(values), encoding: "utf8", maxBuffer: 64 << 20, timeout: 120_000 });
    // CRDs and dashboards contain a bare `=`: a string in YAML 1.2, this parser's default, but a type of its own in YAML 1.1.
    return parseAllDocuments(printed)
        .map((document) => document.toJS() as Manifest | null)
        .filter((manifest) => manifest !== null);
}

/** The compared part of each manifest, by "Kind name". */
function comparedManifests(manifests: Manifest[]): Map<string, unknown> {
    const selected = labelsSelectedBy(manifests);
    const comparedParts: Record<string, (manifest: Manifest) => unknown> = {
        Prometheus: (manifest) => ({ ...whole(manifest), annotations: manifest.metadata.annotations }),
        PrometheusAgent: (manifest) => ({ ...whole(manifest), annotations: manifest.metadata.annotations }),
        Alertmanager: (manifest) => ({ ...whole(manifest), annotations: manifest.metadata.annotations }),
        Deployment: ({ spec }) => {
            const { nodeSelector, tolerations, priorityClassName, containers } = podOf(spec);
            return { nodeSelector, tolerations, priorityClassName, containers: containers.map(({ image, args }) => ({ image, args })) };
        },
        DaemonSet: ({ spec }) => {
            const { priorityClassName, containers } = podOf(spec);
            return { priorityClassName, images: containers.map(({ image }) => image) };
        },
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
            const part = comparedParts[manifest.kind];
            return part === undefined ? [] : [[`${manifest.kind} ${manifest.metadata.name}`, part(manifest)] as const];
        }),
    );
}

function whole({ apiVersion, metadata, spec, data }: Manifest) {
    return { apiVersion, namespace: metadata.namespace, spec, data };
}

function podOf(spec: Manifest["spec"]) {
    const { template } = spec as { template: { spec: Record<string, unknown> & { containers: Record<string, unknown>[] } } };
    return template.spec;
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
