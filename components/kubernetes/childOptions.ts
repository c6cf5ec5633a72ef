import type * as pulumi from "@pulumi/pulumi";

/**
 * Options for the children of a component: the component is their parent, and they wait for what it waits for. The SDK does not pass `dependsOn` on
 * to children.
 */
export function childOptions(
    component: pulumi.ComponentResource,
    opts: pulumi.ComponentResourceOptions | undefined,
): pulumi.CustomResourceOptions {
    return { parent: component, ...(opts?.dependsOn !== undefined && { dependsOn: opts.dependsOn }) };
}
