import { compactor, OBJSTORE, objstore, operated, thanos, uploadingTo } from "./example";
import { type Compactor, isKnown, NOTHING, PROMETHEUS_REPLICA_LABEL, type ThanosModel } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const replicasMergeByPenalty = defineRule({
    id: "L3",
    name: "replicas-merge-by-penalty",
    title: "Compact merges replicas of Prometheus with the penalty function",
    why:
        "Two Prometheus scrape the same targets at different times. Without --deduplication.func=penalty Compact keeps the samples of both: counters seem to go back and forth, " +
        "rates spike, and the blocks of the replicas are gone. It cannot be undone.",
    source: "https://github.com/thanos-io/thanos/issues/2890",
    remedy: "Set --deduplication.func=penalty, or remove the Prometheus replica label from --deduplication.replica-label: Query merges replicas at query time anyway.",
    severity: "critical",
    reads: ["compactors", "sources"],
    scope: "deployment",
    thresholds: {},
    check: (model) => {
        const problems = new Problems();
        for (const { path, stream, label } of withoutPenalty(model))
            problems.when(
                isOfPrometheus(model, stream, label) === true,
                `${path}.deduplication`,
                `${label} tells replicas of Prometheus apart, and without the penalty function the samples of both are kept side by side, for good.`,
                `Set --deduplication.func=penalty, or remove --deduplication.replica-label=${label}.`,
            );
        return problems.all();
    },
    lacks: (model) =>
        withoutPenalty(model)
            .filter(({ stream, label }) => isOfPrometheus(model, stream, label) === undefined)
            .map(({ path, label }) => ({ path, fact: `nothing says whose replicas the label ${label} tells apart` })),
    good: {
        ...NOTHING,
        compactors: [merging(["receive_replica"], false), merging([PROMETHEUS_REPLICA_LABEL], true, { path: "red", stream: "red" })],
    },
    bad: { ...NOTHING, compactors: [merging([PROMETHEUS_REPLICA_LABEL], false)] },
    manifests: {
        good: [
            objstore("blue"),
            thanos("StatefulSet", "ingester", ["receive", ...OBJSTORE, '--label=replica="$(POD_NAME)"'], {
                replicas: 3,
                secret: "objstore-blue",
                podName: true,
            }),
            // Samples of Receive's replicas are equal, so nothing has to be weighed.
            thanos("StatefulSet", "compact", ["compact", ...OBJSTORE, "--deduplication.replica-label=replica"], {
                secret: "objstore-blue",
            }),
        ],
        bad: [
            objstore("blue"),
            operated("Prometheus", "k8s", { replicas: 2, replicaExternalLabelName: "replica", thanos: uploadingTo("blue") }),
            thanos("StatefulSet", "compact", ["compact", ...OBJSTORE, "--deduplication.replica-label=replica"], {
                secret: "objstore-blue",
            }),
        ],
    },
});

const withoutPenalty = ({ compactors }: ThanosModel) =>
    compactors.flatMap(({ path, stream, merging }) =>
        merging === undefined || merging.penalty ? [] : merging.replicaLabels.map((label) => ({ path, stream, label })),
    );

/** Undefined where nobody can tell. */
function isOfPrometheus({ sources }: ThanosModel, stream: string, label: string): boolean | undefined {
    const marked = sources.filter(
        ({ stream: other, replicaLabels }) => other === stream && isKnown(replicaLabels) && replicaLabels.includes(label),
    );
    if (marked.length > 0) return marked.some(({ program }) => program === "Prometheus");
    if (label === PROMETHEUS_REPLICA_LABEL) return true;
    // The names that Thanos's own documents give the labels of Receive and Rule.
    return /^(receive|rule|ruler|thanos_ruler|thanos_receive)_replica$/.test(label) ? false : undefined;
}

function merging(replicaLabels: string[], penalty: boolean, differences: Partial<Compactor> = {}): Compactor {
    return compactor({ merging: { vertical: true, replicaLabels, penalty }, ...differences });
}
