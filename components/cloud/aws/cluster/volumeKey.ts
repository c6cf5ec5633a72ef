import { getDefaultKmsKey } from "@pulumi/aws/ebs";
import type * as pulumi from "@pulumi/pulumi";
import type { AwsAccount } from "../../../../config/schema";
import { type AddOnChoices, addOnChoices } from "../../../../config/schema/addOnChoices";
import type { Problem } from "../../../../rules/problem";
import { partitionOf } from "../iam/names";
import { type Lookup, lookUp } from "./awsLookup";

/** The part of a configuration that decides which volumes are encrypted with the account's default key. */
type VolumeSettings = Pick<AwsAccount, "addOns" | "cluster" | "identity" | "nodeGroups" | "region"> & { storageClass?: string | undefined };

/**
 * ARN of the customer's key with which EBS encrypts volumes for which no key is named, in this account and region. Undefined: EBS's own key, which
 * everybody in the account may use through EBS; or no volume of this stack uses the default.
 */
export async function findVolumeKey(
    { nodeGroups, storageClass }: VolumeSettings,
    provider: pulumi.ProviderResource,
): Promise<Lookup<string | undefined>> {
    if (nodeGroups === undefined && storageClass !== undefined) return { value: undefined };
    const key = await lookUp(getDefaultKmsKey({}, { provider }));
    return "failure" in key ? key : { value: key.value.keyArn.endsWith("alias/aws/ebs") ? undefined : key.value.keyArn };
}

/** A default key that may not be looked up: without rights on it a volume is created, and vanishes without an error (aws-ebs-csi-driver#3010). */
export const volumeKeyProblems = (key: Lookup<string | undefined>): Problem[] =>
    "value" in key
        ? []
        : [
              {
                  path: "aws",
                  problem: `the key with which EBS encrypts volumes by default cannot be looked up: ${key.failure}.`,
                  remedy: "Allow ec2:GetEbsDefaultKmsKeyId.",
              },
          ];

/** What somebody has to do by hand before a customer's key works, beside the rights that the stack gives to the driver that it installs. */
export function volumeKeyNotes(settings: VolumeSettings & { account: string }, key: string | undefined): string[] {
    if (key === undefined) return [];
    const { nodeGroups, storageClass, region, account } = settings;
    const choices: AddOnChoices = addOnChoices(settings);
    const autoScaling = `arn:${partitionOf(region)}:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`;
    return [
        ...(nodeGroups
            ? [
                  // Its operations are those of the Amazon EC2 Auto Scaling user guide, "Required AWS KMS key policy for use with encrypted volumes".
                  `Nodes' volumes are encrypted with this account's default key for EBS, ${key}: no node starts before the Auto Scaling service may use it. If it may not yet: aws kms create-grant --region ${region} --key-id ${key} --grantee-principal ${autoScaling} --operations Encrypt Decrypt ReEncryptFrom ReEncryptTo GenerateDataKey GenerateDataKeyWithoutPlaintext DescribeKey CreateGrant`,
              ]
            : []),
        ...(storageClass === undefined && choices.ebsCsi !== "install"
            ? [
                  `Pods' volumes are encrypted with this account's default key for EBS, ${key}: the role of the EBS CSI driver in this cluster needs kms:CreateGrant, kms:Decrypt and kms:GenerateDataKeyWithoutPlaintext on it, or no volume can be created.`,
              ]
            : []),
    ];
}
