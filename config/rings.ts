import { type ObserverConfig, type ReceiveConfig, writersOf } from "./schema";

/** A hashring of Receive, and the ingesters behind it. */
export interface Ring extends Pick<ReceiveConfig, "ingesters" | "leaving" | "zones" | "storage" | "memory" | "cpu"> {
    /** Where it is configured: `receive`, `receive.rings[0]`. */
    path: string;
    /** Absent: the ring of all tenants that have none of their own. */
    name?: string;
    /** The clusters whose samples it takes: those listed that may write. Without any it takes no samples, and answers for those that it has. */
    tenants: string[];
}

/** Whether a ring gets samples. One without tenants only answers for those that it has. */
export const takesSamples = ({ tenants }: Pick<Ring, "tenants">): boolean => tenants.length > 0;

/** Every ring of an observer that has tenants or pods, the shared one last. None, where no cluster writes. */
export function ringsOf({ receive, observees }: Pick<ObserverConfig, "receive" | "observees">): Ring[] {
    const writers = writersOf(observees).map(({ name }) => name);
    if (writers.length === 0) return [];
    const { ingesters, leaving, zones, storage, memory, cpu } = receive;
    const named = receive.rings.map((ring, i) => ({
        path: `receive.rings[${i}]`,
        name: ring.name,
        tenants: ring.tenants.filter((tenant) => writers.includes(tenant)),
        ingesters: ring.ingesters ?? ingesters,
        leaving: ring.leaving,
        zones: ring.zones ?? zones,
        storage: ring.storage ?? storage,
        memory: ring.memory ?? memory,
        cpu: ring.cpu ?? cpu,
    }));
    const others = writers.filter((writer) => !receive.rings.some(({ tenants }) => tenants.includes(writer)));
    const shared: Ring = { path: "receive", tenants: others, ingesters, leaving, zones, storage, memory, cpu };
    return [...named, shared].filter((ring) => takesSamples(ring) || ring.ingesters + ring.leaving > 0);
}
