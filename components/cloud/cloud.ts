import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ObserveeEntry } from "../../config/schema";
import type { GrantAccess } from "../blocks/access";
import type { ObjectStore } from "../blocks/objectStore";
import type { ExposePage } from "../kubernetes/page";
import type { Placement } from "../kubernetes/placement";

/** Where a stack lives. Everything that differs between AWS and a machine of one's own is behind this; nothing else knows which it is. */
export interface Cloud {
    /** The Kubernetes cluster of this stack. */
    readonly kubernetes: k8s.Provider;
    /** What has to be there before anything is deployed to it: nodes, storage, the agent that hands out identities. */
    readonly ready: pulumi.Resource[];
    /** What observees have to know of it, and read from the contract. */
    readonly contractFacts: ContractFacts;
    /** Of every volume. */
    readonly storageClass: string;
    /** Nodes for pods that have volumes, where there are such. */
    readonly stateful?: Placement | undefined;
    /** Annotations of a Service that other clusters reach. */
    readonly loadBalancer: Record<string, string>;
    /** Makes what keeps the fleet's blocks, and says for each stream where it is. The observer's part. */
    makeStores(name: string, members: readonly Member[], opts: pulumi.ComponentResourceOptions): Stores;
    /** Lets the pods of a service account reach the blocks of one stream. */
    readonly grant: GrantAccess;
    /** Puts the page that people open, an HTTP Service in the cluster, under its DNS name. */
    readonly exposePage: ExposePage;
}

/** Facts that only some clouds have. */
export interface ContractFacts {
    /** The AWS account of this cluster. */
    account?: string;
    /** Path of every IAM role of the fleet. */
    rolePath?: string;
}

/** A cluster whose blocks are kept: each is a stream. */
export type Member = Pick<ObserveeEntry, "name" | "account" | "via">;

export interface Stores {
    /** By stream. */
    stores: Record<string, ObjectStore>;
    /** By stream: the role that pods of another account assume to reach it. */
    roles: Record<string, pulumi.Input<string>>;
}
