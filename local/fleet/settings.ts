import { homedir } from "node:os";
import { join } from "node:path";
import type { ClusterAccess } from "../../clients/kubernetes";
import { type Mode, STORES_BLOCKS } from "../../config/schema";

/** The fleets that `npm start` makes: their clusters, their directories, and settings that shorten Thanos's waiting times. */

export const DOMAIN = "fleet.internal";
export const NAMESPACE = "monitoring";

/** The clusters of `npm start`. The observer comes first: the observees read its stack outputs. */
export const CLUSTERS = [
    { name: "observer", index: 1 },
    { name: "blue", index: 2, mode: "sidecar" },
    { name: "red", index: 3, mode: "sidecar-remote-write" },
] as const satisfies { name: string; index: number; mode?: Mode }[];

/** The clusters that `npm start -- --agents` makes besides. */
const AGENTS = [
    { name: "yellow", index: 4, mode: "agent" },
    { name: "green", index: 5, mode: "agent" },
] as const satisfies { name: string; index: number; mode?: Mode }[];

export type ClusterName = (typeof CLUSTERS | typeof AGENTS)[number]["name"];

/** A cluster of a fleet. */
export interface FleetCluster {
    name: ClusterName;
    /** Its addresses, where it is built here, are derived from it. */
    index: number;
    /** Absent: the observer. */
    mode?: Mode;
}

/** `sidecars`: every observee keeps blocks of its own. `agents`: two more keep none (docs/adr/0041). */
export type FleetName = "sidecars" | "agents";

/** The clusters of each fleet, the observer first. */
export const FLEETS: Record<FleetName, readonly FleetCluster[]> = { sidecars: CLUSTERS, agents: [...CLUSTERS, ...AGENTS] };

/** The clusters that any fleet has. */
export const ALL_CLUSTERS = FLEETS.agents;

/** Whether sidecars upload the blocks of a cluster. Only such a cluster evaluates its own rules; an observee of this kind has a leaf Query. */
export const hasSidecars = ({ mode }: Pick<FleetCluster, "mode">): boolean => mode === undefined || STORES_BLOCKS[mode];

/** Everything that the fleet writes on this machine, except the tools' cache, which `--down` keeps. */
export const stateDirectory = () => join(process.env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "thanos-fleet");
export const clustersDirectory = () => join(stateDirectory(), "clusters");
/** The kubeconfig of a cluster that is made here. */
export const kubeconfigFile = (cluster: ClusterName) => join(clustersDirectory(), cluster, "kubeconfig");

/** The cluster that a stack is deployed to. */
export interface Target extends ClusterAccess {
    /** StorageClass of its volumes. @default the one of clusters that are made here */
    storageClass?: string;
}

/** The cluster of each stack of a fleet, the observer first. */
export type Targets = { observer: Target } & Partial<Record<ClusterName, Target>>;

export const targetsByName = (clusters: readonly (Target & { name: ClusterName })[]): Targets =>
    Object.fromEntries(clusters.map(({ name, kubeconfig, context }) => [name, { kubeconfig, context }])) as Targets;

export const targetList = (targets: Targets) => Object.entries(targets).map(([name, target]) => ({ name: name as ClusterName, target }));

export interface StackSettings {
    /** @default "sidecars" */
    fleet?: FleetName;
    target: Target;
    /** Name or directory of the kube-prometheus-stack chart. */
    chart: string;
    /** StorageClass where the target has none of its own. */
    storageClass: string;
}

/** Sizes for a small machine: enough for some thousand series. */
const SMALL = { storage: "2Gi", memory: "512Mi", cpu: "50m" };
const SMALLER = { memory: "256Mi", cpu: "50m" };

/** The chart's rules are text of the official chart, and the stand-in of the chart has no copy of it. No image of Grafana is built. */
const LEFT_OUT = { prometheus: { defaultRules: false }, grafana: { server: "unmanaged" } };

