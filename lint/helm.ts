import { parse } from "yaml";
import { isMap } from "../rules/isMap";
import type { Manifest } from "../rules/reading/manifest";
import { KUSTOMIZE } from "./kustomize";

/** What an object of a GitOps tool, or a kustomization, says of a release. */
export interface Asked {
    /** Name of the chart, or of what leads to it. */
    readonly chart: unknown;
    /** Version of the chart, or the range that it has to be in. */
    readonly version: unknown;
    readonly values: unknown;
    readonly namespace: unknown;
    /** What else decides on its values: nobody would know which count. */
    readonly others: readonly string[];
    /** Keys that lead to the values. */
    readonly keys: readonly (string | number)[];
}

/** The Helm release that an object of Flux, Argo CD or k3s, or a kustomization, asks for. */
export interface AskedRelease {
    /** As a manifest, with the keys that lead to its values. Absent where they are not all written there. */
    readonly release?: { readonly manifest: Manifest; readonly keys: readonly (string | number)[] };
    /** Why rules do not read it, and what to lint instead. Absent: they do, or it has nothing to do with Thanos. */
    readonly passedOver?: string;
}

/** Undefined for an object that asks for none. */
export function releaseOf(manifest: Manifest): AskedRelease | undefined {
    const all = askedBy(manifest);
    const asked = all.find(isAboutThanos) ?? all.find(({ values }) => isMap(values));
    if (asked === undefined) return undefined;
    const { chart, values, namespace, others, keys } = asked;
    const passedOver = passedOverBecause(asked);
    const metadata = at(manifest.fields, "metadata");
    const inValues = at(at(values, "prometheus"), "prometheusSpec") === undefined ? [] : ["prometheus", "prometheusSpec"];
    const { name, id } = manifest;
    return {
        ...(isMap(values) &&
            others.length === 0 && {
                release: {
                    manifest: { apiVersion: "helm.sh/v3", kind: "Release", name, id, fields: { metadata, chart, values, namespace } },
                    keys: [...keys, ...inValues],
                },
            }),
        ...(passedOver !== undefined && { passedOver }),
    };
}

function passedOverBecause(asked: Asked): string | undefined {
    const instead = "lint what `helm template` renders";
    if (!isAboutThanos(asked)) return undefined;
    if (asked.others.length > 0) return `${asked.others.join(" and ")} decide on its values, too: ${instead}`;
    return OF_THANOS.test(nameOf(asked.chart)) ? `a release of a chart of Thanos: ${instead}` : undefined;
}

/** `thanos`, also in a path or as the name of a source. */
const OF_THANOS = /(^|[/-])thanos$/;

const nameOf = (chart: unknown) => (typeof chart === "string" ? chart : "");

/** By the name of the chart, or by the values of kube-prometheus-stack. */
const isAboutThanos = ({ chart, values }: Asked) =>
    OF_THANOS.test(nameOf(chart)) || /kube-prometheus/.test(nameOf(chart)) || at(at(values, "prometheus"), "prometheusSpec") !== undefined;

/** Arguments that set single values. A plan has each, if only as an empty list. */
const OF_TERRAFORM = ["set", "set_list", "set_sensitive", "set_wo"];

/** The releases that an object of Flux, Argo CD or k3s, or a chart of a kustomization, asks for. */
export function askedBy({ apiVersion, kind, fields }: Pick<Manifest, "apiVersion" | "kind" | "fields">): Asked[] {
    const [group] = apiVersion.split("/");
    const spec = at(fields, "spec");
    const given = (from: unknown, ...keys: string[]) => keys.filter((key) => at(from, key) !== undefined);
    if (kind === "HelmRelease" && group === "helm.toolkit.fluxcd.io") {
        // A chart of its own source has a reference (Flux 2.3 and later).
        const chart = at(at(at(spec, "chart"), "spec"), "chart") ?? at(at(spec, "chartRef"), "name");
        return [
            {
                chart,
                version: at(at(at(spec, "chart"), "spec"), "version"),
                values: at(spec, "values"),
                namespace: at(spec, "targetNamespace") ?? at(at(fields, "metadata"), "namespace"),
                others: [...given(spec, "valuesFrom"), ...(chart === undefined ? ["the release that it is a patch of"] : [])],
                keys: ["spec", "values"],
            },
        ];
    }
    if (kind === "HelmChart" && group === KUSTOMIZE.split("/")[0])
        return [
            {
                chart: at(fields, "name"),
                version: at(fields, "version"),
                values: at(fields, "valuesInline"),
                namespace: at(fields, "namespace"),
                others: given(fields, "valuesFile", "additionalValuesFiles"),
                keys: ["valuesInline"],
            },
        ];
    if (kind === "Application" && group === "argoproj.io") {
        const [source, sources] = [at(spec, "source"), at(spec, "sources")];
        const all = [
            ...(source === undefined ? [] : [{ source, keys: ["source"] }]),
            ...(Array.isArray(sources) ? sources.map((one: unknown, i) => ({ source: one, keys: ["sources", i] })) : []),
        ];
        return all.map(({ source: one, keys }) => {
            const helm = at(one, "helm");
            return {
                // A chart in a Git repository has a path.
                chart: at(one, "chart") ?? (helm === undefined ? undefined : at(one, "path")),
                version: at(one, "targetRevision"),
                values: at(helm, "valuesObject") ?? yaml(at(helm, "values")),
                namespace: at(at(spec, "destination"), "namespace"),
                others: given(helm, "valueFiles", "parameters", "fileParameters"),
                keys: ["spec", ...keys, "helm", "valuesObject"],
            };
        });
    }
    if (kind === "helm_release" && group === "terraform") {
        const documents = [at(fields, "values") ?? []].flat();
        const values = documents.map(yaml);
        const isWritten = values.every(isMap);
        return [
            {
                chart: at(fields, "chart"),
                version: at(fields, "version"),
                values: isWritten ? values.reduce(merged, {}) : {},
                namespace: at(fields, "namespace"),
                others: [...(isWritten ? [] : ["expressions"]), ...OF_TERRAFORM.filter((key) => [at(fields, key) ?? []].flat().length > 0)],
                keys: [],
            },
        ];
    }
    if (kind === "HelmChart" && group === "helm.cattle.io")
        return [
            {
                chart: at(spec, "chart"),
                version: at(spec, "version"),
                values: at(spec, "values") ?? yaml(at(spec, "valuesContent")),
                namespace: at(spec, "targetNamespace"),
                others: given(spec, "set", "valuesSecrets"),
                keys: ["spec", "values"],
            },
        ];
    return [];
}

/** As Helm merges one file of values into another. */
function merged(values: Record<string, unknown>, later: Record<string, unknown>): Record<string, unknown> {
    const both = Object.entries(later).map(([key, value]) => {
        const before = values[key];
        return [key, isMap(before) && isMap(value) ? merged(before, value) : value] as const;
    });
    return { ...values, ...Object.fromEntries(both) };
}

const at = (value: unknown, key: string): unknown => (isMap(value) ? value[key] : undefined);

function yaml(text: unknown): unknown {
    try {
        return typeof text === "string" ? parse(text, { logLevel: "silent" }) : undefined;
    } catch {
        return undefined;
    }
}
