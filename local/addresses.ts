import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { NAMESPACE, type Target } from "./fleet";

function api({ kubeconfig, context }: Target): CoreV1Api {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    config.setCurrentContext(context);
    return config.makeApiClient(CoreV1Api);
}

/** `host:port` under which a LoadBalancer Service answers outside its cluster. */
export async function addressOf(target: Target, service: string): Promise<string> {
    const { spec, status } = await api(target).readNamespacedService({ name: service, namespace: NAMESPACE });
    const at = status?.loadBalancer?.ingress?.[0];
    const host = at?.ip ?? at?.hostname;
    if (host === undefined)
        throw new Error(
            `Service ${service} has no address: its cluster has nothing that serves LoadBalancer Services. Install MetalLB or the like.`,
        );
    return `${host}:${spec?.ports?.[0]?.port}`;
}

/** What tells this cluster from another one under the same name: the namespace that is made first and never again. */
export async function clusterId(target: Target): Promise<string> {
    return (await api(target).readNamespace({ name: "kube-system" })).metadata?.uid ?? "";
}

/** Is the namespace that a fleet makes there already? */
export const hasFleetNamespace = (target: Target): Promise<boolean> =>
    api(target)
        .listNamespace({ fieldSelector: `metadata.name=${NAMESPACE}` })
        .then(({ items }) => items.length > 0);