/** More than half of a small cluster's series are histograms of its API server. No dashboard, alert or rule of this project reads them. */
const NO_API_SERVER_HISTOGRAMS = {
    kubeApiServer: { serviceMonitor: { metricRelabelings: [{ action: "drop", sourceLabels: ["__name__"], regex: ".+_bucket" }] } },
};

/**
 * Blocks of two minutes instead of two hours, and every wait for blocks shortened likewise: within a quarter of an hour a block is cut, uploaded,
 * served by Store and deleted from Prometheus. Compaction ranges and downsampling ages are constants of Thanos: history.ts writes blocks that reach them.
 */
const FAST_PROMETHEUS = {
    ...SMALL,
    ...LEFT_OUT.prometheus,
    scrapeInterval: "15s",
    blockDuration: "2m",
    retention: "6m",
    values: NO_API_SERVER_HISTOGRAMS,
};

/** Memcached, as a fleet with more than one Query Frontend needs it. */
const CACHE = { type: "memcached", replicas: 1, memory: "64Mi", cpu: "10m" };

/** What the observer has beside agents. */
const WITH_AGENTS = {
    receive: {
        // Red is a hard tenant: what the agents write to the ring of their stream cannot slow it down.
        rings: [{ name: "red", tenants: ["red"] }],
        // Three ingesters upload each block of an agent: with blocks of two minutes, Compact would be busy on a small machine.
        blockDuration: "10m",
    },
    queryFrontend: { cache: CACHE },
    store: { cache: CACHE },
    // An absolute path, since this program may be started in any folder.
    rule: { files: [join(__dirname, "agents.rules.yml")], evaluationInterval: "30s", storage: "2Gi", ...SMALLER },
};

/** The configuration of one stack of the local fleet, as its stack file would have it. */
export function stackConfig(
    name: ClusterName,
    { fleet = "sidecars", target, chart, storageClass }: StackSettings,
): Record<string, unknown> {
    const common = {
        cluster: name,
        domain: DOMAIN,
        cloud: "local",
        namespace: NAMESPACE,
        storageClass: target.storageClass ?? storageClass,
        chart,
        kubeconfig: target.kubeconfig,
        context: target.context,
        alerting: { replicas: 1 },
    };
    const query = { replicas: 2, ...SMALLER };
    if (name !== "observer")
        return { ...common, role: "observee", observer: "organization/thanos-fleet/observer", prometheus: FAST_PROMETHEUS, query };
    return {
        ...common,
        role: "observer",
        observees: FLEETS[fleet].flatMap((cluster) => (cluster.mode ? [{ name: cluster.name, mode: cluster.mode }] : [])),
        prometheus: FAST_PROMETHEUS,
        query,
        grafana: LEFT_OUT.grafana,
        queryFrontend: { ...SMALLER, ...(fleet === "agents" && WITH_AGENTS.queryFrontend) },
        store: { replicas: 1, syncInterval: "20s", ...SMALL, ...(fleet === "agents" && WITH_AGENTS.store) },
        receive: {
            routers: 2,
            ingesters: 3,
            replicationFactor: 3,
            ...SMALL,
            routerMemory: "256Mi",
            routerCpu: "50m",
            // A head keeps series for two hours and more, in which tests restart every pod many times, each time with new series.
            limits: { default: { series: 300_000 } },
            ...(fleet === "agents" && WITH_AGENTS.receive),
        },
        ...(fleet === "agents" && { rule: WITH_AGENTS.rule }),
        compact: {
            ...SMALL,
            consistencyDelay: "1m",
            waitInterval: "1m",
            // Shorter than the history, so that Compact has blocks to expire.
            retention: { raw: "21d", fiveMinutes: "21d", oneHour: "21d" },
        },
    };
}

/** The fleet's DNS names for the clusters' CoreDNS, which does here what Route 53 and ExternalDNS do on AWS. */
export const dnsHosts = (nodes: readonly { name: ClusterName; nodeIp: string }[]): Record<string, string> =>
    Object.fromEntries(nodes.map(({ name, nodeIp }) => [name === "observer" ? DOMAIN : `${name}.${DOMAIN}`, nodeIp]));
