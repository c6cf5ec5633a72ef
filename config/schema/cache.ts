import { z } from "zod";
import { mebibytesOf } from "../size";
import { count, cpu, size } from "./common";

/** Where a component of Thanos keeps what it has already computed or fetched: in its own memory, or in servers that all its replicas share. */

/** Memcached refuses an item size of more than half of its memory, and components/thanos/memcached.ts leaves it four fifths of the pod's. */
const LEAST_MIB = 64;

/** Memcached that the stack installs. */
const memcached = z.strictObject({
    type: z.literal("memcached"),
    /**
     * Pods. Each holds its share of the keys, no copies: a lost pod is a share that has to be fetched again.
     * @default 2
     */
    replicas: count.default(2),
    /**
     * Memory of each pod, a size of at least 64Mi. Four fifths of it are for items.
     * @default "1Gi"
     */
    memory: size
        .refine(
            (memory) => !/^\d+(Mi|Gi|Ti)$/.test(memory) || mebibytesOf(memory) >= LEAST_MIB,
            `is too small: write at least ${LEAST_MIB}Mi.`,
        )
        .default("1Gi"),
    /**
     * CPU that each pod requests.
     * @default "100m"
     */
    cpu: cpu.default("100m"),
});

/**
 * A server, or a DNS name whose SRV records name every server. Clients spread keys by the order of the servers' names. With `dns+` and `dnssrv+` the names
 * are IP addresses: a restarted pod gets another one, and keys of all servers move (thanos.io, components/store.md).
 */
const memcachedAddress = z
    .string()
    .regex(
        /^(dnssrvnoa\+[\w.-]+|[\w.-]+:\d+)$/,
        "is not an address of memcached whose place among the others stays the same. Write host:port for each server, or " +
            "dnssrvnoa+_memcached._tcp.NAME for a headless Service NAME.",
    );

/** Memcached that exists. One for one fleet: two fleets may have clusters of the same name. */
const ownMemcached = z.strictObject({
    type: z.literal("own-memcached"),
    /** Its servers. */
    addresses: z.array(memcachedAddress).min(1),
    /**
     * Asks the address for the servers behind it, as ElastiCache's configuration endpoint tells them.
     * @default false
     */
    autoDiscovery: z.boolean().default(false),
    /**
     * The largest item that its servers take, a size: their `-I`. Larger ones are not sent.
     * @default "1Mi"
     */
    itemSize: size.default("1Mi"),
});

/** Redis that exists. One for one fleet, as above. Its clients do not start while it does not answer. */
const ownRedis = z.strictObject({
    type: z.literal("own-redis"),
    /** Host and port; of a Redis Cluster, several with commas between them. */
    address: z.string().regex(/^[\w.-]+:\d+(,[\w.-]+:\d+)*$/, "is not an address of Redis. Write host:port, with commas between several."),
    /** User of its access control list. */
    username: z.string().min(1).optional(),
    /** Password. Keep it secret: `pulumi config set --secret`. */
    password: z.string().min(1).optional(),
    /**
     * Uses TLS, with the authorities that the Thanos image knows.
     * @default false
     */
    tls: z.boolean().default(false),
});

export const cache = z.discriminatedUnion(
    "type",
    [z.strictObject({ type: z.literal("in-memory") }), memcached, ownMemcached, ownRedis],
    "is not a type of cache. Write in-memory, memcached, own-memcached or own-redis.",
);

export type CacheConfig = z.infer<typeof cache>;
export type MemcachedConfig = z.infer<typeof memcached>;
