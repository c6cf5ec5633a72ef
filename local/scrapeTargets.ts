import { CoreV1Api, CustomObjectsApi, DiscoveryV1Api, type V1EndpointSlice, type V1Service } from "@kubernetes/client-node";
import { type ClusterAccess, kubeConfig } from "../clients/kubernetes";

/** The part of a ServiceMonitor that decides which targets it selects. */
export interface ServiceMonitor {
    metadata: { namespace: string };
    spec: {
        selector: { matchLabels?: Record<string, string> };
        namespaceSelector?: { matchNames?: string[] };
        endpoints: { port: string }[];
    };
}

/** Targets that Prometheus finds behind one port of one Service. */
export interface ScrapeTargets {
    namespace: string;
    service: string;
    /** Name of the port: the label `endpoint` of the targets. */
    endpoint: string;
    count: number;
}

/**
 * The targets that ServiceMonitors select: one for each endpoint of theirs and each address with its port behind a selected Service, ready or not
 * (prometheus-operator, pkg/prometheus/promcfg.go). Services and slices of all namespaces may be given.
 */
export function selectedTargets(
    monitors: readonly ServiceMonitor[],
    services: readonly V1Service[],
    slices: readonly V1EndpointSlice[],
): ScrapeTargets[] {
    const found = new Map<string, ScrapeTargets>();
    for (const { metadata, spec } of monitors)
        for (const { metadata: service } of services) {
            const [namespace = "", name = ""] = [service?.namespace, service?.name];
            const wanted = Object.entries(spec.selector.matchLabels ?? {});
            const isSelected =
                (spec.namespaceSelector?.matchNames ?? [metadata.namespace]).includes(namespace) &&
                wanted.every(([label, value]) => service?.labels?.[label] === value);
            for (const { port } of isSelected ? spec.endpoints : []) {
                const key = `${namespace}/${name}/${port}`;
                const before = found.get(key)?.count ?? 0;
                const count = before + addressesOf(slices, namespace, name, port);
                found.set(key, { namespace, service: name, endpoint: port, count });
            }
        }
    return [...found.values()].filter(({ count }) => count > 0);
}

const addressesOf = (slices: readonly V1EndpointSlice[], namespace: string, service: string, port: string) =>
    slices
        .filter(({ metadata }) => metadata?.namespace === namespace && metadata.labels?.["kubernetes.io/service-name"] === service)
        .filter(({ ports }) => ports?.some(({ name }) => name === port))
        .flatMap(({ endpoints }) => endpoints ?? [])
        .reduce((sum, { addresses }) => sum + addresses.length, 0);

/** The targets that the Prometheus of a cluster has, if it has found all that the ServiceMonitors of a namespace select. */
export async function targetsOf(cluster: ClusterAccess, namespace: string): Promise<ScrapeTargets[]> {
    const config = kubeConfig(cluster);
    const [monitors, services, slices] = await Promise.all([
        config.makeApiClient(CustomObjectsApi).listNamespacedCustomObject({
            group: "monitoring.coreos.com",
            version: "v1",
            plural: "servicemonitors",
            namespace,
        }) as Promise<{ items: ServiceMonitor[] }>,
        config.makeApiClient(CoreV1Api).listServiceForAllNamespaces(),
        config.makeApiClient(DiscoveryV1Api).listEndpointSliceForAllNamespaces(),
    ]);
    return selectedTargets(monitors.items, services.items, slices.items);
}
