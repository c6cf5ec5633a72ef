import { type Hashring, NOTHING, type Receive } from "./model";
import { type Problem, Problems } from "./problem";
import { defineRule } from "./rule";

export const receiveReplicates = defineRule({
    id: "L7",
    name: "receive-replicates",
    title: "Receive stores enough copies, on enough ingesters",
    why:
        "With replication factor 1 a lost ingester is lost data. With 2 a write succeeds when one copy is stored. With 3 any one ingester may be lost while writes go on. " +
        "Receive refuses a hashring with fewer ingesters than the replication factor, and accepts no sample.",
    source: "https://github.com/thanos-io/thanos/issues/7054",
    remedy: "Set --receive.replication-factor to 3 on the routers and run at least as many ingesters in each hashring.",
    severity: "high",
    reads: ["receives"],
    scope: "deployment",
    thresholds: {
        minReplicationFactor: { kind: "integer", default: 3, least: 1, doc: "Fewest copies of each sample." },
    },
    check: ({ receives }, { minReplicationFactor }) =>
        receives.flatMap((receive) => [
            ...tooFewCopies(receive, minReplicationFactor),
            ...receive.rings.flatMap((ring) => tooFewIngesters(receive, ring)),
        ]),
    good: { ...NOTHING, receives: [{ path: "receive", replicationFactor: 3, rings: [{ path: "receive", ingesters: 3 }] }] },
    bad: {
        ...NOTHING,
        receives: [
            { path: "receive", replicationFactor: 1, rings: [{ path: "receive", ingesters: 3 }] },
            {
                path: "receive-two",
                replicationFactor: 3,
                rings: [
                    { path: "receive-two.rings[0]", ingesters: 3 },
                    { path: "receive-two.rings[1]", ingesters: 2 },
                ],
            },
        ],
    },
});

const tooFewCopies = ({ path, replicationFactor }: Receive, least: number): Problem[] =>
    new Problems()
        .when(
            replicationFactor < least,
            `${path}.replicationFactor`,
            `${replicationFactor} is less than ${least}. ${consequence(replicationFactor)}`,
            `Set --receive.replication-factor to ${least} on every router.`,
        )
        .all();

function consequence(replicationFactor: number): string {
    if (replicationFactor === 1) return "A lost ingester is lost data.";
    if (replicationFactor === 2) return "A write succeeds when one copy is stored.";
    return "Thanos would accept it; this threshold does not.";
}

const tooFewIngesters = ({ replicationFactor }: Receive, { path, ingesters }: Hashring): Problem[] =>
    new Problems()
        .when(
            ingesters < replicationFactor,
            `${path}.ingesters`,
            `${ingesters} cannot hold ${replicationFactor} copies of a sample. Receive refuses the hashring and accepts no sample.`,
            `Run at least ${replicationFactor} ingesters.`,
        )
        .all();
