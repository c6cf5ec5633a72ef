import { parse } from "yaml";
import { isMap } from "../rules/isMap";
import type { Manifest } from "../rules/reading/manifest";

/**
 * The Helm release that an object of Flux or Argo CD asks for, as far as its values are written in it. None where other values are merged over them
 * (`valuesFrom`, `valueFiles`, `parameters`): nobody would know which count.
 */
export function releaseOf(manifest: Manifest): { manifest: Manifest; keys: readonly (string | number)[] } | undefined {
    const { apiVersion, kind, fields } = manifest;
    const spec = at(fields, "spec");
    if (kind === "HelmRelease" && apiVersion.startsWith("helm.toolkit.fluxcd.io/")) {
        if (at(spec, "valuesFrom") !== undefined) return undefined;
        const namespace = at(spec, "targetNamespace") ?? at(at(fields, "metadata"), "namespace");
        return release(manifest, at(at(at(spec, "chart"), "spec"), "chart"), at(spec, "values"), namespace, ["spec", "values"]);
    }
    if (kind === "Application" && apiVersion.startsWith("argoproj.io/")) {
        const source = at(spec, "source");
        const helm = at(source, "helm");
        if (["valueFiles", "parameters", "fileParameters"].some((key) => at(helm, key) !== undefined)) return undefined;
        const values = at(helm, "valuesObject") ?? yaml(at(helm, "values"));
        return release(manifest, at(source, "chart"), values, at(at(spec, "destination"), "namespace"), [
            "spec",
            "source",
            "helm",
            "valuesObject",
        ]);
    }
    return undefined;
}

const at = (value: unknown, key: string): unknown => (isMap(value) ? value[key] : undefined);

function yaml(text: unknown): unknown {
    try {
        return typeof text === "string" ? parse(text, { logLevel: "silent" }) : undefined;
    } catch {
        return undefined;
    }
}

function release({ name, id, fields }: Manifest, chart: unknown, values: unknown, namespace: unknown, keys: readonly string[]) {
    if (typeof chart !== "string" || !isMap(values)) return undefined;
    const metadata = at(fields, "metadata");
    const inValues = at(at(values, "prometheus"), "prometheusSpec") === undefined ? [] : ["prometheus", "prometheusSpec"];
    return {
        manifest: { apiVersion: "helm.sh/v3", kind: "Release", name, id, fields: { metadata, chart, values, namespace } },
        keys: [...keys, ...inValues],
    };
}
