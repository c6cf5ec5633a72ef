import { CLUSTER_LABEL } from "../../config/labels";
import { targets } from "../alerts/alert";
import { EXISTING_SIDECARS, PROMETHEUS_CONTAINER, SIDECAR_SERVICE } from "../naming/names";

/** What dashboards depend on, besides the metrics: so much of a fleet decides which panels it needs. */
export interface FleetFacts {
    /** Name of the observer. */
    observer: string;
    /** Kubernetes namespace of the observer's stack. */
    namespace: string;
    /** Clusters that should answer, the observer included. */
    clusters: number;
    /** End of the first certificate that the observer's stack has made, in seconds since 1970. NaN where a plan has no certificate. */
    certificatesEnd: number;
    /** Names of the Services of the observer's Queries. */
    queries: readonly string[];
    /** Names of the Services of Stores and Compacts. */
    stores: readonly string[];
    compacts: readonly string[];
    /** Receive, with the Services of its routers and ingesters. @default none */
    receive?: { routers: readonly string[]; ingesters: readonly string[]; replicationFactor: number } | undefined;
    /** Whether Rule runs. */
    rule: boolean;
}

/** Label matchers of the observer's own pods behind some Services. */
export function ofObserver({ observer, namespace }: FleetFacts, ...services: readonly string[]): string {
    const [only, ...others] = services;
    const pods =
        only !== undefined && others.length === 0 ? targets(namespace, only) : `namespace="${namespace}", job=~"${services.join("|")}"`;
    return `${CLUSTER_LABEL}="${observer}", ${pods}`;
}

/** Label matcher of the clusters that the reader has chosen, on a dashboard with `CLUSTERS`. */
export const CHOSEN = `${CLUSTER_LABEL}=~"$${CLUSTER_LABEL}"`;
/** Label matcher of the Prometheus of any cluster, whoever installed it: jobs have other names there. */
export const EVERY_PROMETHEUS = `container="${PROMETHEUS_CONTAINER}"`;
/** Label matcher of the sidecars of any cluster. A user's own ServiceMonitor may scrape them too, under another job. */
export const EVERY_SIDECAR = `job=~"${SIDECAR_SERVICE}|${EXISTING_SIDECARS}"`;
/** Lets the reader choose clusters: those that have answered within the dashboard's time. */
export const CLUSTERS = { name: CLUSTER_LABEL, of: "up" };
