import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { canonicalSize } from "../../config/size";

export interface ClaimsArgs {
    /** Names of the claims, as the StatefulSet controller makes them: `<template>-<statefulset>-<ordinal>`. */
    names: readonly string[];
    /** Kubernetes namespace. */
    namespace: string;
    /** Labels of each claim. */
    labels: Record<string, string>;
    /** StorageClass. */
    class: string;
    /** Size of each volume: `50Gi`. Must not be less than the volume has. */
    size: string;
}

/**
 * Nothing is left to wait for, in RFC 9535's JSONPath, which the plugin evaluates: the volume has the size; or the claim gets it with its first pod,
 * which comes later; or the disk has it, and the file system grows once a pod uses it (waiting here for a pod that waits for the claim would never end).
 */
const GROWN = [
    "$.status.phase=='Pending'",
    "$.status.capacity.storage==$.spec.resources.requests.storage",
    "$.status.conditions[?@.type=='FileSystemResizePending']",
].join(" || ");

/**
 * The claims of a StatefulSet's pods. A StatefulSet makes those that are missing and never changes them, so a stack declares each of them: a larger
 * `size` grows the volumes under running pods (docs/adr/0014). The StatefulSet depends on the claims and ignores changes of its own template.
 *
 * Patches, since claims outlive whatever made them: a patch creates a claim that is missing, takes over one that exists, and deletes none.
 */
export const claims = (args: ClaimsArgs, opts: pulumi.CustomResourceOptions): k8s.core.v1.PersistentVolumeClaimPatch[] =>
    args.names.map(
        (name) =>
            new k8s.core.v1.PersistentVolumeClaimPatch(
                name,
                {
                    metadata: {
                        name,
                        namespace: args.namespace,
                        labels: args.labels,
                        annotations: {
                            // The controller, or an earlier stack, may own the same fields.
                            "pulumi.com/patchForce": "true",
                            "pulumi.com/waitFor": `jsonpath={$.status[?${GROWN}]}`,
                        },
                    },
                    spec: {
                        accessModes: ["ReadWriteOnce"],
                        storageClassName: args.class,
                        resources: { requests: { storage: canonicalSize(args.size) } },
                    },
                },
                pulumi.mergeOptions(opts, { retainOnDelete: true }),
            ),
    );
