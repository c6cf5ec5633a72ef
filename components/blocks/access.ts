import type * as pulumi from "@pulumi/pulumi";
import type { ObjectStore } from "./objectStore";

/**
 * What a component does with the blocks of a stream: answer from them, add new ones, or also compact and delete them.
 * Only Compact owns; a Store that cannot delete is a promise this makes checkable.
 */
export type Access = "read" | "write" | "own";

/** Every component that touches blocks, and what it does with them. No other has rights on a bucket. */
export const ACCESS = { store: "read", compact: "own", prometheus: "write" } as const satisfies Record<string, Access>;
export type BlockComponent = keyof typeof ACCESS;

export interface Grant {
    component: BlockComponent;
    /** The cluster whose blocks they are. */
    stream: string;
    serviceAccount: string;
    namespace: string;
    store: ObjectStore;
    /** The role to assume, where the store is another account's and does not name this one's. */
    assume?: string | undefined;
}

export interface Granted {
    /** What the service account has to carry. */
    annotations: Record<string, pulumi.Input<string>>;
    /** What has to exist before a pod starts: EKS hands out credentials only to pods that start after their identity was made. */
    ready: pulumi.Resource[];
}

/** Lets the pods of a service account reach the blocks of one stream. */
export type GrantAccess = (name: string, grant: Grant, opts: pulumi.ComponentResourceOptions) => Granted;
