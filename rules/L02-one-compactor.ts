import { compactor, OBJSTORE, objstore, thanos } from "./example";
import { streamsLack } from "./lacks";
import { type Compactor, NOTHING } from "./model";
import { type Problem, Problems } from "./problem";
import { defineRule } from "./rule";

export const oneCompactorPerStream = defineRule({
    id: "L2",
    name: "one-compactor-per-stream",
    title: "No two compactors work on a stream",
    why: "Compact takes no lock on the bucket. Two compactors on one bucket and prefix corrupt it: overlapping blocks halt both, or data is lost. None at all loses nothing: it is a step of the repair of a bucket.",
    source: "https://thanos.io/tip/components/compact.md/",
    remedy: "Run one compactor with one replica per bucket and prefix: in a StatefulSet, in a Deployment with strategy Recreate, or in a CronJob with concurrencyPolicy Forbid.",
    severity: "critical",
    reads: ["compactors"],
    scope: "deployment",
    thresholds: {},
    check: ({ compactors }) => [...running(compactors).flatMap(wrongReplicas), ...sharedStreams(running(compactors))],
    lacks: ({ compactors }) => streamsLack(running(compactors)),
    good: {
        ...NOTHING,
        compactors: [
            compactor({ path: "compact-blue" }),
            compactor({ path: "compact-blue-before", replicas: 0, overlapsOnUpdate: true }),
            compactor({ path: "compact-red", stream: "red", replicas: 0 }),
        ],
    },
    bad: {
        ...NOTHING,
        compactors: [
            compactor({ path: "compact-blue", replicas: 2 }),
            compactor({ path: "compact-red", stream: "red", overlapsOnUpdate: true }),
            compactor({ path: "compact-red-again", stream: "red" }),
            compactor({ path: "compact-green", stream: "green", overlapsOnSchedule: true }),
            compactor({ path: "compact-yellow", stream: "yellow", mostReplicas: 5 }),
        ],
    },
    manifests: {
        good: [
            objstore("blue"),
            objstore("red"),
            thanos("StatefulSet", "compact-blue", ["compact", ...OBJSTORE], { secret: "objstore-blue" }),
            thanos("Deployment", "compact-before", ["compact", ...OBJSTORE], { replicas: 0, secret: "objstore-blue" }),
            thanos("StatefulSet", "shard-0", ["compact", ...OBJSTORE, shard("a")], { secret: "objstore-red" }),
            thanos("StatefulSet", "shard-1", ["compact", ...OBJSTORE, shard("b")], { secret: "objstore-red" }),
        ],
        bad: [
            objstore("blue"),
            { ...objstore("blue"), metadata: { name: "objstore-copy" } },
            thanos("Deployment", "compact", ["compact", ...OBJSTORE], { secret: "objstore-blue" }),
            thanos("CronJob", "nightly", ["compact", ...OBJSTORE], { secret: "objstore-copy" }),
        ],
    },
});

function shard(cluster: string): string {
    return `--selector.relabel-config=[{action: keep, source_labels: [cluster], regex: ${cluster}}]`;
}

/** Whoever moves to another compactor scales the first one down, and keeps it until the second has worked. */
const running = (compactors: readonly Compactor[]) => compactors.filter(({ replicas }) => replicas > 0);

const wrongReplicas = ({
    path,
    stream,
    replicas,
    mostReplicas = 1,
    overlapsOnUpdate,
    overlapsOnSchedule = false,
}: Compactor): Problem[] => {
    const atOnce = `compactors would work on ${stream} at once. Compact takes no lock: they corrupt it.`;
    const faster = "to compact faster, raise --compact.concurrency or shard with --selector.relabel-config.";
    return new Problems()
        .when(replicas > 1, `${path}.replicas`, `${replicas} ${atOnce}`, `Set it to 1; ${faster}`)
        .when(mostReplicas > 1, `${path}.autoscale`, `up to ${mostReplicas} ${atOnce}`, `Remove the autoscaler; ${faster}`)
        .when(
            overlapsOnUpdate,
            `${path}.strategy`,
            `a rolling update starts the next compactor of ${stream} before the last one has stopped.`,
            "Use a StatefulSet, or a Deployment with strategy Recreate.",
        )
        .when(
            overlapsOnSchedule,
            `${path}.concurrencyPolicy`,
            `Allow lets a run start while the last one still compacts ${stream}.`,
            "Set it to Forbid.",
        )
        .all();
};

/** One without a shard works on the blocks of all shards, too. */
const overlap = (shard: string | undefined, other: string | undefined) => shard === undefined || other === undefined || shard === other;

/** Every compactor that works on blocks of an earlier one. */
function sharedStreams(compactors: readonly Compactor[]): Problem[] {
    const problems = new Problems();
    for (const compactor of compactors) {
        const first = compactors.find(({ stream, shard }) => stream === compactor.stream && overlap(shard, compactor.shard)) ?? compactor;
        problems.when(
            first !== compactor,
            `${compactor.path}.stream`,
            `${compactor.stream} already has a compactor (${first.path}). Compact takes no lock: two of them corrupt it.`,
            "Remove one, give it its own prefix, or shard both with --selector.relabel-config.",
        );
    }
    return problems.all();
}
