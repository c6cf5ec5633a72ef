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
 * When an update stops waiting for a claim, as a filter of RFC 9535's JSONPath, which the plugin evaluates. Either the claim has no volume yet: it gets one of the
 * right size with its first pod. Or the volume has the size. Or the disk has grown, and the file system follows when a pod mounts it: that pod may itself wait
 * for this claim, so waiting longer would never end.
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
