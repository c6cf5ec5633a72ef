import { operated, uploadingTo } from "./example";
import { NOTHING, type Sidecar } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const declaredReleaseRuns = defineRule({
    id: "L24",
    name: "declared-release-runs",
    title: "prometheus-operator is told which release its image has",
    why: "prometheus-operator chooses the flags of Prometheus and of the sidecar by version, not by the image's tag. Where they are of different releases it sets flags that the program does not know, or leaves out those that it needs, such as those that keep Prometheus from compacting blocks before they are uploaded.",
    source: "https://github.com/prometheus-operator/prometheus-operator/blob/v0.93.0/pkg/prometheus/server/statefulset.go",
    remedy: "Set version beside image, to the release of the image, for Prometheus and for thanos; or leave both out.",
    severity: "medium",
    reads: ["sidecars"],
    scope: "part",
    thresholds: {},
    check: ({ sidecars }) => {
        const problems = new Problems();
        for (const { path, prometheus, thanos } of sidecars)
            for (const [field, { image, declared }] of [
                ["version", prometheus],
                ["thanos.version", thanos],
            ] as const)
                problems.when(
                    image !== undefined && declared !== undefined && minor(image) !== minor(declared),
                    `${path}.${field}`,
                    `says ${declared}, and the image is ${image}: the operator sets the flags of ${declared}.`,
                    `Write ${image}.`,
                );
        return problems.all();
    },
    lacks: ({ sidecars }) =>
        sidecars.flatMap(({ path, operated: isOperated, prometheus, thanos }) =>
            isOperated && [prometheus, thanos].some(({ image, declared }) => image !== undefined && declared === undefined)
                ? [{ path, fact: "an image is given without its version, and which one the operator takes instead is not known" }]
                : [],
        ),
    good: { ...NOTHING, sidecars: [sidecar("0.42.4", "0.42.4"), sidecar("0.42.4", "0.42.0")] },
    bad: { ...NOTHING, sidecars: [sidecar("0.37.2", "0.42.4")] },
    manifests: {
        good: [
            operated("Prometheus", "k8s", { thanos: uploadingTo("blue", { image: "quay.io/thanos/thanos:v0.42.4", version: "v0.42.4" }) }),
        ],
        bad: [
            operated("Prometheus", "k8s", { thanos: uploadingTo("blue", { image: "quay.io/thanos/thanos:v0.37.2", version: "v0.42.4" }) }),
        ],
    },
});

/** Flags change with minor releases. */
function minor(release: string): string {
    return release.split(".").slice(0, 2).join(".");
}

function sidecar(image: string, declared: string): Sidecar {
    const usual = { path: "prometheus", uploads: true, prometheus: {}, operated: true, compactionOff: false, features: [] };
    return { ...usual, thanos: { image, declared } };
}
