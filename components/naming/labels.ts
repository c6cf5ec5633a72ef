/** What every object of this project carries; the ServiceMonitor selects on it. */
export const PART_OF = { "app.kubernetes.io/part-of": "thanos-fleet" };
/** Labels of the pods of every Thanos component, and of one. */
export const THANOS = { "app.kubernetes.io/name": "thanos" };
export const podsOf = (component: string) => ({ ...THANOS, "app.kubernetes.io/component": component });

/** Label of a node: the node group of this project that it belongs to. */
export const POOL_LABEL = "thanos-fleet/pool";

/** Annotation of a Service: the DNS name under which ExternalDNS publishes the Service. */
export const EXTERNAL_DNS_HOSTNAME = "external-dns.alpha.kubernetes.io/hostname";
