import { partitionOf } from "./names";
import type { Statement } from "./statements";

/** In a key policy, `*` means this key. */
export const THIS_KEY = ["*"];

/**
 * Lets the account administer a key, and not use it. An administrator can still grant themselves the use, but only by changing the key
 * policy, which CloudTrail shows; without `PutKeyPolicy` for the account nobody could ever change the policy again (KMS developer guide,
 * "Default key policy"). `CreateGrant` is left out: a grant gives the use of the key without a change of its policy.
 */
export const keyAdministration = ({ region, account }: { region: string; account: string }): Statement => ({
    Sid: "Administration",
    Effect: "Allow",
    Principal: { AWS: [`arn:${partitionOf(region)}:iam::${account}:root`] },
    Action: [
        "kms:CancelKeyDeletion",
        "kms:CreateAlias",
        "kms:DeleteAlias",
        "kms:DescribeKey",
        "kms:DisableKey",
        "kms:DisableKeyRotation",
        "kms:EnableKey",
        "kms:EnableKeyRotation",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:ListGrants",
        "kms:ListKeyPolicies",
        "kms:ListKeyRotations",
        "kms:ListResourceTags",
        "kms:PutKeyPolicy",
        "kms:RevokeGrant",
        "kms:RotateKeyOnDemand",
        "kms:ScheduleKeyDeletion",
        "kms:TagResource",
        "kms:UntagResource",
        "kms:UpdateAlias",
        "kms:UpdateKeyDescription",
    ],
    Resource: THIS_KEY,
});
