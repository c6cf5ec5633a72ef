import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";

/** A cluster, as a kubeconfig names it. */
export interface ClusterAccess {
    /** Path of the file. */
    kubeconfig: string;
    context: string;
}

function api({ kubeconfig, context }: ClusterAccess): CoreV1Api {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    config.setCurrentContext(context);
    return config.makeApiClient(CoreV1Api);
}

/** `host:port` under which a LoadBalancer Service answers outside its cluster. */
export async function addressOf(cluster: ClusterAccess, service: { name: string; namespace: string }): Promise<string> {
    const { spec, status } = await api(cluster).readNamespacedService(service);
    const at = status?.loadBalancer?.ingress?.[0];
    const host = at?.ip ?? at?.hostname;
    if (host === undefined)
        throw new Error(
            `Service ${service.name} has no address: its cluster has nothing that serves LoadBalancer Services. Install MetalLB or the like.`,
        );
    return `${host}:${spec?.ports?.[0]?.port}`;
}

/** What tells this cluster from another one under the same name: the namespace that is made first and never again. */
export async function clusterId(cluster: ClusterAccess): Promise<string> {
    return (await api(cluster).readNamespace({ name: "kube-system" })).metadata?.uid ?? "";
}

export const hasNamespace = (cluster: ClusterAccess, name: string): Promise<boolean> =>
    api(cluster)
        .listNamespace({ fieldSelector: `metadata.name=${name}` })
        .then(({ items }) => items.length > 0);
