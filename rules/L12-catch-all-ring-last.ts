import { configMap, HASHRINGS, thanos } from "./example";
import { ringsLack } from "./lacks";
import { NOTHING, type Receive } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const catchAllRingLast = defineRule({
    id: "L12",
    name: "catch-all-ring-last",
    title: "The hashring of all tenants is the last",
    why: "Receive takes the first hashring that fits a tenant, and one without tenants fits each of them. Rings after it get no sample: their tenants are stored with everybody else's, and the ingesters that were meant for them idle.",
    source: "https://thanos.io/tip/components/receive.md/#hashring-configuration",
    remedy: "Put the hashring without tenants last.",
    severity: "medium",
    reads: ["receives"],
    scope: "deployment",
    thresholds: {},
    check: ({ receives }) => {
        const problems = new Problems();
        for (const { rings } of receives) {
            const first = rings.findIndex(({ tenants }) => tenants === undefined);
            const ring = rings[first];
            problems.when(
                ring !== undefined && first < rings.length - 1,
                `${ring?.path}.tenants`,
                `are not listed, so this ring takes the samples of all tenants, and ${rings.length - 1 - first === 1 ? "the ring" : "the rings"} after it none.`,
                "Put it last.",
            );
        }
        return problems.all();
    },
    lacks: ringsLack,
    good: { ...NOTHING, receives: [receive(["red"], undefined)] },
    bad: { ...NOTHING, receives: [receive(undefined, ["red"])] },
    manifests: {
        good: [
            configMap("hashrings", {
                "hashrings.json": file('{"tenants": ["red"], "endpoints": ["c:10901"]}', '{"endpoints": ["a:10901"]}'),
            }),
            router(),
        ],
        bad: [
            configMap("hashrings", {
                "hashrings.json": file('{"endpoints": ["a:10901"]}', '{"tenants": ["red"], "endpoints": ["c:10901"]}'),
            }),
            router(),
        ],
    },
});

function file(...rings: string[]): string {
    return `[\n  ${rings.join(",\n  ")}\n]\n`;
}

function router() {
    return thanos("Deployment", "router", ["receive", HASHRINGS, "--receive.replication-factor=1"], { configMap: "hashrings" });
}

function receive(...tenants: (string[] | undefined)[]): Receive {
    const rings = tenants.map((of, i) => ({ path: `receive.rings[${i}]`, ingesters: 3, ...(of && { tenants: of }) }));
    return { path: "receive", replicationFactor: 3, rings };
}
