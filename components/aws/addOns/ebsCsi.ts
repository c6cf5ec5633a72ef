import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Statement } from "../iam";
import { partitionOf } from "../names";

/** Whose pods call AWS for the driver. */
export const EBS_CSI = { namespace: "kube-system", serviceAccount: "ebs-csi-controller-sa" };

/** The driver tags what it makes, beside its own tags. Not through the StorageClass: its parameters cannot be changed, and these can. Pure. */
export const ebsCsiConfiguration = (tags: Record<string, string>) => ({ controller: { extraVolumeTags: tags } });

/**
 * What the driver does here: volumes, made, grown, attached and deleted. Its own policy (aws-ebs-csi-driver, docs/AmazonEBSCSIDriverPolicyV2.json) without what
 * nobody asks for: snapshots, copies, volumes from before CSI, new tags on old volumes; and with nodes of this cluster only. No right on a key is needed: the
 * volumes are encrypted with EBS's own. Pure.
 */
export function ebsCsiStatements({ region, cluster }: { region: string; cluster: string }): Statement[] {
    const arn = (kind: string) => `arn:${partitionOf(region)}:ec2:${region}:*:${kind}/*`;
    return [
        {
            Sid: "Look",
            Effect: "Allow",
            Action: [
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstances",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeVolumes",
                "ec2:DescribeVolumesModifications",
            ],
            Resource: ["*"],
        },
        {
            Sid: "Make",
            Effect: "Allow",
            Action: ["ec2:CreateVolume"],
            Resource: [arn("volume")],
            Condition: { StringEquals: { "aws:RequestTag/ebs.csi.aws.com/cluster": "true" } },
        },
        {
            Sid: "TagWhatIsMade",
            Effect: "Allow",
            Action: ["ec2:CreateTags"],
            Resource: [arn("volume")],
            Condition: { StringEquals: { "ec2:CreateAction": "CreateVolume" } },
        },
        {
            Sid: "OwnVolumes",
            Effect: "Allow",
            Action: ["ec2:AttachVolume", "ec2:DetachVolume", "ec2:ModifyVolume", "ec2:DeleteVolume"],
            Resource: [arn("volume")],
            Condition: { StringEquals: { "ec2:ResourceTag/ebs.csi.aws.com/cluster": "true" } },
        },
        {
            // Every node has this tag, whoever made it: EKS, Karpenter, or by hand, where it is required.
            Sid: "OwnNodes",
            Effect: "Allow",
            Action: ["ec2:AttachVolume", "ec2:DetachVolume"],
            Resource: [arn("instance")],
            Condition: { StringEquals: { [`ec2:ResourceTag/kubernetes.io/cluster/${cluster}`]: "owned" } },
        },
    ];
}

/**
 * Volumes that outlive their claims, grow, are encrypted, and are made in the zone where their pod is going to be. What Prometheus and Receive have not uploaded
 * yet is on them: deleting a claim must not delete it.
 */
export const gp3 = (name: string, opts: pulumi.CustomResourceOptions) =>
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
