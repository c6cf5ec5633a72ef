import { homedir } from "node:os";
import { join } from "node:path";
import type { ClusterAccess } from "../../clients/kubernetes";
import type { Mode } from "../../config/schema";

/** The fleet that `npm start` makes: who is in it, where it lives, and the settings that make local time run faster. */

export const DOMAIN = "fleet.internal";
export const NAMESPACE = "monitoring";

/** The observer comes first: the others read what it exports. */
export const CLUSTERS = [
    { name: "observer", index: 1 },
    { name: "blue", index: 2, mode: "sidecar" },
    { name: "red", index: 3, mode: "sidecar-remote-write" },
] as const satisfies { name: string; index: number; mode?: Mode }[];

export type ClusterName = (typeof CLUSTERS)[number]["name"];

/** Everything that the fleet keeps on this machine is below it; the tools' cache is elsewhere and survives `--down`. */
export const stateDirectory = () => join(process.env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "thanos-fleet");
export const clustersDirectory = () => join(stateDirectory(), "clusters");

/** Where a stack is deployed. */
export type Target = ClusterAccess;

export interface Profile {
    target: Target;
    chart: string;
    storageClass: string;
}

/** Rows of a small machine: enough for some thousand series. */
const SMALL = { storage: "2Gi", memory: "512Mi" };

/**
 * Blocks of two minutes instead of two hours, and everything that waits for them shortened likewise, so that a block is cut, uploaded, served by
 * Store and gone from Prometheus within a quarter of an hour. Compaction ranges and downsampling ages are constants of Thanos: history.ts feeds those.
 */
const FAST_PROMETHEUS = { ...SMALL, scrapeInterval: "15s", blockDuration: "2m", retention: "6m" };

/** The configuration of one stack of the local fleet, as its stack file would have it. */
export function stackConfig(name: ClusterName, { target, chart, storageClass }: Profile): Record<string, unknown> {
    const common = {
        cluster: name,
        domain: DOMAIN,
        cloud: "local",
        namespace: NAMESPACE,
        storageClass,
        chart,
        kubeconfig: target.kubeconfig,
        context: target.context,
    };
    const query = { replicas: 2, memory: "256Mi" };
    if (name !== "observer")
        return { ...common, role: "observee", observer: "organization/thanos-fleet/observer", prometheus: FAST_PROMETHEUS, query };
    return {
        ...common,
        role: "observer",
        observees: CLUSTERS.flatMap((c) => ("mode" in c ? [{ name: c.name, mode: c.mode }] : [])),
        prometheus: FAST_PROMETHEUS,
        query,
        queryFrontend: { memory: "256Mi" },
        store: { replicas: 1, syncInterval: "20s", storage: "2Gi", memory: "512Mi" },
        receive: { routers: 2, ingesters: 3, replicationFactor: 3, ...SMALL, routerMemory: "256Mi" },
        compact: {
            ...SMALL,
            consistencyDelay: "1m",
            waitInterval: "1m",
            // Shorter than the history that is filled in, so that there is something to expire.
            retention: { raw: "21d", fiveMinutes: "21d", oneHour: "21d" },
        },
    };
}

/** DNS of the fleet, for the clusters' CoreDNS: the part that Route 53 and ExternalDNS play on AWS. */
export function dnsHosts(nodeIps: Record<ClusterName, string>): Record<string, string> {
    return Object.fromEntries([
        ...CLUSTERS.filter((c) => c.name !== "observer").map((c) => [`${c.name}.${DOMAIN}`, nodeIps[c.name]]),
        [DOMAIN, nodeIps.observer],
    ]);
}
