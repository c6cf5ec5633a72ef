import { parseDuration } from "./duration";
import { OBJSTORE, objstore, operated, thanos, uploadingTo } from "./example";
import { isKnown, NOTHING, type Source } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const replicasToldApart = defineRule({
    id: "L1",
    name: "replicas-told-apart",
    title: "Replicas that upload differ in an external label",
    why: "Two replicas with the same external labels upload blocks of the same series and time. Compact takes them for one source whose blocks overlap, and halts: nothing is compacted, downsampled or expired.",
    source: "https://thanos.io/tip/thanos/storage.md/#external-labels",
    remedy: 'Give each replica a label of its own: --label=replica="$(POD_NAME)" on Receive and Rule, replicaExternalLabelName on a Prometheus of the operator.',
    severity: "critical",
    reads: ["sources"],
    scope: "part",
    thresholds: {},
    check: ({ sources }) => {
        const problems = new Problems();
        for (const { path, program, replicas, replicaLabels } of sources.filter(several))
            problems.when(
                isKnown(replicaLabels) && replicaLabels.length === 0,
                `${path}.labels`,
                `are the same for all ${replicas} replicas, and each of them uploads: Compact halts at the first overlap.`,
                program === "Prometheus"
                    ? "Remove replicaExternalLabelName: the operator then adds prometheus_replica."
                    : 'Add --label=replica="$(POD_NAME)", with POD_NAME from metadata.name.',
            );
        return problems.all();
    },
    lacks: ({ sources }) =>
        sources
            .filter(several)
            .flatMap(({ path, replicaLabels }) => (isKnown(replicaLabels) ? [] : [{ path, fact: replicaLabels.notKnown }])),
    good: { ...NOTHING, sources: [source({}), source({ replicaLabels: [], replicas: 1 }), source({ replicaLabels: [], uploads: false })] },
    bad: { ...NOTHING, sources: [source({ replicaLabels: [] }), source({ program: "Prometheus", path: "prometheus", replicaLabels: [] })] },
    manifests: {
        good: [
            objstore("blue"),
            thanos("StatefulSet", "ingester", ["receive", ...OBJSTORE, '--label=replica="$(POD_NAME)"'], {
                replicas: 3,
                secret: "objstore-blue",
                podName: true,
            }),
            operated("Prometheus", "k8s", { replicas: 2, thanos: uploadingTo("blue") }),
        ],
        bad: [
            objstore("blue"),
            thanos("StatefulSet", "ingester", ["receive", ...OBJSTORE, '--label=receive="true"'], { replicas: 3, secret: "objstore-blue" }),
            operated("Prometheus", "k8s", { replicas: 2, replicaExternalLabelName: "", thanos: uploadingTo("blue") }),
        ],
    },
});

const several = ({ uploads, replicas }: Source) => uploads && replicas > 1;

function source(differences: Partial<Source>): Source {
    const usual = { path: "receive", program: "Receive", stream: "blue", uploads: true, replicas: 3, replicaLabels: ["replica"] } as const;
    return { ...usual, outOfOrder: parseDuration("0"), ...differences };
}
