import { partitionOf } from "./names";
import type { Statement } from "./statements";

/** All that a key's policy can be about. */
export const THIS_KEY = ["*"];

/**
 * The account administers a key and cannot use it. Who administers it could give themselves its use, but only by changing its policy, which is seen; and without
 * `PutKeyPolicy` for the account nobody could ever change it again (KMS developer guide, "Default key policy"). No `CreateGrant`: it gives use unseen.
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
