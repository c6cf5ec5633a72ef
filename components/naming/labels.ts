/** Label of every object of this project. The ServiceMonitor selects on it. */
export const PART_OF = { "app.kubernetes.io/part-of": "thanos-fleet" };
/** Label of the pods of every Thanos component. The ServiceMonitor selects on it too. */
export const THANOS_PODS = { "app.kubernetes.io/name": "thanos" };
/** Labels of the pods of one Thanos component: `query`, `receive-router`, ... */
export const podsOf = (component: string) => ({ ...THANOS_PODS, "app.kubernetes.io/component": component });

/** Label of a node: the node group of this project that it belongs to. */
export const POOL_LABEL = "thanos-fleet/pool";

/** Annotation of a Service: the DNS name under which ExternalDNS publishes the Service. */
export const EXTERNAL_DNS_HOSTNAME = "external-dns.alpha.kubernetes.io/hostname";
