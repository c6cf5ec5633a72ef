import { setTimeout as sleep } from "node:timers/promises";
import { CoreV1Api, KubeConfig, PatchStrategy, setHeaderOptions, type V1Service } from "@kubernetes/client-node";

const EVERY_MS = 2000;

/**
 * Stands in for a cloud's load balancers: gives each Service of type LoadBalancer the node's address, as k3s does. kube-proxy then serves
 * the Service's ports there, for this machine and for other clusters. Retries while the API server does not answer; ends when `signal` aborts.
 */
export async function serveLoadBalancers(kubeconfig: string, nodeIp: string, signal: AbortSignal): Promise<void> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const api = config.makeApiClient(CoreV1Api);
    while (!signal.aborted) {
        await serveOnce(api, nodeIp).catch(() => undefined);
        await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
}

async function serveOnce(api: CoreV1Api, nodeIp: string): Promise<void> {
    const { items } = await api.listServiceForAllNamespaces({ fieldSelector: "spec.type=LoadBalancer", timeoutSeconds: 10 });
    for (const { metadata } of waitingForAddress(items, nodeIp)) {
        await api.patchNamespacedServiceStatus(
            {
                name: metadata!.name!,
                namespace: metadata!.namespace!,
                body: { status: { loadBalancer: { ingress: [{ ip: nodeIp }] } } },
            },
            setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
        );
    }
}

/**
 * The Services that are to get the node's address and lack it. A Service waits while an older one has the same port of the node. A Service with
 * a loadBalancerClass belongs to another controller.
 */
export function waitingForAddress(services: V1Service[], nodeIp: string): V1Service[] {
    const taken = new Set<string>();
    const age = ({ metadata }: V1Service) => `${metadata?.creationTimestamp?.toISOString()} ${metadata?.namespace}/${metadata?.name}`;
    return services
        .filter(({ spec }) => spec?.type === "LoadBalancer" && spec.loadBalancerClass === undefined)
        .sort((a, b) => (age(a) < age(b) ? -1 : 1))
        .filter(({ spec }) => {
            const ports = (spec?.ports ?? []).map(({ protocol, port }) => `${protocol ?? "TCP"}/${port}`);
            const free = ports.every((port) => !taken.has(port));
            for (const port of free ? ports : []) taken.add(port);
            return free;
        })
        .filter(({ status }) => !status?.loadBalancer?.ingress?.some(({ ip }) => ip === nodeIp));
}
