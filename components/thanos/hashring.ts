import { GRPC_PORT, serviceHost } from "../naming/names";

export interface Hashring {
    /** Tenants that may write; routers refuse every other one. The tenants of a fleet are its clusters. */
    tenants: readonly string[];
    /** Name of the ingesters' StatefulSet, and of its headless Service. */
    ingesters: string;
    /** Number of ingesters. */
    replicas: number;
    /** Kubernetes namespace. */
    namespace: string;
}

/** Names of the pods in a ring: every ordinal of the StatefulSet. */
export const podNames = ({ ingesters, replicas }: Pick<Hashring, "ingesters" | "replicas">): string[] =>
    Array.from({ length: replicas }, (_, ordinal) => `${ingesters}-${ordinal}`);

/**
 * The file behind `--receive.hashrings-file`. It names every ordinal of the StatefulSet, ready or not: a ring made from ready pods
 * changes at every restart and moves series with it (thanos#8727, thanos-receive-controller#69).
 */
export function hashringsFile({ tenants, ingesters, replicas, namespace }: Hashring): string {
    const address = (pod: string) => `${pod}.${serviceHost(ingesters, namespace)}:${GRPC_PORT}`;
    return JSON.stringify([
        {
            hashring: "fleet",
            tenants,
            algorithm: "ketama",
            endpoints: podNames({ ingesters, replicas }).map((pod) => ({ address: address(pod) })),
        },
    ]);
}
