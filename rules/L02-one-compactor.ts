import { parseDuration } from "./duration";
import { type Compactor, NOTHING } from "./model";
import { type Problem } from "./problem";
import { defineRule } from "./rule";

export const oneCompactorPerStream = defineRule({
    id: "L2",
    name: "one-compactor-per-stream",
    title: "Exactly one compactor works on a stream",
    why: "Compact takes no lock on the bucket. Two of them on one bucket and prefix corrupt it: overlapping blocks that halt both, or lost data. With none, nothing is downsampled or expired.",
    source: "https://thanos.io/tip/components/compact.md/",
    remedy: "Run one compactor with one replica per bucket and prefix, in a StatefulSet or in a Deployment with strategy Recreate.",
    severity: "critical",
    reads: ["compactors"],
    scope: "deployment",
    thresholds: {},
    check: ({ compactors }) => [...compactors.flatMap(notAlone), ...sharing(compactors)],
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

function notAlone({ path, stream, replicas, overlapsOnUpdate }: Compactor): Problem[] {
    const findings: Problem[] = [];
    if (replicas === 0)
        findings.push({
            path: `${path}.replicas`,
            problem: `0, so nothing compacts, downsamples or expires the blocks of ${stream}.`,
            remedy: "Set it to 1.",
        });
    if (replicas > 1)
        findings.push({
            path: `${path}.replicas`,
            problem: `${replicas} compactors would work on ${stream} at once. Compact takes no lock: they corrupt it.`,
            remedy: "Set it to 1; to compact faster, raise --compact.concurrency or shard with --selector.relabel-config.",
        });
    if (overlapsOnUpdate)
        findings.push({
            path: `${path}.strategy`,
            problem: `a rolling update starts the next compactor of ${stream} before the last one has gone.`,
            remedy: "Use a StatefulSet, or a Deployment with strategy Recreate.",
        });
    return findings;
}

/** Every compactor that works on the same share of a stream as an earlier one. */
function sharing(compactors: readonly Compactor[]): Problem[] {
    return compactors.flatMap((compactor, i) => {
        const first = compactors.slice(0, i).find((other) => other.stream === compactor.stream && other.shard === compactor.shard);
        if (first === undefined) return [];
        return [
            {
                path: `${compactor.path}.stream`,
                problem: `${compactor.stream} already has a compactor (${first.path}). Compact takes no lock: two of them corrupt it.`,
                remedy: "Remove one, give it its own prefix, or shard both with --selector.relabel-config.",
            },
        ];
    });
}

function compactor(path: string, differences: Partial<Compactor>): Compactor {
    const kept = parseDuration("90d");
    const usual = { stream: "blue", replicas: 1, overlapsOnUpdate: false, downsampling: true };
    return { path, ...usual, retention: { raw: kept, fiveMinutes: kept, oneHour: kept }, ...differences };
}
