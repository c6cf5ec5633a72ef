import * as iam from "@pulumi/aws/iam";
import type * as pulumi from "@pulumi/pulumi";
import type { RoleArgs } from "./fleetRole";
import { policyDocument, type Statement } from "./iam";
import { partitionOf } from "./names";

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
    const { permissionsBoundary } = role;
    const made = new iam.Role(
        name,
        {
            name: role.name,
            path: role.path,
            ...(permissionsBoundary !== undefined && { permissionsBoundary }),
            assumeRolePolicy: policyDocument(trust),
        },
        opts,
    );
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
