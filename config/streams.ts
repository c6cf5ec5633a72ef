import type { CompactConfig, ObserveeEntry, ObserverConfig } from "./schema";

/** A cluster that uploads blocks. An archived one writes no more, its blocks stay. */
export type Writer = Pick<ObserveeEntry, "name" | "account" | "via"> & Partial<Pick<ObserveeEntry, "archived">>;

/** The blocks under one prefix of the bucket: one Compact owns them, and one set of Stores serves them (docs/adr/0016). */
export interface Stream {
    name: string;
    /** The clusters that upload to it. None for a stream that is history only. */
    writers: readonly Writer[];
    /** How long its samples are kept. */
    retention: CompactConfig["retention"];
    /** Where its retention is set in the configuration. */
    path: string;
}

/** Every stream of a fleet: those that are listed, and one for each cluster that is in none of them. */
export function streamsOf({
    cluster,
    observees,
    streams,
    compact,
}: Pick<ObserverConfig, "cluster" | "observees" | "streams"> & { compact: Pick<CompactConfig, "retention"> }): Stream[] {
    const clusters: Writer[] = [{ name: cluster }, ...observees];
    const listed = new Set(streams.flatMap(({ writers }) => writers));
    return [
        ...clusters
            .filter(({ name }) => !listed.has(name))
            .map((writer) => ({ name: writer.name, writers: [writer], retention: compact.retention, path: "compact" })),
        ...streams.map(({ name, writers, retention }, i) => ({
            name,
            writers: clusters.filter((writer) => writers.includes(writer.name)),
            ...(retention
                ? { retention: { raw: retention, fiveMinutes: retention, oneHour: retention }, path: `streams[${i}]` }
                : { retention: compact.retention, path: "compact" }),
        })),
    ];
}

/** The stream that a cluster uploads to. */
export const streamOf = (streams: readonly { name: string; writers: readonly string[] }[], cluster: string): string =>
    streams.find(({ writers }) => writers.includes(cluster))?.name ?? cluster;
