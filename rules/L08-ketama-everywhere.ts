import { configMap, HASHRINGS, thanos } from "./example";
import { ringsLack } from "./lacks";
import { type Hashring, NOTHING, type Receive } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";
import { isIn } from "./version";

/** The releases that know ketama. */
const KNOWS_KETAMA = ">=0.27.0";

export const ketamaEverywhere = defineRule({
    id: "L8",
    name: "ketama-everywhere",
    title: "Receive spreads series by ketama",
    why:
        "With hashmod, the default, nearly every series moves to another ingester when one is added or removed: memory doubles for hours. A Receive that also stores goes by the flag alone: " +
        "without ketama there it flushes everything it holds, and takes no samples meanwhile, at every change of the ring.",
    source: "https://thanos.io/tip/components/receive.md/#hashring-management-and-autoscaling-in-kubernetes",
    remedy: "Set --receive.hashrings-algorithm=ketama on every Receive that has a hashring.",
    severity: "medium",
    reads: ["receives"],
    scope: "deployment",
    versions: { Thanos: KNOWS_KETAMA },
    thresholds: {},
    check: ({ receives }) => {
        const problems = new Problems();
        for (const { path, sending, rings, version } of receives) {
            if (sending === undefined || isIn(KNOWS_KETAMA, version) === false) continue;
            const spread = rings.filter(({ ingesters }) => ingesters > 1);
            const hashmod = spread.filter(({ algorithm = sending.algorithm }) => algorithm !== "ketama");
            problems
                .when(
                    hashmod.length > 0,
                    `${path}.algorithm`,
                    `${sending.algorithm} spreads series over ${counted(hashmod)}: nearly all of them move when one is added or removed.`,
                    "Set --receive.hashrings-algorithm=ketama on every Receive.",
                )
                .when(
                    sending.stores && hashmod.length === 0 && spread.length > 0 && sending.algorithm !== "ketama",
                    `${path}.algorithm`,
                    `${sending.algorithm} is what the flag says, whatever the hashrings file says: each change of the ring flushes all that its pods hold.`,
                    "Set --receive.hashrings-algorithm=ketama, too.",
                );
        }
        return problems.all();
    },
    lacks: ({ receives, ...model }) => ringsLack({ ...model, receives: receives.filter(({ sending }) => sending?.algorithm !== "ketama") }),
    good: { ...NOTHING, receives: [receive("ketama", {}), receive("hashmod", { algorithm: "ketama" })] },
    bad: {
        ...NOTHING,
        receives: [
            receive("hashmod", {}),
            {
                ...receive("hashmod", { algorithm: "ketama" }),
                path: "both",
                sending: { algorithm: "hashmod", protocol: "protobuf", stores: true },
            },
        ],
    },
    manifests: {
        good: [
            configMap("hashrings", { "hashrings.json": '[{"endpoints": ["a:10901", "b:10901", "c:10901"]}]' }),
            thanos("Deployment", "router", routing("--receive.hashrings-algorithm=ketama"), { configMap: "hashrings" }),
        ],
        bad: [
            configMap("hashrings", { "hashrings.json": '[{"endpoints": ["a:10901", "b:10901", "c:10901"]}]' }),
            thanos("Deployment", "router", routing(), { configMap: "hashrings" }),
        ],
    },
});

const counted = (rings: readonly Hashring[]) => `${rings.reduce((sum, { ingesters }) => sum + ingesters, 0)} ingesters`;

function routing(...more: string[]): string[] {
    return ["receive", HASHRINGS, "--receive.replication-factor=3", ...more];
}

function receive(algorithm: string, ring: Partial<Hashring>): Receive {
    const path = "receive";
    return {
        path,
        replicationFactor: 3,
        rings: [{ path, ingesters: 3, ...ring }],
        sending: { algorithm, protocol: "protobuf", stores: false },
    };
}
