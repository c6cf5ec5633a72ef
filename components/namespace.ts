import { Namespace } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "./cloud";

/** Makes the namespace that a stack fills. Returns the options of everything in it. */
export function inNamespace(owner: pulumi.ComponentResource, name: string, cloud: Cloud) {
    const namespace = new Namespace(
        name,
        { metadata: { name } },
        // Deleting a namespace deletes every volume claim in it.
        { parent: owner, provider: cloud.kubernetes, dependsOn: cloud.ready, protect: true, retainOnDelete: true },
    );
    return { parent: owner, providers: [cloud.kubernetes], dependsOn: [namespace] as pulumi.Resource[] };
}
