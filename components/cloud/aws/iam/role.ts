import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { policyDocument, type Statement } from "./statements";

export interface RoleArgs {
    /** Derived, never generated: policies of other stacks name the role before it exists (docs/adr/0011). */
    name: string;
    path: string;
    /** ARN of a policy that bounds what the role's own policy gives. */
    permissionsBoundary?: string | undefined;
}

/** A role without rights yet. */
export const newRole = (name: string, role: RoleArgs, trust: pulumi.Input<Statement[]>, opts: pulumi.CustomResourceOptions): iam.Role =>
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

/** A role with one policy. */
export function fleetRole(
    name: string,
    role: RoleArgs,
    statements: { trust: pulumi.Input<Statement[]>; rights: pulumi.Input<Statement[]> },
    opts: pulumi.CustomResourceOptions,
): { role: iam.Role; policy: iam.RolePolicy } {
    const made = newRole(name, role, statements.trust, opts);
    const policy = new iam.RolePolicy(name, { role: made.name, policy: pulumi.output(statements.rights).apply(policyDocument) }, opts);
    return { role: made, policy };
}
