import type * as k8s from "@pulumi/kubernetes";
import { Namespace } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";

export interface NamespaceArgs {
    /** Name of the namespace. */
    namespace: string;
    /** Whether the stack creates it. Otherwise it exists, and stays as it is. */
    createNamespace: boolean;
}

/** The namespace of a stack, created once the cloud is ready, or found. Returns the options of everything inside it. */
export function stackNamespace(
    owner: pulumi.ComponentResource,
    { namespace: name, createNamespace }: NamespaceArgs,
    cloud: { readonly kubernetes: k8s.Provider; readonly ready: pulumi.Resource[]; readonly namespaceLabels: Record<string, string> },
) {
    const opts = { parent: owner, provider: cloud.kubernetes, dependsOn: cloud.ready };
    const labels = Object.keys(cloud.namespaceLabels).length > 0 && { labels: cloud.namespaceLabels };
    const namespace = createNamespace
        ? // Deleting a namespace deletes every persistent volume claim in it.
          new Namespace(name, { metadata: { name, ...labels } }, { ...opts, protect: true, retainOnDelete: true })
        : Namespace.get(name, name, opts);
    return { parent: owner, providers: [cloud.kubernetes], dependsOn: [namespace] as pulumi.Resource[] };
}
