/** Label of every object of this project. The ServiceMonitor selects on it. */
export const PART_OF = { "app.kubernetes.io/part-of": "thanos-fleet" };
/** Label of the pods of every Thanos component. The ServiceMonitor selects on it too. */
export const THANOS_PODS = { "app.kubernetes.io/name": "thanos" };
/** Labels of the pods of one Thanos component: `query`, `receive-router`, ... */
export const podsOf = (component: string) => ({ ...THANOS_PODS, "app.kubernetes.io/component": component });
/** Label of the pods of one memcached. The ServiceMonitor does not select it: memcached has no metrics of its own, and its clients count hits and failures. */
export const memcachedPodsOf = (component: string) => ({ "app.kubernetes.io/name": "memcached", "app.kubernetes.io/component": component });

/** Labels of the pods of oauth2-proxy before one page. */
export const loginPodsOf = (page: string) => ({ "app.kubernetes.io/name": "oauth2-proxy", "app.kubernetes.io/component": page });

/** Label of pods that are one zone's part of a ring of ingesters. */
export const ZONE_LABEL = "thanos-fleet/zone";
/** Label of the pods of a Store that serves one of several shards of a stream. */
export const SHARD_LABEL = "thanos-fleet/shard";
/** Label of a node: its zone. */
export const NODE_ZONE_LABEL = "topology.kubernetes.io/zone";

/** Label of a node: the node group of this project that it belongs to. */
export const POOL_LABEL = "thanos-fleet/pool";

/**
 * Annotations of a Service: the DNS name under which ExternalDNS publishes it. ExternalDNS reads exactly one of them, the first up to 0.21 and the second
 * from 0.22 on (external-dns#6424); with `policy: sync` it deletes the record of a Service that lacks the one it reads.
 */
export const EXTERNAL_DNS_HOSTNAMES = ["external-dns.alpha.kubernetes.io/hostname", "external-dns.kubernetes.io/hostname"] as const;

/** The annotations that publish a Service under a DNS name. */
export const publishedAs = (host: string): Record<string, string> =>
    Object.fromEntries(EXTERNAL_DNS_HOSTNAMES.map((annotation) => [annotation, host]));
