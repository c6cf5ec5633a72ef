/** A Kubernetes object, Helm release or resource of AWS: one that a stack registers, or one from a YAML file. */
export interface Manifest {
    /** `apps/v1`; of a resource of AWS, its service: `aws:s3`. */
    readonly apiVersion: string;
    /** `StatefulSet`. */
    readonly kind: string;
    readonly name: string;
    /** Unique among the manifests that are read together, and the same on every run. A problem is reported with the id of its manifest. */
    readonly id: string;
    /** `metadata`, `spec` and so on; of a Release, `chart` and `values`; of a resource of AWS, its properties. */
    readonly fields: Record<string, unknown>;
}
