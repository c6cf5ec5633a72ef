import { partitionOf } from "../../iam/names";
import type { Statement } from "../../iam/statements";

/**
 * Rights to create, grow, attach and delete volumes of this cluster, on nodes of this cluster: the driver's own policy (aws-ebs-csi-driver,
 * docs/AmazonEBSCSIDriverPolicyV2.json) without snapshots, copies and new tags on old volumes, which this project does not use. Volumes and
 * nodes carry the same tag: EKS passes the cluster's name to its driver, which tags the volumes that it creates (docs/tagging.md of the
 * driver, and aws-ebs-csi-driver#2918). AWS's policy for one cluster compares another tag, which drivers before 1.58 do not write. The
 * driver needs no right on EBS's own key. Where the account's default is a customer's key (`volumeKey`, an ARN), a volume without these rights is created
 * and vanishes (docs/install.md of the driver, "Encrypted EBS Volumes via KMS").
 */
export function ebsCsiStatements(args: { region: string; eksName: string; volumeKey?: string | undefined }): Statement[] {
    const { region, eksName, volumeKey } = args;
    const arn = (kind: string) => `arn:${partitionOf(region)}:ec2:${region}:*:${kind}/*`;
    const clusterTag = `kubernetes.io/cluster/${eksName}`;
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
            Condition: { StringEquals: { [`aws:RequestTag/${clusterTag}`]: "owned" } },
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
            Condition: { StringEquals: { [`ec2:ResourceTag/${clusterTag}`]: "owned" } },
        },
        {
            // Nodes of Karpenter have this tag, and EKS requires it of self-managed nodes.
            Sid: "OwnNodes",
            Effect: "Allow",
            Action: ["ec2:AttachVolume", "ec2:DetachVolume"],
            Resource: [arn("instance")],
            Condition: { StringEquals: { [`ec2:ResourceTag/${clusterTag}`]: "owned" } },
        },
        {
            // The tag that EKS documents for nodes of its node groups (AmazonEBSCSIDriverEKSClusterScopedPolicy).
            Sid: "OwnManagedNodes",
            Effect: "Allow",
            Action: ["ec2:AttachVolume", "ec2:DetachVolume"],
            Resource: [arn("instance")],
            Condition: { StringEquals: { "ec2:ResourceTag/eks:cluster-name": eksName } },
        },
        ...(volumeKey === undefined ? [] : keyStatements(volumeKey)),
    ];
}

/** EBS uses the key through a grant, which the driver may make for AWS services only (EKS user guide, "Amazon EBS CSI driver"). */
const keyStatements = (volumeKey: string): Statement[] => [
    { Sid: "VolumeKey", Effect: "Allow", Action: ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"], Resource: [volumeKey] },
    {
        Sid: "VolumeKeyForEbs",
        Effect: "Allow",
        Action: ["kms:CreateGrant"],
        Resource: [volumeKey],
        Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
    },
];
