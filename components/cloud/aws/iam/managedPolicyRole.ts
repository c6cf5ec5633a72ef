import * as iam from "@pulumi/aws/iam";
import type * as pulumi from "@pulumi/pulumi";
import { partitionOf } from "./names";
import { newRole, type RoleArgs } from "./role";
import type { Statement } from "./statements";

export interface ServiceRoleArgs {
    role: RoleArgs;
    trust: Statement[];
    /** Names of policies that AWS keeps. */
    policies: readonly string[];
    region: string;
}

/** A role for a part of EKS whose rights AWS itself defines, since only AWS knows what that part does. */
export function serviceRole(
    name: string,
    { role, trust, policies, region }: ServiceRoleArgs,
    opts: pulumi.CustomResourceOptions,
): { role: iam.Role; attached: pulumi.Resource[] } {
    const made = newRole(name, role, trust, opts);
    const attached = policies.map(
        (policy) =>
            new iam.RolePolicyAttachment(
                `${name}-${policy}`,
                { role: made.name, policyArn: `arn:${partitionOf(region)}:iam::aws:policy/${policy}` },
                opts,
            ),
    );
    return { role: made, attached };
}
