import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { policyDocument, type Statement } from "./statements";

export interface RoleArgs {
    /** Name of the role in IAM. Derived, never generated: policies of other stacks name the role before it exists (docs/adr/0011). */
    name: string;
    /** IAM path of the role: `/`, or `/thanos-fleet/`. */
    path: string;
    /** ARN of the permissions boundary: a policy that limits what the role's own policy grants. @default none */
    permissionsBoundary?: string | undefined;
}

/** A role that has a trust policy and no rights yet. */
export const roleWithoutRights = (
    name: string,
    role: RoleArgs,
    trust: pulumi.Input<Statement[]>,
    opts: pulumi.CustomResourceOptions,
): iam.Role =>
    new iam.Role(
        name,
        {
            name: role.name,
            path: role.path,
            ...(role.permissionsBoundary !== undefined && { permissionsBoundary: role.permissionsBoundary }),
            assumeRolePolicy: pulumi.output(trust).apply(policyDocument),
        },
        opts,
    );

/** A role with one inline policy. */
export function roleWithPolicy(
    name: string,
    args: RoleArgs,
    statements: { trust: pulumi.Input<Statement[]>; rights: pulumi.Input<Statement[]> },
    opts: pulumi.CustomResourceOptions,
): { role: iam.Role; policy: iam.RolePolicy } {
    const role = roleWithoutRights(name, args, statements.trust, opts);
    const policy = new iam.RolePolicy(name, { role: role.name, policy: pulumi.output(statements.rights).apply(policyDocument) }, opts);
    return { role, policy };
}
