import { parseDuration } from "./duration";
import { type Compactor, NOTHING } from "./model";
import { type Problem, Problems } from "./problem";
import { defineRule } from "./rule";

export const oneCompactorPerStream = defineRule({
    id: "L2",
    name: "one-compactor-per-stream",
    title: "Exactly one compactor works on a stream",
    why: "Compact takes no lock on the bucket. Two compactors on one bucket and prefix corrupt it: overlapping blocks halt both, or data is lost. Without a compactor, nothing is downsampled or expired.",
    source: "https://thanos.io/tip/components/compact.md/",
    remedy: "Run one compactor with one replica per bucket and prefix, in a StatefulSet or in a Deployment with strategy Recreate.",
    severity: "critical",
    reads: ["compactors"],
    scope: "deployment",
    thresholds: {},
    check: ({ compactors }) => [...compactors.flatMap(wrongReplicas), ...sharedStreams(compactors)],
    good: { ...NOTHING, compactors: [compactor("compact-blue", {}), compactor("compact-red", { stream: "red" })] },
    bad: {
        ...NOTHING,
        compactors: [
            compactor("compact-blue", { replicas: 2 }),
            compactor("compact-red", { stream: "red", overlapsOnUpdate: true }),
            compactor("compact-red-again", { stream: "red" }),
            compactor("compact-green", { stream: "green", replicas: 0 }),
        ],
    },
});

const wrongReplicas = ({ path, stream, replicas, overlapsOnUpdate }: Compactor): Problem[] =>
    new Problems()
        .when(replicas === 0, `${path}.replicas`, `0, so nothing compacts, downsamples or expires the blocks of ${stream}.`, "Set it to 1.")
        .when(
            replicas > 1,
            `${path}.replicas`,
            `${replicas} compactors would work on ${stream} at once. Compact takes no lock: they corrupt it.`,
            "Set it to 1; to compact faster, raise --compact.concurrency or shard with --selector.relabel-config.",
        )
        .when(
            overlapsOnUpdate,
            `${path}.strategy`,
            `a rolling update starts the next compactor of ${stream} before the last one has stopped.`,
            "Use a StatefulSet, or a Deployment with strategy Recreate.",
        )
        .all();

/** Every compactor that works on the same shard of a stream as an earlier one. */
function sharedStreams(compactors: readonly Compactor[]): Problem[] {
    const problems = new Problems();
    for (const compactor of compactors) {
        const first = compactors.find(({ stream, shard }) => stream === compactor.stream && shard === compactor.shard) ?? compactor;
        problems.when(
            first !== compactor,
            `${compactor.path}.stream`,
            `${compactor.stream} already has a compactor (${first.path}). Compact takes no lock: two of them corrupt it.`,
            "Remove one, give it its own prefix, or shard both with --selector.relabel-config.",
        );
    }
    return problems.all();
}

function compactor(path: string, differences: Partial<Compactor>): Compactor {
    const kept = parseDuration("90d");
    const usual = { stream: "blue", replicas: 1, overlapsOnUpdate: false, downsampling: true };
    return { path, ...usual, retention: { raw: kept, fiveMinutes: kept, oneHour: kept }, ...differences };
}
