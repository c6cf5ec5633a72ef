import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Stream } from "../../config/streams";
import type { GrantAccess } from "../blocks/access";
import type { StreamStore } from "../blocks/objectStore";
import type { ExposePage } from "../kubernetes/page";
import type { Placement } from "../kubernetes/placement";

/**
 * The place that a stack runs in. Everything that differs between AWS and a local cluster is behind this interface; nothing else knows
 * which of them it is.
 */
export interface Cloud {
    /** Provider of this stack's Kubernetes cluster. */
    readonly kubernetes: k8s.Provider;
    /** What has to exist before anything is deployed to the cluster: nodes, storage, the agent that hands out credentials. */
    readonly ready: pulumi.Resource[];
    /** Facts that observees read from the observer's contract. */
    readonly contractFacts: ContractFacts;
    /** StorageClass of every volume. */
    readonly storageClass: string;
    /** The nodes that pods with volumes run on. @default any */
    readonly stateful?: Placement | undefined;
    /** Labels of the namespace that the stack creates, for the cloud's controllers. */
    readonly namespaceLabels: Record<string, string>;
    /** Whether every node has the label of its zone (`topology.kubernetes.io/zone`): no pod that insists on a spread over zones runs on a node without it. */
    readonly nodesHaveZones: boolean;
    /** The nodes that all other pods run on. @default any */
    readonly general?: Placement | undefined;
    /** How long after a pod begins to end a Service or its load balancer may still send it new connections, in seconds. */
    readonly drainSeconds: number;
    /** Annotations of a Service that other clusters reach. */
    readonly loadBalancer: Record<string, string>;
    /** Makes the object stores for the fleet's blocks, and returns the store of each stream. Called by the observer only. */
    makeStores(name: string, streams: readonly Stream[], opts: pulumi.ComponentResourceOptions): Stores;
    /** Gives the pods of a service account access to the blocks of one stream. */
    readonly grant: GrantAccess;
    /** Publishes Query Frontend's page under its DNS name where nobody sets `exposure`: on a machine that nobody else reaches. @default nothing does */
    readonly exposePage?: ExposePage;
    /** Annotations of an Ingress that the cloud's own controller reads. */
    readonly ingress: Record<string, string>;
}

/** Facts that only some clouds have. */
export interface ContractFacts {
    /** The AWS account of this cluster. */
    account?: string;
    /** IAM path of every role of the fleet. */
    rolePath?: string;
}

export interface Stores {
    /** Where the blocks of each stream are. */
    stores: Record<string, StreamStore>;
    /** By cluster, for those of other accounts: the ARN of the role that their pods assume to reach the store. */
    roles: Record<string, pulumi.Input<string>>;
}
