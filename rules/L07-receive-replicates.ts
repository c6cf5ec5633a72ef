import { NOTHING, type Receive } from "./model";
import { type Problem } from "./problem";
import { defineRule } from "./rule";

export const receiveReplicates = defineRule({
    id: "L7",
    name: "receive-replicates",
    title: "Receive stores enough copies, on enough ingesters",
    why:
        "With replication factor 1 a lost ingester is lost data. With 2 a write counts as done when one copy is stored. With 3 any one ingester may be lost while writes go on. " +
        "A ring with fewer ingesters than that factor is refused, and no sample is accepted.",
    source: "https://github.com/thanos-io/thanos/issues/7054",
    remedy: "Set --receive.replication-factor to 3 on the routers and run at least as many ingesters.",
    severity: "high",
    reads: ["receives"],
    scope: "deployment",
    thresholds: {
        minReplicationFactor: { kind: "integer", default: 3, least: 1, doc: "Fewest copies of each sample." },
    },
    check: ({ receives }, { minReplicationFactor }) =>
        receives.flatMap((receive) => [...tooFewCopies(receive, minReplicationFactor), ...tooFewIngesters(receive)]),
    good: { ...NOTHING, receives: [{ path: "receive", replicationFactor: 3, ingesters: 3 }] },
    bad: {
        ...NOTHING,
        receives: [
            { path: "receive", replicationFactor: 1, ingesters: 3 },
            { path: "receive-two", replicationFactor: 3, ingesters: 2 },
        ],
    },
});

function tooFewCopies({ path, replicationFactor }: Receive, least: number): Problem[] {
    if (replicationFactor >= least) return [];
    const consequence =
        replicationFactor === 1
            ? "A lost ingester is lost data."
            : replicationFactor === 2
              ? "A write counts as done when one copy is stored."
              : "This threshold asks for more copies.";
    return [
        {
            path: `${path}.replicationFactor`,
            problem: `${replicationFactor} is less than ${least}. ${consequence}`,
            remedy: `Set --receive.replication-factor to ${least} on every router.`,
        },
    ];
}

function tooFewIngesters({ path, replicationFactor, ingesters }: Receive): Problem[] {
    if (ingesters === undefined || ingesters >= replicationFactor) return [];
    return [
        {
            path: `${path}.ingesters`,
            problem: `${ingesters} cannot hold ${replicationFactor} copies of a sample. The ring is refused and no sample is accepted.`,
            remedy: `Run at least ${replicationFactor} ingesters.`,
        },
    ];
}
