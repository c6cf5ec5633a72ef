import type * as pulumi from "@pulumi/pulumi";

/** Options for the children of a component: they belong to it and wait for what it waits for. The SDK does not hand `dependsOn` down by itself. */
export function childOptions(
    component: pulumi.ComponentResource,
    opts: pulumi.ComponentResourceOptions | undefined,
): pulumi.CustomResourceOptions {
    return { parent: component, ...(opts?.dependsOn !== undefined && { dependsOn: opts.dependsOn }) };
}
