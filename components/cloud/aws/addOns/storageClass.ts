import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/**
 * A StorageClass whose volumes grow, are encrypted, and are created in the zone of their pod. Volumes outlive their persistent volume
 * claims: they hold what Prometheus and Receive have not uploaded yet, which deleting a claim must not delete.
 */
export const storageClass = (name: string, opts: pulumi.CustomResourceOptions) =>
    new k8s.storage.v1.StorageClass(
        name,
        {
            metadata: { name },
            provisioner: "ebs.csi.aws.com",
            parameters: { type: "gp3", encrypted: "true" },
            reclaimPolicy: "Retain",
            allowVolumeExpansion: true,
            volumeBindingMode: "WaitForFirstConsumer",
        },
        opts,
    );
