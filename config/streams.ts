import { type CompactConfig, type ObserveeEntry, type ObserverConfig, type RuleConfig, STORES_BLOCKS, type StreamEntry } from "./schema";

/** A cluster whose samples are in a stream. An archived one writes no more, its blocks stay. The observer has no mode: it has sidecars. */
export type Writer = Pick<ObserveeEntry, "name" | "account" | "via"> & Partial<Pick<ObserveeEntry, "archived" | "mode">>;

/** The blocks under one prefix of the bucket: one Compact owns them, and one set of Stores serves them (docs/adr/0016). */
export interface Stream {
    name: string;
    /** The folder of its blocks in the bucket: its name, unless it is listed with another one. */
    prefix: string;
    /** The clusters whose samples are in it. None for a stream that is history only, and for Rule's. */
    writers: readonly Writer[];
    /** The component of the observer that uploads to it: Receive what the writers write remotely (docs/adr/0022). @default none: only sidecars of the writers */
    uploader?: "receive" | "rule" | undefined;
    /** How long its samples are kept. */
    retention: CompactConfig["retention"];
    /** Stores that share its blocks. @default `store.shards` */
    shards?: number | undefined;
    /** Where its retention is set in the configuration. */
    path: string;
}

/** The stream of all agents that are in no other. One for all, since an ingester uploads whatever it holds to one prefix. */
export const AGENTS_STREAM = "agents";
/** The stream of what a stateful Rule records, and the tenant of what a stateless one records about no cluster. No cluster may have this name while Rule runs. */
export const RULE_STREAM = "rule";

/** Whether Rule runs and keeps blocks of its own. A stateless one writes to Receive (docs/adr/0030). */
export const keepsBlocks = (rule: Pick<RuleConfig, "stream"> | undefined): boolean => rule !== undefined && rule.stream === undefined;

/** Whether a cluster's own sidecars upload to its stream. */
export const uploadsItself = ({ archived, mode }: Writer): boolean => !archived && (mode === undefined || STORES_BLOCKS[mode]);

/** The stream that a cluster's samples are in. */
export const streamOf = (
    streams: readonly Pick<StreamEntry, "name" | "writers">[],
    { name, mode }: Pick<Writer, "name" | "mode">,
): string => streams.find(({ writers }) => writers.includes(name))?.name ?? (mode === "agent" ? AGENTS_STREAM : name);

/** Every stream of a fleet: those that are listed, one for each cluster with sidecars that is in none of them, one for all such agents, and that of a stateful Rule. */
export function streamsOf({
    cluster,
    observees,
    streams,
    compact,
    rule,
}: Pick<ObserverConfig, "cluster" | "observees" | "streams"> & {
    compact: Pick<CompactConfig, "retention">;
    rule?: Pick<RuleConfig, "stream"> | undefined;
}): Stream[] {
    const clusters: Writer[] = [{ name: cluster }, ...observees];
    const homes = clusters.map((writer) => streamOf(streams, writer));
    const unlisted = [...new Set(homes)].filter((home) => !streams.some(({ name }) => name === home));
    const writersOf = (stream: string) => clusters.filter((_, i) => homes[i] === stream);
    return [
        ...unlisted.map((name) => ({
            name,
            prefix: name,
            writers: writersOf(name),
            uploader: receiveIf(hasAgents(writersOf(name))),
            retention: compact.retention,
            path: "compact",
        })),
        ...streams.map(({ name, prefix = name, retention, shards, receiveUploads = hasAgents(writersOf(name)) }, i) => ({
            name,
            prefix,
            writers: writersOf(name),
            uploader: receiveIf(receiveUploads),
            shards,
            ...(retention
                ? { retention: { raw: retention, fiveMinutes: retention, oneHour: retention }, path: `streams[${i}]` }
                : { retention: compact.retention, path: "compact" }),
        })),
        ...(keepsBlocks(rule)
            ? [
                  {
                      name: RULE_STREAM,
                      prefix: RULE_STREAM,
                      writers: [],
                      uploader: "rule" as const,
                      retention: compact.retention,
                      path: "compact",
                  },
              ]
            : []),
    ];
}

const receiveIf = (uploads: boolean) => (uploads ? ("receive" as const) : undefined);
const hasAgents = (writers: readonly Writer[]) => writers.some(({ mode }) => mode === "agent");
