import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import * as pulumi from "@pulumi/pulumi";
import { CLUSTER_LABEL, PROMETHEUS_LABEL, REPLICA_LABELS } from "../../config/labels";
import type { PrometheusConfig, ScrapeConfig } from "../../config/schema";
import { PART_OF } from "../naming/labels";
import { TLS_FILES } from "../tls/tlsSecret";

/** A step of relabeling, as the operator's objects have it. */
interface Relabeling {
    action: "Replace" | "Keep" | "Drop" | "HashMod" | "LabelMap" | "LabelDrop";
    sourceLabels?: readonly string[];
    regex?: string | undefined;
    targetLabel?: string | undefined;
    replacement?: string | undefined;
    modulus?: number;
}

/** The stack's ScrapeConfigs. The operator makes jobs of Prometheus of them, for servers and agents alike. */
export function scrapeConfigs(
    {
        namespace,
        scrapeConfigs,
        externalLabels,
        labels = PART_OF,
    }: {
        namespace: string;
        scrapeConfigs: readonly ScrapeConfig[];
        externalLabels: pulumi.Input<PrometheusConfig["externalLabels"]>;
        labels?: pulumi.Input<Record<string, string>>;
    },
    opts: pulumi.CustomResourceOptions,
): void {
    for (const config of scrapeConfigs)
        new CustomResource(
            `scrape-${config.name}`,
            {
                apiVersion: "monitoring.coreos.com/v1alpha1",
                kind: "ScrapeConfig",
                metadata: { name: config.name, namespace, labels },
                spec: pulumi.output(externalLabels).apply((external) => scrapeConfigSpec(config, external)),
            },
            opts,
        );
}

/** The spec of a ScrapeConfig (prometheus-operator v0.93, pkg/apis/monitoring/v1alpha1/scrapeconfig_types.go). Pure. */
export function scrapeConfigSpec(config: ScrapeConfig, externalLabels: PrometheusConfig["externalLabels"]) {
    const { targets, consul, http, kubernetes, federate, interval, timeout } = config;
    const relabelings = targetRelabelings(config);
    const path = config.path ?? (federate && "/federate");
    return {
        jobName: config.name,
        ...(interval && { scrapeInterval: interval }),
        ...(timeout && { scrapeTimeout: timeout }),
        scheme: config.scheme,
        ...(path && { metricsPath: path }),
        ...(federate && {
            params: { "match[]": federate.match },
            // The copies are named as the series are, job and instance included.
            honorLabels: true,
            // Copies have the time of their original. Without this, one whose original ended goes on for five minutes.
            trackTimestampsStaleness: true,
        }),
        ...access(config),
        sampleLimit: config.sampleLimit,
        ...(targets && { staticConfigs: [{ targets }] }),
        ...(consul && { consulSDConfigs: [consulDiscovery(consul)] }),
        ...(http && { httpSDConfigs: [{ url: http.url, refreshInterval: http.refreshInterval, ...access(http) }] }),
        ...(kubernetes && { kubernetesSDConfigs: [kubernetesDiscovery(kubernetes)] }),
        // An empty list is refused by the CRD.
        ...(relabelings.length > 0 && { relabelings }),
        metricRelabelings: withoutFleetLabels(Object.keys(externalLabels)),
    };
}

/** Credentials of a connection: references to Secrets, which the operator hands to Prometheus and follows when they change. */
function access(
    of: Pick<ScrapeConfig, "caSecret" | "certificateSecret" | "tokenSecret"> &
        Partial<Pick<ScrapeConfig, "basicAuthSecret" | "serverName" | "insecureSkipVerify">>,
) {
    const { caSecret, certificateSecret, tokenSecret, basicAuthSecret, serverName, insecureSkipVerify } = of;
    const tls = {
        ...(caSecret && { ca: { secret: { name: caSecret, key: TLS_FILES.ca } } }),
        ...(certificateSecret && {
            cert: { secret: { name: certificateSecret, key: TLS_FILES.cert } },
            keySecret: { name: certificateSecret, key: TLS_FILES.key },
        }),
        ...(serverName && { serverName }),
        ...(insecureSkipVerify && { insecureSkipVerify }),
    };
    return {
        ...(Object.keys(tls).length > 0 && { tlsConfig: tls }),
        ...(tokenSecret && { authorization: { credentials: { name: tokenSecret, key: "token" } } }),
        ...(basicAuthSecret && {
            basicAuth: { username: { name: basicAuthSecret, key: "username" }, password: { name: basicAuthSecret, key: "password" } },
        }),
    };
}

