import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ObjectStore } from "./thanos/objectStore";

/**
 * What a component does with the blocks of a stream: answer from them, add new ones, or also compact and delete them.
 * Only Compact owns; a Store that cannot delete is a promise this makes checkable.
 */
export type Access = "read" | "write" | "own";

/** Where a stack lives. Everything that differs between AWS and a machine of one's own is behind this; nothing else knows which it is. */
export interface Cloud {
    /** The Kubernetes cluster of this stack. */
    readonly kubernetes: k8s.Provider;
    /** Makes the fleet's bucket. The observer's part. */
    makeBucket(name: string, opts: pulumi.ComponentResourceOptions): ObjectStore;
    /** Lets the pods of a service account reach one prefix of the bucket. Returns what has to exist before such a pod starts. */
    grant(name: string, grant: Grant, opts: pulumi.ComponentResourceOptions): pulumi.Resource[];
}

/** Thanos rereads its files: changed in place they take effect, replaced they would be missing for a moment. */
export const CHANGE_IN_PLACE = { enableConfigMapMutable: true, enableSecretMutable: true };

export interface Grant {
    serviceAccount: string;
    namespace: string;
    access: Access;
    prefix: string;
    store: ObjectStore;
}
