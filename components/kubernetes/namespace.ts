import type * as k8s from "@pulumi/kubernetes";
import { Namespace } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";
import type { PrometheusConfig } from "../../config/schema";

export interface NamespaceArgs {
    /** Name of the namespace. */
    namespace: string;
    /** Whether the stack creates it. Otherwise it exists, and stays as it is. */
    createNamespace: boolean;
    /** Whether node-exporter runs in it. */
    prometheus: Pick<PrometheusConfig, "nodeExporter">;
}

/**
 * The Pod Security Standard that the API server enforces. Every pod of this project fits `restricted`, except node-exporter, which reads the node's own files
 * and network. The namespace says so itself, because a cluster's default may refuse either.
 */
const podSecurity = ({ nodeExporter }: Pick<PrometheusConfig, "nodeExporter">) => ({
    "pod-security.kubernetes.io/enforce": nodeExporter === "install" ? "privileged" : "restricted",
});

/** The namespace of a stack, created once the cloud is ready, or found. Returns the options of everything inside it. */
export function stackNamespace(
    owner: pulumi.ComponentResource,
    { namespace: name, createNamespace, prometheus }: NamespaceArgs,
    cloud: { readonly kubernetes: k8s.Provider; readonly ready: pulumi.Resource[]; readonly namespaceLabels: Record<string, string> },
) {
    const opts = { parent: owner, provider: cloud.kubernetes, dependsOn: cloud.ready };
    const labels = { ...cloud.namespaceLabels, ...podSecurity(prometheus) };
    const namespace = createNamespace
        ? // Deleting a namespace deletes every persistent volume claim in it.
          new Namespace(name, { metadata: { name, labels } }, { ...opts, protect: true, retainOnDelete: true })
        : Namespace.get(name, name, opts);
    return { parent: owner, providers: [cloud.kubernetes], dependsOn: [namespace] as pulumi.Resource[] };
}
