import { type CompactConfig, type ObserveeEntry, type ObserverConfig, STORES_BLOCKS, type StreamEntry } from "./schema";

/** A cluster whose samples are in a stream. An archived one writes no more, its blocks stay. The observer has no mode: it has sidecars. */
export type Writer = Pick<ObserveeEntry, "name" | "account" | "via"> & Partial<Pick<ObserveeEntry, "archived" | "mode">>;

/** The blocks under one prefix of the bucket: one Compact owns them, and one set of Stores serves them (docs/adr/0016). */
export interface Stream {
    name: string;
    /** The clusters whose samples are in it. None for a stream that is history only. */
    writers: readonly Writer[];
    /** Whether Receive uploads what the writers write remotely (docs/adr/0022). */
    receiveUploads: boolean;
    /** How long its samples are kept. */
    retention: CompactConfig["retention"];
    /** Where its retention is set in the configuration. */
    path: string;
}

/** The stream of all agents that are in no other. One for all, since an ingester uploads whatever it holds to one prefix. */
export const AGENTS_STREAM = "agents";

/** Whether a cluster's own sidecars upload to its stream. */
export const uploadsItself = ({ archived, mode }: Writer): boolean => !archived && (mode === undefined || STORES_BLOCKS[mode]);

/** The stream that a cluster's samples are in. */
export const streamOf = (
    streams: readonly Pick<StreamEntry, "name" | "writers">[],
    { name, mode }: Pick<Writer, "name" | "mode">,
): string => streams.find(({ writers }) => writers.includes(name))?.name ?? (mode === "agent" ? AGENTS_STREAM : name);

/** Every stream of a fleet: those that are listed, one for each cluster with sidecars that is in none of them, and one for all such agents. */
export function streamsOf({
    cluster,
    observees,
    streams,
    compact,
}: Pick<ObserverConfig, "cluster" | "observees" | "streams"> & { compact: Pick<CompactConfig, "retention"> }): Stream[] {
    const clusters: Writer[] = [{ name: cluster }, ...observees];
    const homes = clusters.map((writer) => streamOf(streams, writer));
    const unlisted = [...new Set(homes)].filter((home) => !streams.some(({ name }) => name === home));
    const writersOf = (stream: string) => clusters.filter((_, i) => homes[i] === stream);
    return [
        ...unlisted.map((name) => ({
            name,
            writers: writersOf(name),
            receiveUploads: name === AGENTS_STREAM && hasAgents(writersOf(name)),
            retention: compact.retention,
            path: "compact",
        })),
        ...streams.map(({ name, retention, receiveUploads = hasAgents(writersOf(name)) }, i) => ({
            name,
            writers: writersOf(name),
            receiveUploads,
            ...(retention
                ? { retention: { raw: retention, fiveMinutes: retention, oneHour: retention }, path: `streams[${i}]` }
                : { retention: compact.retention, path: "compact" }),
        })),
    ];
}

const hasAgents = (writers: readonly Writer[]) => writers.some(({ mode }) => mode === "agent");
