import { GRPC_PORT, serviceHost } from "../naming/names";

export interface Hashring {
    /** Name of the ring, which only its metrics show. */
    name: string;
    /** Tenants whose samples it takes. The tenants of a fleet are its clusters. */
    tenants: readonly string[];
    /** Its ingesters. */
    members: readonly Member[];
}

export interface Member {
    /** Name of the pod. */
    pod: string;
    /** Name of the headless Service of its StatefulSet. */
    service: string;
}

/** The members of a ring from one StatefulSet: its first `number` ordinals, so that the last ones can leave. */
export const membersOf = (statefulSet: string, number: number): Member[] =>
    Array.from({ length: number }, (_, ordinal) => ({ pod: `${statefulSet}-${ordinal}`, service: statefulSet }));

/**
 * The file behind `--receive.hashrings-file`. It names every member of a ring, ready or not: a ring made from ready pods changes at every restart and
 * moves series with it (thanos#8727, thanos-receive-controller#69). Routers refuse a tenant that no ring lists. A ring without tenants would take the
 * samples of everybody, so it is not in the file.
 */
export const hashringsFile = (rings: readonly Hashring[], namespace: string): string =>
    JSON.stringify(
        rings
            .filter(({ tenants }) => tenants.length > 0)
            .map(({ name, tenants, members }) => ({
                hashring: name,
                tenants,
                algorithm: "ketama",
                endpoints: members.map(({ pod, service }) => ({ address: `${pod}.${serviceHost(service, namespace)}:${GRPC_PORT}` })),
            })),
    );
