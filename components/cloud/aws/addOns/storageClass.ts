import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/**
 * Volumes that outlive their claims, grow, are encrypted, and are made in the zone where their pod is going to be. What Prometheus and Receive have not uploaded
 * yet is on them: deleting a claim must not delete it.
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
