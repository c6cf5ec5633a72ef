import { PodIdentityAssociation } from "@pulumi/aws/eks";
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import type { Grant } from "../cloud";
import { within } from "../within";
import { podIdentityTrust, policyDocument, prefixStatements } from "./iam";

export interface IdentityArgs extends Grant {
    eksCluster: string;
}

/** An IAM role that the pods of one service account wear through EKS Pod Identity, with rights on one prefix of the bucket. */
export class Identity extends pulumi.ComponentResource {
    constructor(name: string, args: IdentityArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:Identity", name, {}, opts);
        const here = within(this, opts);

        const role = new iam.Role(
            name,
            { namePrefix: roleNamePrefix(args.serviceAccount), assumeRolePolicy: policyDocument(podIdentityTrust) },
            here,
        );
        const { arn, kmsKeyArn } = args.store;
        if (arn === undefined || kmsKeyArn === undefined) throw new Error("an AWS identity needs the ARNs of the bucket and its key");
        new iam.RolePolicy(
            name,
            {
                role: role.name,
                policy: pulumi
                    .all([arn, kmsKeyArn])
                    .apply(([bucketArn, key]) =>
                        policyDocument(prefixStatements({ access: args.access, bucketArn, prefix: args.prefix, kmsKeyArn: key })),
                    ),
            },
            here,
        );
        new PodIdentityAssociation(
            name,
            { clusterName: args.eksCluster, namespace: args.namespace, serviceAccount: args.serviceAccount, roleArn: role.arn },
            here,
        );
        this.registerOutputs({ roleArn: role.arn });
    }
}

/** IAM allows 38 characters before the suffix that makes the name unique. */
export const roleNamePrefix = (serviceAccount: string) => `${serviceAccount.slice(0, 37)}-`;
