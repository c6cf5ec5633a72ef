import type * as k8s from "@pulumi/kubernetes";
import { Namespace } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";

/** Makes the namespace that a stack fills. Returns the options of everything in it. */
export function inNamespace(
    owner: pulumi.ComponentResource,
    name: string,
    cloud: { readonly kubernetes: k8s.Provider; readonly ready: pulumi.Resource[] },
) {
    const namespace = new Namespace(
        name,
        { metadata: { name } },
        // Deleting a namespace deletes every volume claim in it.
        { parent: owner, provider: cloud.kubernetes, dependsOn: cloud.ready, protect: true, retainOnDelete: true },
    );
    return { parent: owner, providers: [cloud.kubernetes], dependsOn: [namespace] as pulumi.Resource[] };
}
