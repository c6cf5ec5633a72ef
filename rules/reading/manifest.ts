/** A Kubernetes object, Helm release or resource of AWS: one that a stack registers, or one from a YAML file. */
export interface Manifest {
    /** `apps/v1`; of a resource of AWS, its service: `aws:s3`. */
    readonly apiVersion: string;
    /** `StatefulSet`. */
    readonly kind: string;
    readonly name: string;
    /** Unique among the manifests that are read together, and the same on every run. A problem is reported with the id of its manifest. */
    readonly id: string;
    /** What its cluster is called, where manifests of several may be read together: the URN of its provider. @default one that all without it are in */
    readonly cluster?: string;
    /** `metadata`, `spec` and so on; of a Release, `chart` and `values`; of a resource of AWS, its properties. */
    readonly fields: Record<string, unknown>;
}

/** A resource as a stack registers it. */
export interface Registered {
    /** `kubernetes:apps/v1:Deployment`. */
    readonly type: string;
    readonly name: string;
    readonly urn: string;
    readonly props: Record<string, unknown>;
    /** What makes it: for Kubernetes, there is one for each cluster. */
    readonly provider?: { readonly urn: string };
}

/** The manifest of a Kubernetes resource (`kubernetes:<apiVersion>:<kind>`) or of one of AWS (`aws:<service>/<file>:<kind>`); none for other resources. */
export function manifestOf({ type, name, urn, props, provider }: Registered): Manifest[] {
    const [cloud, module, kind] = type.split(":");
    if (module === undefined || kind === undefined) return [];
    if (cloud === "kubernetes")
        return [{ apiVersion: module, kind, name, id: urn, fields: props, ...(provider && { cluster: provider.urn }) }];
    return cloud === "aws" ? [{ apiVersion: `aws:${module.split("/")[0]}`, kind, name, id: urn, fields: props }] : [];
}
