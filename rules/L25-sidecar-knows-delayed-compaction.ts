import { operated, uploadingTo } from "./example";
import { NOTHING, type Sidecar } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";
import { isIn } from "./version";

const VERSIONS = { Thanos: ">=0.41.0 <0.42.0", Prometheus: ">=3.9.0", "prometheus-operator": ">=0.93.0 <0.94.0" };

export const sidecarKnowsDelayedCompaction = defineRule({
    id: "L25",
    name: "sidecar-knows-delayed-compaction",
    title: "A sidecar of 0.41 does not run under prometheus-operator 0.93",
    why: "prometheus-operator 0.93 leaves compaction on in Prometheus 3.9 and newer, and tells the sidecar in which file it finds what is uploaded. A sidecar of Thanos 0.41 takes the two paths for different ones and ends at once, again and again: nothing is uploaded, and what Prometheus deletes meanwhile is lost.",
    source: "https://github.com/prometheus-operator/prometheus-operator/issues/8763",
    remedy: "Run a sidecar of Thanos 0.42 or newer, with version beside image; or set disableCompaction: true.",
    severity: "high",
    reads: ["sidecars"],
    scope: "deployment",
    versions: VERSIONS,
    thresholds: {},
    check: ({ sidecars }) => {
        const problems = new Problems();
        for (const sidecar of sidecars)
            problems.when(
                isConcerned(sidecar) === true,
                `${sidecar.path}.thanos.version`,
                `is ${releaseOf(sidecar.thanos)}, whose sidecar ends at once with the flags that prometheus-operator ${sidecar.operator} gives it.`,
                "Write v0.42.4 and the image of that release, or set disableCompaction: true.",
            );
        return problems.all();
    },
    lacks: ({ sidecars }) =>
        sidecars
            .filter((sidecar) => isConcerned(sidecar) === undefined)
            .map(({ path }) => ({ path, fact: "not all releases are known of Prometheus, its sidecar and prometheus-operator" })),
    good: {
        ...NOTHING,
        sidecars: [
            sidecar({}),
            sidecar({ thanos: { declared: "0.41.0" }, compactionOff: true }),
            sidecar({ thanos: { declared: "0.41.0" }, operator: "0.94.1" }),
        ],
    },
    bad: { ...NOTHING, sidecars: [sidecar({ thanos: { declared: "0.41.0" } })] },
    manifests: {
        good: [operator(), prometheus("v0.42.4")],
        bad: [operator(), prometheus("v0.41.0")],
    },
});

/** Undefined where a release is not known that would decide it. */
function isConcerned({
    operated: isOperated,
    uploads,
    compactionOff,
    prometheus,
    thanos,
    operator: release,
}: Sidecar): boolean | undefined {
    if (!isOperated || !uploads || compactionOff) return false;
    const decided = [
        isIn(VERSIONS.Thanos, releaseOf(thanos)),
        isIn(VERSIONS.Prometheus, releaseOf(prometheus)),
        isIn(VERSIONS["prometheus-operator"], release),
    ];
    if (decided.includes(false)) return false;
    return decided.includes(undefined) ? undefined : true;
}

/** The operator goes by what is declared. */
function releaseOf({ image, declared }: Sidecar["thanos"]): string | undefined {
    return declared ?? image;
}

function operator() {
    return {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "prometheus-operator" },
        spec: {
            template: { spec: { containers: [{ name: "operator", image: "quay.io/prometheus-operator/prometheus-operator:v0.93.0" }] } },
        },
    };
}

function prometheus(version: string) {
    return operated("Prometheus", "k8s", {
        version: "v3.9.0",
        thanos: uploadingTo("blue", { image: `quay.io/thanos/thanos:${version}`, version }),
    });
}

function sidecar(differences: Partial<Sidecar>): Sidecar {
    const usual = { path: "prometheus", uploads: true, operated: true, compactionOff: false, features: [] };
    return { ...usual, operator: "0.93.0", prometheus: { declared: "3.13.2" }, thanos: { declared: "0.42.4" }, ...differences };
}
