import { type Duration, formatDuration, parseDuration } from "../rules/duration";
import { type BucketWebConfig, type ObserverConfig, type StoreConfig, WRITES_REMOTELY } from "./schema";
import { type Stream, streamsOf } from "./streams";

/** The Stores of a stream. */
export interface StreamStores {
    stream: string;
    /** How many share its blocks. */
    shards: number;
    /** Age below which they leave samples to Receive. @default none: they answer for all ages */
    minAge?: string | undefined;
}

/** How many Stores share the blocks of a stream. */
export const shardsOf = ({ shards }: Stream, { store }: Pick<ObserverConfig, "store">): number => shards ?? store.shards;

/** The Stores of every stream of a fleet. */
export const storesOf = (config: Parameters<typeof streamsOf>[0] & Pick<ObserverConfig, "store">): StreamStores[] =>
    streamsOf(config).map((stream) => ({
        stream: stream.name,
        shards: shardsOf(stream, config),
        minAge: isHeldByReceive(stream) ? config.store.minAge : undefined,
    }));

/**
 * Whether Receive has the recent samples of a stream, in the observer and in several copies. A cluster that does not write to it may be out of reach, an archived
 * one is; then only Stores can answer for what it has uploaded.
 */
const isHeldByReceive = ({ writers }: Stream): boolean =>
    writers.length > 0 && writers.every(({ mode, archived }) => mode !== undefined && WRITES_REMOTELY[mode] && !archived);

/**
 * How long whoever has recent samples must keep them where Stores leave these to it. A block that has come of age is noticed at the next look into the bucket,
 * and has to be loaded; for that there is as much time again.
 */
export const keptFor = ({ minAge, syncInterval }: Pick<StoreConfig, "syncInterval"> & { minAge: string }): string =>
    formatDuration((parseDuration(minAge) + 2 * parseDuration(syncInterval)) as Duration);

/** Whether a stream has a page that shows its blocks. */
export const isShown = ({ streams }: Pick<BucketWebConfig, "streams">, stream: string): boolean =>
    streams === undefined || streams.includes(stream);
