import { configMap, HASHRINGS, thanos } from "./example";
import { ringsLack } from "./lacks";
import { type Hashring, NOTHING, type Receive } from "./model";
import { type Problem, Problems } from "./problem";
import { defineRule } from "./rule";
import { isIn } from "./version";

const ring = (...endpoints: number[]) =>
    JSON.stringify(endpoints.map((count) => ({ endpoints: Array.from({ length: count }, (_, i) => `ingester-${i}.ingester:10901`) })));

export const receiveReplicates = defineRule({
    id: "L7",
    name: "receive-replicates",
    title: "Receive stores enough copies, on enough ingesters",
    why:
        "With replication factor 1 a lost ingester is lost data. With 2 a write succeeds when one copy is stored, and before Thanos 0.37 only when both are. With 3 any one ingester may be lost while writes go on. " +
        "Receive refuses a hashring with fewer ingesters than the replication factor, and accepts no sample. With zones it puts a second copy into a zone only when " +
        "each zone has one, and looks for ever where the smallest zone has no ingester left: it never gets ready.",
    source: "https://github.com/thanos-io/thanos/issues/7054",
    remedy: "Set --receive.replication-factor to 3 on the routers and run at least as many ingesters in each hashring.",
    severity: "high",
    reads: ["receives"],
    scope: "deployment",
    thresholds: {
        minReplicationFactor: { kind: "integer", default: 3, least: 1, doc: "Fewest copies of each sample." },
    },
    settings: ["receive.replicationFactor", "receive.ingesters", "receive.zones", "receive.rings"],
    check: ({ receives }, { minReplicationFactor }) =>
        receives.flatMap((receive) => [
            ...tooFewCopies(receive, minReplicationFactor),
            ...receive.rings.flatMap((ring) => [...tooFewIngesters(receive, ring), ...unevenZones(receive, ring)]),
        ]),
    lacks: ringsLack,
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
            { path: "receive-three", replicationFactor: 4, rings: [{ path: "receive-three", ingesters: 4, perZone: [1, 3] }] },
        ],
    },
    manifests: {
        good: [
            configMap("hashrings", { "hashrings.json": ring(3) }),
            thanos("Deployment", "router", ["receive", HASHRINGS, "--receive.replication-factor=3"], { configMap: "hashrings" }),
            ingesters(),
        ],
        bad: [
            configMap("hashrings", { "hashrings.json": ring(1, 2) }),
            thanos("Deployment", "router", ["receive", HASHRINGS, "--receive.replication-factor=3"], { configMap: "hashrings" }),
            ingesters(),
        ],
    },
});

function ingesters() {
    return thanos("StatefulSet", "ingester", ["receive", "--receive.local-endpoint=$(POD_NAME).ingester:10901"], {
        replicas: 3,
        podName: true,
    });
}

const tooFewCopies = ({ path, replicationFactor, version }: Receive, least: number): Problem[] =>
    new Problems()
        .when(
            replicationFactor < least,
            `${path}.replicationFactor`,
            `${replicationFactor} is less than ${least}. ${consequence(replicationFactor, version)}`,
            `Set --receive.replication-factor to ${least} on every router.`,
        )
        .all();

/** Since Thanos 0.37 one of two copies is a quorum (thanos#7669). */
function consequence(replicationFactor: number, version: string | undefined): string {
    if (replicationFactor === 1) return "A lost ingester is lost data.";
    if (replicationFactor === 2 && isIn("<0.37.0", version))
        return "A write succeeds when both copies are stored: while an ingester is down, samples for it are refused.";
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

/**
 * Receive adds a copy to a zone that has none, or no more than the zone with the fewest copies (pkg/receive/hashring.go, calculateSectionReplicas). So once the
 * smallest zone is full, every other zone takes one more copy at most.
 */
const placesIn = (perZone: readonly number[]) => {
    const smallest = Math.min(...perZone);
    return perZone.reduce((places, ingesters) => places + Math.min(ingesters, smallest + 1), 0);
};

function unevenZones({ replicationFactor, sending }: Receive, { path, ingesters, perZone = [], algorithm }: Hashring): Problem[] {
    const spreads = algorithm ?? sending?.algorithm ?? "ketama";
    const lacksPlaces = ingesters >= replicationFactor && placesIn(perZone) < replicationFactor;
    return new Problems()
        .when(
            perZone.length > 1 && spreads === "hashmod",
            `${path}.zones`,
            "hashmod knows no zones: Receive refuses the hashring, and is never ready.",
            "Set --receive.hashrings-algorithm=ketama, or remove `az`.",
        )
        .when(
            perZone.length > 1 && spreads !== "hashmod" && lacksPlaces,
            `${path}.zones`,
            `zones with ${perZone.join(", ")} ingesters have no place for ${replicationFactor} copies of a sample. Receive looks for one for ever and is never ready.`,
            "Run equally many ingesters in each zone.",
        )
        .all();
}
