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

const POD_SECURITY = "pod-security.kubernetes.io";

/**
 * The Pod Security Standard of the namespace. Every pod of this project fits `restricted`, except node-exporter, which reads the node's own files and network:
 * where it is here, the API server can enforce `privileged` only. It still warns of every other pod that does not fit `restricted`, and of Deployments and the
 * like, whose pods are refused only later; and its audit log has them (Kubernetes, "Pod Security Admission"). The labels are on the namespace, because a
 * cluster's default may be another one.
 */
const podSecurity = ({ nodeExporter }: Pick<PrometheusConfig, "nodeExporter">) => ({
    [`${POD_SECURITY}/enforce`]: nodeExporter === "install" ? "privileged" : "restricted",
    [`${POD_SECURITY}/warn`]: "restricted",
    [`${POD_SECURITY}/audit`]: "restricted",
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
