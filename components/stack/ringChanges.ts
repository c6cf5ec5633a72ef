import { type Ring, ringsOf, takesSamples } from "../../config/rings";
import type { ObserverConfig } from "../../config/schema";
import type { Problem } from "../../rules/problem";

/** Settings of Receive that the stack exports, by path (immutableSettings.ts). The path of a ring has its name, since lists change their order. */
type RingSettings = Record<string, string | number | boolean>;

const INGESTERS = ".ingesters";
const UPLOADS = ".uploads";

const pathOf = ({ name }: Pick<Ring, "name">) => (name === undefined ? "receive" : `receive.rings.${name}`);

const zonesOf = ({ zones }: Ring) => [...zones].sort().join(", ");

/** How many ingesters of each ring get samples, so that the next update knows which pods must not go. */
export const ringSettingsOf = (config: ObserverConfig): RingSettings =>
    Object.fromEntries(
        ringsOf(config).flatMap((ring) => [
            [`${pathOf(ring)}.storage`, ring.storage],
            [`${pathOf(ring)}${INGESTERS}`, takesSamples(ring) ? ring.ingesters : 0],
            ...(ring.zones.length > 0 ? [[`${pathOf(ring)}.zones`, zonesOf(ring)]] : []),
            ...(ring.uploads ? [[`${pathOf(ring)}${UPLOADS}`, true]] : []),
        ]),
    );

/**
 * Changes that would take the only copies of some samples away. Receive goes with the last cluster that writes, since its sidecars have uploaded; not a ring
 * that uploads itself.
 */
export function ringChanges(deployed: Record<string, unknown>, config: ObserverConfig): Problem[] {
    const rings = ringsOf(config);
    const uploaded = (path: string) => deployed[path.replace(INGESTERS, UPLOADS)] === true;
    return Object.keys(deployed)
        .filter((path) => path.startsWith("receive.") && path.endsWith(INGESTERS) && (rings.length > 0 || uploaded(path)))
        .flatMap((path) => {
            const ring = rings.find((candidate) => `${pathOf(candidate)}${INGESTERS}` === path);
            const before = Number(deployed[path]);
            if (ring === undefined) return removed(path, { before, uploaded: uploaded(path) }, config);
            return [...tooFew(ring, before, config), ...moved(ring, String(deployed[`${pathOf(ring)}.zones`] ?? ""))];
        });
}

/** Younger samples than `store.minAge` are not read from the bucket. */
const UNTIL = ({ receive, store }: ObserverConfig) =>
    `in the bucket${store.minAge ? ` and older than store.minAge (${store.minAge})` : ""}, or older than receive.retention (${receive.retention})`;

function tooFew(ring: Ring, before: number, config: ObserverConfig): Problem[] {
    const { path, ingesters, leaving } = ring;
    if (ingesters + leaving >= before) return [];
    return [
        {
            path: `${path}${INGESTERS}`,
            problem: `${before} ingesters get samples now, and ${ingesters + leaving} would be left: the others would take the only copies of some samples with them.`,
            remedy: `${leave(ring, before, config)}. These get no more samples and still answer; set it to 0 when their samples are ${UNTIL(config)}.`,
        },
    ];
}

/** How to let ingesters leave. The ring of a stream need not be listed. */
function leave({ path, name, ingesters }: Ring, before: number, { receive }: ObserverConfig): string {
    const listed = name === undefined || receive.rings.some((ring) => ring.name === name);
    return listed
        ? `Write ${path}.leaving: ${before - ingesters}`
        : `Add {name: ${name}, tenants: [], ingesters: ${ingesters}, leaving: ${before - ingesters}} to receive.rings`;
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

function removed(path: string, { before, uploaded }: { before: number; uploaded: boolean }, config: ObserverConfig): Problem[] {
    if (before === 0) return [];
    const shared = path === `receive${INGESTERS}`;
    const name = path.slice("receive.rings.".length, -INGESTERS.length);
    const uploading = ringsOf(config).some(({ uploads }) => uploads);
    const stay = shared
        ? `Write ${uploading ? `receive.leaving: ${before}` : `${before}, with every tenant in another ring,`}`
        : uploaded
          ? `Write {name: ${name}, writers: [], receiveUploads: true} in streams`
          : "List it with tenants: []";
    return [
        {
            path: shared ? path : "receive.rings",
            problem: `${shared ? "the shared ring" : `ring ${name}`} would go, and with its ${before} ingesters the only copies of some samples.`,
            remedy: `${stay} and deploy that; remove it when its samples are ${UNTIL(config)}.`,
        },
    ];
}
