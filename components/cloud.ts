import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ObserveeEntry } from "../config/schema";
import type { ObjectStore } from "./thanos/objectStore";

/**
 * What a component does with the blocks of a stream: answer from them, add new ones, or also compact and delete them.
 * Only Compact owns; a Store that cannot delete is a promise this makes checkable.
 */
export type Access = "read" | "write" | "own";

/** Every component that touches blocks, and what it does with them. No other has rights on a bucket. */
export const ACCESS = { store: "read", compact: "own", prometheus: "write" } as const satisfies Record<string, Access>;
export type BlockComponent = keyof typeof ACCESS;

/** Where a stack lives. Everything that differs between AWS and a machine of one's own is behind this; nothing else knows which it is. */
export interface Cloud {
    /** The Kubernetes cluster of this stack. */
    readonly kubernetes: k8s.Provider;
    /** What has to be there before anything is deployed to it: nodes, storage, the agent that hands out identities. */
    readonly ready: pulumi.Resource[];
    /** On AWS: the account it is in, and the path of every role of the fleet. */
    readonly aws?: { account: string; rolePath: string };
    /** Of every volume. */
    readonly storageClass: string;
    /** Nodes for pods that have volumes, where there are such. */
    readonly stateful?: Placement | undefined;
    /** Annotations of a Service that other clusters reach. */
    readonly loadBalancer: Record<string, string>;
    /** Makes what keeps the fleet's blocks, and says for each stream where it is. The observer's part. */
    makeStores(name: string, members: readonly Member[], opts: pulumi.ComponentResourceOptions): Stores;
    /** Lets the pods of a service account reach the blocks of one stream. */
    grant(name: string, grant: Grant, opts: pulumi.ComponentResourceOptions): Granted;
    /** Puts the page that people open, an HTTP Service in the cluster, under its DNS name. */
    exposePage(name: string, page: Page, opts: pulumi.CustomResourceOptions): void;
}

/** A cluster whose blocks are kept: each is a stream. */
export type Member = Pick<ObserveeEntry, "name" | "account" | "via">;

export interface Stores {
    /** By stream. */
    stores: Record<string, ObjectStore>;
    /** By stream: the role that pods of another account assume to reach it. */
    roles: Record<string, pulumi.Input<string>>;
}

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

export interface Page {
    namespace: string;
    host: string;
    /** The component whose pods answer. */
    component: string;
    port: number;
}

/** Where pods are put. */
export interface Placement {
    nodeSelector: Record<string, string>;
    tolerations: { key: string; operator: "Equal"; value: string; effect: "NoSchedule" }[];
}

/** Thanos rereads its files: changed in place they take effect, replaced they would be missing for a moment. */
export const CHANGE_IN_PLACE = { enableConfigMapMutable: true, enableSecretMutable: true };
