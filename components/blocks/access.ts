import type * as pulumi from "@pulumi/pulumi";
import type { StreamStore } from "./objectStore";

/**
 * What a component may do with the blocks of a stream: `read` them; `write`: read and upload them; `own`: read, upload and delete them.
 * On AWS, components/cloud/aws/iam/statements.ts makes S3 and KMS actions of it.
 */
export type Access = "read" | "write" | "own";

/** Every component that works with blocks, and its access. Other components have no rights on a bucket. */
export const ACCESS = { store: "read", compact: "own", prometheus: "write", receive: "write", rule: "write" } as const satisfies Record<
    string,
    Access
>;
export type BlockComponent = keyof typeof ACCESS;

export interface Grant {
    /** The component that gets access: as much as `ACCESS` says. */
    component: BlockComponent;
    /** The stream that the blocks belong to. */
    stream: string;
    /** Name of the service account that the component's pods run as. */
    serviceAccount: pulumi.Input<string>;
    /** Kubernetes namespace. */
    namespace: string;
    /** Where the blocks are. */
    store: StreamStore;
    /** ARN of the role to assume, where the bucket belongs to another account and its policy does not name this stack's own role. @default none */
    assume?: string | undefined;
}

export interface Granted {
    /** Annotations that the service account has to carry. */
    annotations: Record<string, pulumi.Input<string>>;
    /** What has to exist before a pod starts: EKS gives credentials only to pods that start after their Pod Identity association has taken effect. */
    ready: pulumi.Input<pulumi.Resource>[];
}

/** Lets the pods of a service account reach the blocks of one stream. */
export type GrantAccess = (name: string, grant: Grant, opts: pulumi.ComponentResourceOptions) => Granted;
