/** Reads objects of a cluster through `@kubernetes/client-node`. */
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { isContent, type KubeSettings } from "./kubeSettings";

/** How to reach a cluster: a context of a kubeconfig file. */
export interface ClusterAccess {
    /** Path of the kubeconfig file. */
    kubeconfig: string;
    /** Name of the context in that file. */
    context: string;
}

/** The kubeconfig, with the context as its current one. */
export function kubeConfig({ kubeconfig, context }: ClusterAccess): KubeConfig {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    config.setCurrentContext(context);
    return config;
}

/** The kubeconfig of a provider, with its context as the current one. */
export function loadKubeConfig({ kubeconfig, context }: KubeSettings): KubeConfig {
    const config = new KubeConfig();
    if (!kubeconfig) config.loadFromDefault();
    else if (isContent(kubeconfig)) config.loadFromString(kubeconfig);
    else config.loadFromFile(kubeconfig);
    if (context) config.setCurrentContext(context);
    return config;
}

const coreApi = (cluster: ClusterAccess) => kubeConfig(cluster).makeApiClient(CoreV1Api);

/** `host:port` at which a Service of type LoadBalancer is reached from outside its cluster: the load balancer, and the Service's first port. */
export async function loadBalancerAddress(cluster: ClusterAccess, service: { name: string; namespace: string }): Promise<string> {
    const { spec, status } = await coreApi(cluster).readNamespacedService(service);
    const ingress = status?.loadBalancer?.ingress?.[0];
    const host = ingress?.ip ?? ingress?.hostname;
    if (host === undefined)
        throw new Error(
            `Service ${service.name} has no address: nothing in its cluster serves LoadBalancer Services. Install MetalLB or the like.`,
        );
    return `${host}:${spec?.ports?.[0]?.port}`;
}

/** The pods of a namespace for which the scheduler finds no node, each as `name: the scheduler's message`. */
export async function unschedulablePods(cluster: ClusterAccess, namespace: string): Promise<string[]> {
    const { items } = await coreApi(cluster).listNamespacedPod({ namespace, fieldSelector: "status.phase=Pending" });
    return items.flatMap(({ metadata, status }) => {
        const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
        return scheduled?.status === "False" ? [`${metadata?.name}: ${scheduled.message ?? scheduled.reason}`] : [];
    });
}

/** The UID of the namespace kube-system, which changes when a cluster is created anew under the same name. */
export async function clusterId(cluster: ClusterAccess): Promise<string> {
    return (await coreApi(cluster).readNamespace({ name: "kube-system" })).metadata?.uid ?? "";
}
