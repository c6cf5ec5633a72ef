import { formatDuration, parseDuration } from "./duration";
import { compactor, OBJSTORE, objstore, thanos } from "./example";
import { type Compactor, NOTHING, type Source, type ThanosModel } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const lateSamplesAreMerged = defineRule({
    id: "L10",
    name: "late-samples-are-merged",
    title: "Where late samples are taken, Compact merges overlapping blocks",
    why: "Samples that come late are cut into blocks of their own, which overlap with the others. Without vertical compaction Compact halts at the first of them: nothing is compacted, downsampled or expired any more.",
    source: "https://thanos.io/tip/components/receive.md/#out-of-order-ingestion",
    remedy: "Set --compact.enable-vertical-compaction on the compactor of the same bucket and prefix (a replica label of --deduplication.replica-label sets it, too), or take no late samples.",
    severity: "high",
    reads: ["sources", "compactors"],
    scope: "deployment",
    thresholds: {},
    check: (model) => {
        const problems = new Problems();
        for (const source of late(model))
            for (const { path } of model.compactors.filter(
                ({ stream, merging }) => stream === source.stream && merging?.vertical === false,
            ))
                problems.when(
                    true,
                    `${path}.merging`,
                    `does not merge blocks that overlap, and ${source.path} cuts such blocks of samples up to ${formatDuration(source.outOfOrder)} late: Compact halts at the first.`,
                    "Set --compact.enable-vertical-compaction.",
                );
        return problems.all();
    },
    lacks: (model) =>
        late(model)
            .filter(({ stream }) => !model.compactors.some((compactor) => compactor.stream === stream && compactor.merging !== undefined))
            .map(({ path }) => ({ path, fact: "how its blocks are compacted is not known: their compactor is not among the manifests" })),
    good: { ...NOTHING, sources: [source("10m")], compactors: [merging(true)] },
    bad: { ...NOTHING, sources: [source("10m")], compactors: [merging(false)] },
    manifests: {
        good: [
            objstore("blue"),
            ingester(),
            thanos("StatefulSet", "compact", compacting("--compact.enable-vertical-compaction"), { secret: "objstore-blue" }),
        ],
        bad: [objstore("blue"), ingester(), thanos("StatefulSet", "compact", compacting(), { secret: "objstore-blue" })],
    },
});

const late = ({ sources }: ThanosModel) => sources.filter(({ uploads, outOfOrder }) => uploads && outOfOrder > 0);

function ingester() {
    const args = ["receive", ...OBJSTORE, "--tsdb.out-of-order.time-window=10m", '--label=replica="$(POD_NAME)"'];
    return thanos("StatefulSet", "ingester", args, { replicas: 3, secret: "objstore-blue", podName: true });
}

function compacting(...more: string[]): string[] {
    return ["compact", ...OBJSTORE, ...more];
}

function source(window: string): Source {
    const usual = { path: "receive", program: "Receive", stream: "blue", uploads: true, replicas: 3, replicaLabels: ["replica"] } as const;
    return { ...usual, outOfOrder: parseDuration(window) };
}

function merging(vertical: boolean): Compactor {
    return compactor({ merging: { vertical, replicaLabels: [], penalty: false } });
}