function consulDiscovery({ server, scheme, datacenter, services, tags, tokenSecret, ...secrets }: NonNullable<ScrapeConfig["consul"]>) {
    return {
        server,
        scheme,
        ...(datacenter && { datacenter }),
        services,
        ...(tags.length > 0 && { tags }),
        ...(tokenSecret && { tokenRef: { name: tokenSecret, key: "token" } }),
        ...access(secrets),
    };
}

function kubernetesDiscovery({ role, namespaces, selector, apiServer, ...secrets }: NonNullable<ScrapeConfig["kubernetes"]>) {
    return {
        role,
        ...(namespaces.length > 0 && { namespaces: { names: namespaces } }),
        ...(selector && { selectors: [{ role, label: selector }] }),
        ...(apiServer && { apiServer }),
        ...access(secrets),
    };
}

/** Labels of the objects that are targets, by the names that a ServiceMonitor gives them; and where Prometheus has the name of a port. */
const KUBERNETES_LABELS: Record<
    NonNullable<ScrapeConfig["kubernetes"]>["role"],
    { labels: Record<string, string>; port: string | undefined }
> = {
    EndpointSlice: {
        labels: {
            namespace: "__meta_kubernetes_namespace",
            service: "__meta_kubernetes_service_name",
            pod: "__meta_kubernetes_pod_name",
            endpoint: "__meta_kubernetes_endpointslice_port_name",
        },
        port: "__meta_kubernetes_endpointslice_port_name",
    },
    Pod: {
        labels: {
            namespace: "__meta_kubernetes_namespace",
            pod: "__meta_kubernetes_pod_name",
            container: "__meta_kubernetes_pod_container_name",
            endpoint: "__meta_kubernetes_pod_container_port_name",
        },
        port: "__meta_kubernetes_pod_container_port_name",
    },
    Node: { labels: { node: "__meta_kubernetes_node_name" }, port: undefined },
};

/** A label that no series gets. The operator's own is `__tmp_hash`. */
const SHARD = "__tmp_fleet_shard";

const ACTIONS = { replace: "Replace", keep: "Keep", drop: "Drop", labelmap: "LabelMap" } as const;

/** What is done to a target's labels, in this order: its shard is decided by the address as it was found, which all shards agree on. */
function targetRelabelings({ shard, kubernetes, labels, relabelings }: ScrapeConfig): Relabeling[] {
    return [
        ...(shard ? shardRelabelings(shard) : []),
        ...(kubernetes ? kubernetesRelabelings(kubernetes) : []),
        // A dollar sign would stand for a group of the regular expression.
        ...Object.entries(labels).map(([label, value]) => ({
            action: "Replace" as const,
            targetLabel: label,
            replacement: value.replaceAll("$", "$$$$"),
        })),
        ...relabelings.map(({ action, sourceLabels, ...rest }) => ({
            action: ACTIONS[action],
            ...(sourceLabels.length > 0 && { sourceLabels }),
            ...rest,
        })),
    ];
}

const shardRelabelings = ({ index, of }: NonNullable<ScrapeConfig["shard"]>): Relabeling[] => [
    { action: "HashMod", sourceLabels: ["__address__"], modulus: of, targetLabel: SHARD },
    { action: "Keep", sourceLabels: [SHARD], regex: String(index) },
];

function kubernetesRelabelings({ role, port: wanted }: NonNullable<ScrapeConfig["kubernetes"]>): Relabeling[] {
    const { labels, port } = KUBERNETES_LABELS[role];
    return [
        ...(port && wanted ? [{ action: "Keep" as const, sourceLabels: [port], regex: wanted }] : []),
        ...Object.entries(labels).map(([label, source]) => ({ action: "Replace" as const, sourceLabels: [source], targetLabel: label })),
    ];
}

/**
 * Renames labels of scraped series whose names the fleet uses itself, `cluster` for instance, to `exported_cluster`. Thanos replaces them by the fleet's values
 * (ExtendSortedLabels), and two series that differ in such a label only would become one. Replica labels are dropped: when a federated Prometheus is scraped
 * through a Service, each change of the pod behind it would make other series.
 */
function withoutFleetLabels(externalLabels: string[]): Relabeling[] {
    const kept = [CLUSTER_LABEL, PROMETHEUS_LABEL, ...externalLabels];
    return [
        ...kept.map((label) => ({ action: "Replace" as const, sourceLabels: [label], regex: "(.+)", targetLabel: `exported_${label}` })),
        { action: "LabelDrop", regex: [...kept, ...REPLICA_LABELS].join("|") },
    ];
}
