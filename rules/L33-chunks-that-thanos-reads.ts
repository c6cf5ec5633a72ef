import { operated, uploadingTo } from "./example";
import { isKnown, NOTHING, type Sidecar } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";
import { isIn } from "./version";

/** Releases that know XOR2. */
const KNOWS_XOR2 = ">=3.11.0";
/** Releases in which `st-storage` writes XOR2 by itself. */
const ST_STORAGE = ">=3.15.0";

export const chunksThatThanosReads = defineRule({
    id: "L33",
    name: "chunks-that-thanos-reads",
    title: "A Prometheus with a sidecar writes chunks that Thanos reads",
    why: "Thanos cannot read the chunk encoding XOR2: Store and Compact fail on each block that has it, and the blocks in the bucket stay as they are. Prometheus writes it with the feature xor2-encoding, with storage.tsdb.chunk_encoding.floats: xor2, and from 3.15 on with the feature st-storage.",
    source: "https://github.com/thanos-io/thanos/issues/8984",
    remedy: "Remove the features xor2-encoding, st-storage and histograms-st-encoding and chunk_encoding from Prometheus until Thanos can read XOR2.",
    severity: "critical",
    reads: ["sidecars"],
    scope: "deployment",
    versions: { Prometheus: KNOWS_XOR2 },
    thresholds: {},
    check: ({ sidecars }) => {
        const problems = new Problems();
        for (const sidecar of sidecars) {
            const { path, features, floats, prometheus } = sidecar;
            if (isIn(KNOWS_XOR2, releaseOf(prometheus)) === false) continue;
            const written = features.filter(
                (feature) => ALWAYS.includes(feature) || (feature === "st-storage" && isIn(ST_STORAGE, releaseOf(prometheus)) === true),
            );
            const what = sidecar.uploads ? "blocks that it uploads" : "samples that its sidecar answers with";
            problems
                .when(
                    written.length > 0 && floats !== "xor",
                    `${path}.features`,
                    `${written.join(" and ")} ${written.length === 1 ? "encodes" : "encode"} the ${what} so that no release of Thanos reads them.`,
                    "Remove it until Thanos can.",
                )
                .when(
                    floats === "xor2",
                    `${path}.chunk_encoding`,
                    `xor2 encodes the ${what} so that no release of Thanos reads them.`,
                    "Remove it, or write xor.",
                );
        }
        return problems.all();
    },
    lacks: ({ sidecars }) =>
        sidecars.flatMap(({ path, features, floats, prometheus }) => [
            ...(features.includes("st-storage") && releaseOf(prometheus) === undefined
                ? [{ path, fact: "the release of Prometheus is not known, which decides how st-storage writes" }]
                : []),
            ...(floats !== undefined && !isKnown(floats)
                ? [{ path, fact: `the configuration of Prometheus is not known: ${floats.notKnown}` }]
                : []),
        ]),
    good: {
        ...NOTHING,
        sidecars: [sidecar({}), sidecar({ features: ["st-storage"], prometheus: { declared: "3.13.2" } }), sidecar({ floats: "xor" })],
    },
    bad: { ...NOTHING, sidecars: [sidecar({ features: ["st-storage"] }), sidecar({ floats: "xor2", uploads: false })] },
    manifests: {
        good: [operated("Prometheus", "k8s", { version: "v3.15.0", enableFeatures: ["exemplar-storage"], thanos: uploadingTo("blue") })],
        bad: [operated("Prometheus", "k8s", { version: "v3.15.0", enableFeatures: ["st-storage"], thanos: uploadingTo("blue") })],
    },
});

const ALWAYS = ["xor2-encoding", "histograms-st-encoding"];

function releaseOf({ image, declared }: Sidecar["prometheus"]): string | undefined {
    return image ?? declared;
}

function sidecar(differences: Partial<Sidecar>): Sidecar {
    const usual = { path: "prometheus", uploads: true, operated: true, compactionOff: false, features: [] };
    return { ...usual, prometheus: { declared: "3.15.0" }, thanos: {}, ...differences };
}
