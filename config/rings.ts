import { type ObserverConfig, type ReceiveConfig, remoteWritersOf } from "./schema";
import { streamsOf } from "./streams";

/** A hashring of Receive, and the ingesters behind it. */
export interface Ring extends Pick<ReceiveConfig, "ingesters" | "leaving" | "zones" | "storage" | "memory" | "cpu"> {
    /** Where it is configured: `receive`, `receive.rings[0]`. */
    path: string;
    /** Absent: the ring of all tenants that have none of their own. */
    name?: string;
    /** The clusters whose samples it takes: those that may write. */
    tenants: string[];
    /** Whether its ingesters upload to the stream of the ring's name. Others upload nothing: the sidecars of their tenants do. */
    uploads: boolean;
    /** Whether a stateless Rule writes what it records to it. */
    records: boolean;
}

/** Whether clusters write to a ring. */
export const hasTenants = ({ tenants }: Pick<Ring, "tenants">): boolean => tenants.length > 0;

/** Whether a ring gets samples, of clusters or of Rule. Another one only answers for those that it has. */
export const takesSamples = (ring: Pick<Ring, "tenants" | "records">): boolean => hasTenants(ring) || ring.records;

/**
 * Every ring of an observer that has tenants or pods, the shared one last. A stream that Receive uploads to has a ring of its name: an ingester uploads all
 * that it holds to one prefix. None, where no cluster writes and none is left to upload.
 */
export function ringsOf(config: Pick<ObserverConfig, "cluster" | "receive" | "observees" | "streams" | "compact" | "rule">): Ring[] {
    const { receive, observees, rule } = config;
    const remoteWriters = remoteWritersOf(observees).map(({ name }) => name);
    const uploaded = streamsOf(config).filter(({ uploader }) => uploader === "receive");
    if (remoteWriters.length === 0 && uploaded.length === 0) return [];
    const { ingesters, leaving, zones, storage, memory, cpu } = receive;
    const tenantsOf = (stream: string) =>
        uploaded
            .filter(({ name }) => name === stream)
            .flatMap((s) => s.writers.map(({ name }) => name).filter((name) => remoteWriters.includes(name)));
    const named = receive.rings.map((ring, i) => ({
        path: `receive.rings[${i}]`,
        name: ring.name,
        tenants: [...new Set([...ring.tenants.filter((tenant) => remoteWriters.includes(tenant)), ...tenantsOf(ring.name)])],
        uploads: uploaded.some(({ name }) => name === ring.name),
        records: rule?.stream === ring.name,
        ingesters: ring.ingesters ?? ingesters,
        leaving: ring.leaving,
        zones: ring.zones ?? zones,
        storage: ring.storage ?? storage,
        memory: ring.memory ?? memory,
        cpu: ring.cpu ?? cpu,
    }));
    const own = uploaded
        .filter(({ name }) => !named.some((ring) => ring.name === name))
        .map(({ name }) => ({
            path: `receive.rings.${name}`,
            name,
            tenants: tenantsOf(name),
            uploads: true,
            records: rule?.stream === name,
            // `receive.ingesters: 0` says that the shared ring has none.
            ingesters: ingesters || receive.replicationFactor,
            leaving: 0,
            zones,
            storage,
            memory,
            cpu,
        }));
    const placed = [...named, ...own].flatMap(({ tenants }) => tenants);
    const shared: Ring = {
        path: "receive",
        tenants: remoteWriters.filter((tenant) => !placed.includes(tenant)),
        uploads: false,
        records: false,
        ingesters,
        leaving,
        zones,
        storage,
        memory,
        cpu,
    };
    // Where all that write have a ring that uploads, the shared ring is there only as long as some of its ingesters are leaving.
    const rings = [...named, ...own, ...(own.length > 0 && !takesSamples(shared) ? [{ ...shared, ingesters: 0 }] : [shared])];
    return rings.filter((ring) => takesSamples(ring) || ring.ingesters + ring.leaving > 0);
}
