import { type Duration, formatDuration, parseDuration } from "./duration";
import { OBJSTORE, objstore, operated, thanos, uploadingTo } from "./example";
import { NOTHING, type Source, type Store, type ThanosModel } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const noHoleBeforeStore = defineRule({
    id: "L6",
    name: "no-hole-before-store",
    title: "Recent samples are kept until Store answers for them",
    why: "Store with --max-time=-22h leaves younger samples to whoever still has them. If that one deletes them earlier, nobody answers for the time between: graphs have a hole, without an error.",
    source: "https://thanos.io/tip/components/store.md/#time-based-partitioning",
    remedy: "Keep samples in Prometheus or Receive for longer than the age of Store's --max-time and two of its --sync-block-duration, or leave --max-time out.",
    severity: "medium",
    reads: ["stores", "sources"],
    scope: "deployment",
    thresholds: {},
    settings: ["store.minAge", "store.syncInterval", "receive.retention"],
    check: (model) => {
        const problems = new Problems();
        for (const { store, source, retention } of pairs(model)) {
            const needed = (store.minAge + 2 * store.syncInterval) as Duration;
            problems.when(
                retention < needed,
                `${store.path}.minAge`,
                `${formatDuration(store.minAge)} leaves a hole: ${source.path} keeps samples for ${formatDuration(retention)}, and Stores answer for them after ${formatDuration(needed)}, with two looks for new blocks to notice and load one.`,
                `Write a shorter age, or keep samples for ${formatDuration(needed)} or longer.`,
            );
        }
        return problems.all();
    },
    lacks: (model) =>
        youngest(model)
            .filter(
                ({ minAge, stream }) =>
                    minAge > 0 && !model.sources.some((source) => source.stream === stream && source.retention !== undefined),
            )
            .map(({ path, stream }) => {
                const isThere = model.sources.some((source) => source.stream === stream);
                return {
                    path,
                    fact: `how long younger samples are kept is not known${isThere ? "" : ": who has them is not among the manifests"}`,
                };
            }),
    good: { ...NOTHING, stores: [store("22h"), { ...store("14d"), path: "old" }], sources: [source("24h")] },
    bad: { ...NOTHING, stores: [store("22h")], sources: [source("22h")] },
    manifests: {
        good: [
            objstore("blue"),
            operated("Prometheus", "k8s", { replicas: 2, retention: "24h", thanos: uploadingTo("blue") }),
            thanos("StatefulSet", "store-recent", ["store", ...OBJSTORE, "--max-time=-22h", "--min-time=-2w"], { secret: "objstore-blue" }),
            thanos("StatefulSet", "store-old", ["store", ...OBJSTORE, "--max-time=-2w"], { secret: "objstore-blue" }),
        ],
        bad: [
            objstore("blue"),
            operated("Prometheus", "k8s", { replicas: 2, retention: "6h", thanos: uploadingTo("blue") }),
            thanos("StatefulSet", "store", ["store", ...OBJSTORE, "--max-time=-22h"], { secret: "objstore-blue" }),
        ],
    },
});

/** Of each stream the Store that answers for the youngest samples: others may be for older ones on purpose. */
const youngest = ({ stores }: ThanosModel) =>
    stores.filter(
        ({ stream, minAge }, i) =>
            !stores.some((other, j) => other.stream === stream && (other.minAge < minAge || (other.minAge === minAge && j < i))),
    );

const pairs = (model: ThanosModel) =>
    youngest(model).flatMap((store) =>
        model.sources.flatMap((source) =>
            store.minAge > 0 && source.stream === store.stream && source.retention !== undefined
                ? [{ store, source, retention: source.retention }]
                : [],
        ),
    );

function store(minAge: string): Store {
    const usual = { path: "store", stream: "blue", ignoreDeletionMarksDelay: parseDuration("24h"), syncInterval: parseDuration("15m") };
    return { ...usual, minAge: parseDuration(minAge) };
}

function source(retention: string): Source {
    const usual = { path: "receive", program: "Receive", stream: "blue", uploads: false, replicas: 3, replicaLabels: ["replica"] } as const;
    return { ...usual, outOfOrder: parseDuration("0"), retention: parseDuration(retention) };
}
