import type * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { CacheConfig } from "../../config/schema";
import { mebibytesOf, shareOf } from "../../config/size";
import { type Duration, goDuration, parseDuration } from "../../rules/duration";
import { ITEM_MIB, Memcached, type MemcachedArgs } from "./memcached";

/** Servers that the replicas of a component share as their cache. */
export interface SharedCache {
    /** As Thanos's cache files spell it. */
    type: "MEMCACHED" | "REDIS";
    /** The settings of the client, as Thanos's cache files spell them. */
    config: Record<string, unknown>;
    /** What has to run before the clients start: Store does not start while no server of its cache has a name (pkg/cacheutil/memcached_client.go). */
    ready: pulumi.Resource[];
}

/** How the clients of a cache reach it; undefined for one in their own memory. Installs the servers that a stack is to have for itself. */
export function sharedCache(
    name: string,
    cache: CacheConfig,
    args: Pick<MemcachedArgs, "namespace" | "client" | "image" | "placement">,
    opts: pulumi.ComponentResourceOptions,
): SharedCache | undefined {
    switch (cache.type) {
        case "in-memory":
            return undefined;
        case "memcached": {
            const servers = new Memcached(name, { ...cache, ...args }, opts);
            return { type: "MEMCACHED", config: memcachedClient([servers.address], ITEM_MIB), ready: [servers] };
        }
        default:
            return { ...existingCache(cache), ready: [] };
    }
}

type ExistingCache = Extract<CacheConfig, { type: "own-memcached" | "own-redis" }>;

/** The client of servers that exist. */
export function existingCache(cache: ExistingCache): Pick<SharedCache, "type" | "config"> {
    if (cache.type === "own-memcached") {
        const client = memcachedClient(cache.addresses, mebibytesOf(cache.itemSize));
        return { type: "MEMCACHED", config: { ...client, ...(cache.autoDiscovery && { auto_discovery: true }) } };
    }
    const { address, username, password, tls } = cache;
    return { type: "REDIS", config: { addr: address, ...(username && { username }), ...(password && { password }), tls_enabled: tls } };
}

/** A query waits half a second at most for a server that is gone (Thanos's default), then goes on without it. */
export const memcachedClient = (addresses: readonly string[], itemMib: number) => ({
    addresses,
    timeout: "500ms",
    max_item_size: `${itemMib}MiB`,
});

/** How long Query Frontend keeps an answer. Samples that arrive later than `maxFreshness`, a backfill for instance, are missing from graphs for as long. */
const ANSWERS_KEPT = "6h";

/** Query Frontend's cache of answers to range queries. */
export const answersCacheFile = (cache: SharedCache | undefined, memory: string): string =>
    stringify(
        cache
            ? { type: cache.type, config: { ...cache.config, expiration: ANSWERS_KEPT } }
            : { type: "IN-MEMORY", config: { max_size: shareOf(memory, 0.5), validity: ANSWERS_KEPT } },
    );

/** Store's cache of postings and series. */
export const indexCacheFile = ({ type, config }: SharedCache): string => stringify({ type, config });

/** How long Store may believe in an old list of blocks, and that a block's `meta.json` or its deletion mark is missing, by Thanos's defaults. */
const LIST_KEPT = "5m";
const ABSENCE_KEPT = "15m";

/**
 * Store's cache of chunks, block lists and `meta.json` files.
 *
 * The first line tells the streams apart: the key of a block list is a hash of this file's text and path, without the prefix of the stream
 * (pkg/store/cache/caching_bucket_factory.go). With equal files, the Stores of all clusters would share the block list of whichever came first.
 *
 * The list of blocks and the absence of a file are cached for `syncInterval` at most. Otherwise Store, which looks for new blocks that often, would be told the old
 * list and find a new block one or more looks later.
 */
export function bucketCacheFile({ type, config }: SharedCache, { stream, syncInterval }: { stream: string; syncInterval: string }): string {
    const notLonger = (longest: string) => goDuration(Math.min(parseDuration(longest), parseDuration(syncInterval)) as Duration);
    const file = { type, config, blocks_iter_ttl: notLonger(LIST_KEPT), metafile_doesnt_exist_ttl: notLonger(ABSENCE_KEPT) };
    return `# The blocks of ${stream}.\n${stringify(file)}`;
}
