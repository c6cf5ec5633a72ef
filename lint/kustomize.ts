import { isMap } from "../rules/isMap";

/** Kustomizations of kustomize, as far as they say which files are patches, and which charts they render (kubectl.docs.kubernetes.io, references/kustomize/kustomization). */

export const KUSTOMIZE = "kustomize.config.k8s.io/v1beta1";

/** Whether a file is one, by its name. */
export const isKustomization = (file: string): boolean => /(^|\/)(kustomization\.ya?ml|Kustomization)$/.test(file);

/** Its patches: for each the file, or undefined for one that is written in it. */
export function patchesOf(value: unknown): (string | undefined)[] {
    if (!isMap(value)) return [];
    const listOf = (key: string): unknown[] => (Array.isArray(value[key]) ? value[key] : []);
    const fileOf = (patch: unknown) => (isMap(patch) && typeof patch.path === "string" ? patch.path : undefined);
    return [
        ...[...listOf("patches"), ...listOf("patchesJson6902")].map(fileOf),
        // A file, or the patch itself.
        ...listOf("patchesStrategicMerge").map((patch) => (typeof patch === "string" && !patch.includes("\n") ? patch : undefined)),
    ];
}

/** Whether it replaces images of Thanos or Prometheus, by whose tags rules know the releases. */
export const replacesImages = (value: Record<string, unknown>): boolean =>
    Array.isArray(value.images) && value.images.some((image: unknown) => isMap(image) && /thanos|prometheus/.test(String(image.name)));

/** The charts that it renders, with the keys that lead to each. They are in its namespace, unless they name another one. */
export function chartsOf(value: unknown): { readonly keys: readonly (string | number)[]; readonly fields: Record<string, unknown> }[] {
    if (!isMap(value) || !Array.isArray(value.helmCharts)) return [];
    return value.helmCharts.flatMap((chart: unknown, i) =>
        isMap(chart) ? [{ keys: ["helmCharts", i], fields: { namespace: value.namespace, ...chart } }] : [],
    );
}
