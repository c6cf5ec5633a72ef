import type { Ring } from "../../config/rings";
import { GRPC_PORT, ingesterComponent, serviceHost, thanosName } from "../naming/names";

export interface Hashring {
    /** Name of the ring, which only its metrics show. */
    name: string;
    /** Tenants whose samples it takes; a ring without tenants takes everybody's. The tenants of a fleet are its clusters. */
    tenants: readonly string[];
    /** Its ingesters. */
    members: readonly Member[];
}

export interface Member {
    /** Name of the pod. */
    pod: string;
    /** Name of the headless Service of its StatefulSet. */
    service: string;
    /** Its zone. Receive puts the copies of a sample into different ones. @default none is known */
    zone?: string | undefined;
}

/** A StatefulSet of ingesters: all of a ring, or those in one zone. */
export interface RingPart {
    /** Name of the StatefulSet and of its headless Service. */
    name: string;
    /** Absent in a ring without zones. */
    zone?: string;
    /** How many of its pods are in the ring: the first ones, so that the last ones can leave. */
    members: number;
    /** All its pods. */
    pods: number;
}

/** Equally many ingesters in each zone: with uneven zones Receive may look for ever for the place of a copy (rules/L07-receive-replicates.ts). */
export function partsOf({ name, zones, ingesters, leaving }: Pick<Ring, "name" | "zones" | "ingesters" | "leaving">): RingPart[] {
    const whole = thanosName(ingesterComponent(name));
    if (zones.length === 0) return [{ name: whole, members: ingesters, pods: ingesters + leaving }];
    const members = ingesters / zones.length;
    return zones.map((zone) => ({ name: `${whole}-${zone}`, zone, members, pods: members + leaving / zones.length }));
}

/** The ingesters of a part that are in the ring. */
export const membersOf = ({ name, zone, members }: Omit<RingPart, "pods">): Member[] =>
    Array.from({ length: members }, (_, ordinal) => ({ pod: `${name}-${ordinal}`, service: name, zone }));

/**
 * The file behind `--receive.hashrings-file`. It names every member of a ring, ready or not: a ring made from ready pods changes at every restart and
 * moves series with it (thanos#8727, thanos-receive-controller#69). Routers refuse a tenant that no ring lists.
 */
export const hashringsFile = (rings: readonly Hashring[], namespace: string): string =>
    JSON.stringify(
        rings.map(({ name, tenants, members }) => ({
            hashring: name,
            tenants,
            algorithm: "ketama",
            endpoints: members.map(({ pod, service, zone }) => ({
                address: `${pod}.${serviceHost(service, namespace)}:${GRPC_PORT}`,
                ...(zone && { az: zone }),
            })),
        })),
    );
