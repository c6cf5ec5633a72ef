import { GRPC_PORT } from "../naming/names";

export interface Ring {
    /** Tenants that may write; any other is refused. A fleet's tenants are its clusters. */
    tenants: readonly string[];
    /** StatefulSet of the ingesters, and its headless Service of the same name. */
    ingesters: string;
    replicas: number;
    namespace: string;
}

/**
 * The file behind `--receive.hashrings-file`. It names every ordinal of the StatefulSet, ready or not: a ring made from ready pods
 * rewrites itself on every restart and moves series with it (thanos#8727, thanos-receive-controller#69).
 */
export function hashringsFile(ring: Ring): string {
    const host = (ordinal: number) => `${ring.ingesters}-${ordinal}.${ring.ingesters}.${ring.namespace}.svc.cluster.local:${GRPC_PORT}`;
    return JSON.stringify([
        {
            hashring: "fleet",
            tenants: ring.tenants,
            algorithm: "ketama",
            endpoints: Array.from({ length: ring.replicas }, (_, i) => ({ address: host(i) })),
        },
    ]);
}
