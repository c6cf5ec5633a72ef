import * as iam from "@pulumi/aws/iam";
import type * as pulumi from "@pulumi/pulumi";
import { partitionOf } from "./names";
import { type RoleArgs, roleWithoutRights } from "./role";
import type { Statement } from "./statements";

export interface ManagedPolicyRoleArgs {
    /** Name, path and permissions boundary of the role. */
    role: RoleArgs;
    /** Statements of the role's trust policy. */
    trust: Statement[];
    /** Names of the AWS-managed policies to attach. */
    policies: readonly string[];
    /** AWS region: the partition of the policies' ARNs follows from it. */
    region: string;
}

/** A role with AWS-managed policies, for a part of EKS whose calls only AWS knows. */
export function managedPolicyRole(
    name: string,
    { role: roleArgs, trust, policies, region }: ManagedPolicyRoleArgs,
    opts: pulumi.CustomResourceOptions,
): { role: iam.Role; attachments: pulumi.Resource[] } {
    const role = roleWithoutRights(name, roleArgs, trust, opts);
    const attachments = policies.map(
        (policy) =>
            new iam.RolePolicyAttachment(
                `${name}-${policy}`,
                { role: role.name, policyArn: `arn:${partitionOf(region)}:iam::aws:policy/${policy}` },
                opts,
            ),
    );
    return { role, attachments };
}
