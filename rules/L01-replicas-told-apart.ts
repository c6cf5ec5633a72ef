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
        for (const source of sources.filter(several)) {
            const { path, replicas, replicaLabels } = source;
            problems.when(
                isKnown(replicaLabels) && replicaLabels.length === 0,
                `${path}.labels`,
                `are the same for all ${replicas} replicas, and each of them uploads: Compact halts at the first overlap.`,
                remedyFor(source),
            );
        }
        for (const { source, first } of alike(sources))
            problems.when(
                true,
                `${source.path}.labels`,
                `are those of ${first.path}, and both upload to the same blocks: Compact halts at the first overlap.`,
                "Give each a label of its own.",
            );
        return problems.all();
    },
    lacks: ({ sources }) =>
        sources
            .filter(several)
            .flatMap(({ path, replicaLabels }) => (isKnown(replicaLabels) ? [] : [{ path, fact: replicaLabels.notKnown }])),
    good: { ...NOTHING, sources: [source({}), source({ replicaLabels: [], replicas: 1 }), source({ replicaLabels: [], uploads: false })] },
    bad: {
        ...NOTHING,
        sources: [
            source({ replicaLabels: [] }),
            source({ program: "Prometheus", operated: true, path: "prometheus", replicaLabels: [] }),
            ...["rule-a", "rule-b"].map((path) =>
                source({ program: "Rule", path, replicas: 1, replicaLabels: [], externalLabels: '[["rule","yes"]]' }),
            ),
        ],
    },
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

/** Each source with the external labels of an earlier one, on the same blocks. */
const alike = (sources: readonly Source[]) =>
    sources.filter(isComparable).flatMap((source, i, all) => {
        const first = all.slice(0, i).find((other) => other.stream === source.stream && other.externalLabels === source.externalLabels);
        return first === undefined ? [] : [{ source, first }];
    });

const isComparable = ({ uploads, replicas, externalLabels }: Source) => uploads && replicas === 1 && externalLabels !== undefined;

function remedyFor({ program, operated: isOperated }: Source): string {
    if (program !== "Prometheus") return 'Add --label=replica="$(POD_NAME)", with POD_NAME from metadata.name.';
    return isOperated
        ? "Remove replicaExternalLabelName: the operator then adds prometheus_replica."
        : "Add replica: $POD_NAME to external_labels, with POD_NAME from metadata.name (before Prometheus 3 with --enable-feature=expand-external-labels).";
}

const several = ({ uploads, replicas }: Source) => uploads && replicas > 1;

function source(differences: Partial<Source>): Source {
    const usual = { path: "receive", program: "Receive", stream: "blue", uploads: true, replicas: 3, replicaLabels: ["replica"] } as const;
    return { ...usual, outOfOrder: parseDuration("0"), ...differences };
}
