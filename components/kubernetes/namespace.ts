import type * as k8s from "@pulumi/kubernetes";
import { Namespace } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";

/** Creates the namespace of a stack, once the cloud is ready. Returns the options of everything inside the namespace. */
export function createNamespace(
    owner: pulumi.ComponentResource,
    name: string,
    cloud: { readonly kubernetes: k8s.Provider; readonly ready: pulumi.Resource[] },
) {
    const namespace = new Namespace(
        name,
        { metadata: { name } },
        // Deleting a namespace deletes every persistent volume claim in it.
        { parent: owner, provider: cloud.kubernetes, dependsOn: cloud.ready, protect: true, retainOnDelete: true },
    );
    return { parent: owner, providers: [cloud.kubernetes], dependsOn: [namespace] as pulumi.Resource[] };
}
