import { type Ring, ringsOf, takesSamples } from "../../config/rings";
import type { ObserverConfig } from "../../config/schema";
import type { Problem } from "../../rules/problem";

/** Settings of Receive that the stack exports, by path (immutableSettings.ts). The path of a ring has its name, since lists change their order. */
type RingSettings = Record<string, string | number>;

const INGESTERS = ".ingesters";

const pathOf = ({ name }: Pick<Ring, "name">) => (name === undefined ? "receive" : `receive.rings.${name}`);

const zonesOf = ({ zones }: Ring) => [...zones].sort().join(", ");

/** How many ingesters of each ring get samples, so that the next update knows which pods must not go. */
export const ringSettingsOf = (config: ObserverConfig): RingSettings =>
    Object.fromEntries(
        ringsOf(config).flatMap((ring) => [
            [`${pathOf(ring)}.storage`, ring.storage],
            [`${pathOf(ring)}${INGESTERS}`, takesSamples(ring) ? ring.ingesters : 0],
            ...(ring.zones.length > 0 ? [[`${pathOf(ring)}.zones`, zonesOf(ring)]] : []),
        ]),
    );

/** Changes that would take the only copies of some samples away. Receive as a whole goes with the last cluster that writes. */
export function ringChanges(deployed: Record<string, unknown>, config: ObserverConfig): Problem[] {
    const rings = ringsOf(config);
    if (rings.length === 0) return [];
    return Object.keys(deployed)
        .filter((path) => path.startsWith("receive.") && path.endsWith(INGESTERS))
        .flatMap((path) => {
            const ring = rings.find((candidate) => `${pathOf(candidate)}${INGESTERS}` === path);
            const before = Number(deployed[path]);
            if (ring === undefined) return removed(path, before, config);
            return [...tooFew(ring, before, config), ...moved(ring, String(deployed[`${pathOf(ring)}.zones`] ?? ""))];
        });
}

const UNTIL = ({ receive }: ObserverConfig) => `in the bucket, or older than receive.retention (${receive.retention})`;

function tooFew(ring: Ring, before: number, config: ObserverConfig): Problem[] {
    const { path, ingesters, leaving } = ring;
    if (ingesters + leaving >= before) return [];
    return [
        {
            path: `${path}${INGESTERS}`,
            problem: `${before} ingesters get samples now, and ${ingesters + leaving} would be left: the others would take the only copies of some samples with them.`,
            remedy: `Write ${path}.leaving: ${before - ingesters}. These get no more samples and still answer; set it to 0 when their samples are ${UNTIL(config)}.`,
        },
    ];
}

/** Zones that are not exported are none: so it is with stacks that were deployed before there were any. */
function moved(ring: Ring, before: string): Problem[] {
    if (zonesOf(ring) === before) return [];
    return [
        {
            path: `${ring.path}.zones`,
            problem: `the ingesters are in ${before || "no zones of their own"}, and their volumes cannot move.`,
            remedy: `Write ${before === "" ? "[]" : before} here. For other zones, add a ring with them to receive.rings, let it list the tenants, and let this ring go as docs/configuration.md says.`,
        },
    ];
}

function removed(path: string, before: number, config: ObserverConfig): Problem[] {
    if (before === 0) return [];
    const shared = path === `receive${INGESTERS}`;
    const name = path.slice("receive.rings.".length, -INGESTERS.length);
    return [
        {
            path: shared ? path : "receive.rings",
            problem: `${shared ? "the shared ring" : `ring ${name}`} would go, and with its ${before} ingesters the only copies of some samples.`,
            remedy: `${shared ? `Write ${before}, with every tenant in another ring,` : "List it with tenants: []"} and deploy that; remove it when its samples are ${UNTIL(config)}.`,
        },
    ];
}
