import { partitionOf } from "../../iam/names";
import type { Statement } from "../../iam/statements";

/** Whose pods call AWS for the driver. */
export const EBS_CSI = { namespace: "kube-system", serviceAccount: "ebs-csi-controller-sa" };

/** The driver tags what it makes, beside its own tags. Not through the StorageClass: its parameters cannot be changed, and these can. Pure. */
export const ebsCsiConfiguration = (tags: Record<string, string>) => ({ controller: { extraVolumeTags: tags } });

/**
 * What the driver does here: volumes, made, grown, attached and deleted. Its own policy (aws-ebs-csi-driver, docs/AmazonEBSCSIDriverPolicyV2.json) without what
 * nobody asks for: snapshots, copies, new tags on old volumes; and with volumes and nodes of this cluster only. Both have the same tag: EKS tells its driver the
 * cluster's name, which puts it on what it makes (its docs/tagging.md, and aws-ebs-csi-driver#2918). AWS's policy for one cluster compares another tag, which
 * drivers before 1.58 do not write. No right on a key is needed: the volumes are encrypted with EBS's own. Pure.
 */
export function ebsCsiStatements({ region, cluster }: { region: string; cluster: string }): Statement[] {
    const arn = (kind: string) => `arn:${partitionOf(region)}:ec2:${region}:*:${kind}/*`;
    const own = `kubernetes.io/cluster/${cluster}`;
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
            Condition: { StringEquals: { [`aws:RequestTag/${own}`]: "owned" } },
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
            Condition: { StringEquals: { [`ec2:ResourceTag/${own}`]: "owned" } },
        },
        {
            // Every node has this tag, whoever made it: EKS, Karpenter, or by hand, where it is required.
            Sid: "OwnNodes",
            Effect: "Allow",
            Action: ["ec2:AttachVolume", "ec2:DetachVolume"],
            Resource: [arn("instance")],
            Condition: { StringEquals: { [`ec2:ResourceTag/${own}`]: "owned" } },
        },
    ];
}
