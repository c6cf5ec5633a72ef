import { PodIdentityAssociation } from "@pulumi/aws/eks";
import * as pulumi from "@pulumi/pulumi";
import { ACCESS, type Grant, type Granted } from "../../../blocks/access";
import type { ObjectStore } from "../../../blocks/objectStore";
import { childOptions } from "../../../kubernetes/childOptions";
import { streamPrefix } from "../../../naming/names";
import { type Pods, podTrust } from "../iam/podTrust";
import { fleetRole, type RoleArgs } from "../iam/role";
import { assumeStatements, prefixStatements, roleTrust } from "../iam/statements";

/** A bucket and its key, as IAM calls them. */
type Encrypted = NonNullable<ObjectStore["iam"]>;

export interface IdentityArgs extends Omit<Grant, "store"> {
    on: Encrypted;
    role: RoleArgs;
    pods: Pods;
}

/** An IAM role that the pods of one service account wear, with the rights of one component on one stream, or only to become the role that has them. */
export class Identity extends pulumi.ComponentResource {
    readonly granted: Granted;

    constructor(name: string, args: IdentityArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:Identity", name, {}, opts);
        const here = childOptions(this, opts);
        const { pods, namespace, serviceAccount, assume } = args;

        const { role, policy } = fleetRole(
            name,
            args.role,
            {
                trust: podTrust(pods, { namespace, serviceAccount }),
                rights:
                    assume === undefined
                        ? pulumi
                              .output(args.on)
                              .apply((on) => prefixStatements({ ...on, access: ACCESS[args.component], prefix: streamPrefix(args.stream) }))
                        : assumeStatements(assume),
            },
            here,
        );

        if (pods.by === "irsa") {
            // The pods' S3 client assumes one role, by the pod's own token; there is no place in Thanos's objstore file for a second.
            if (assume !== undefined) throw new Error(`${serviceAccount} cannot assume ${assume}: that takes EKS Pod Identity`);
            this.granted = { annotations: { "eks.amazonaws.com/role-arn": role.arn }, ready: [policy] };
        } else {
            const association = new PodIdentityAssociation(
                name,
                {
                    clusterName: pods.cluster,
                    namespace,
                    serviceAccount,
                    roleArn: role.arn,
                    ...(assume !== undefined && { targetRoleArn: assume }),
                },
                here,
            );
            this.granted = { annotations: {}, ready: [association, policy] };
        }
        this.registerOutputs({ roleArn: role.arn });
    }
}

export interface ObserverRoleArgs {
    role: RoleArgs;
    /** ARN of the one role that may assume it. It need not exist yet. */
    assumedBy: string;
    on: Encrypted;
    /** The cluster whose blocks it writes. */
    stream: string;
}

/** A role of the observer's account through which a cluster of another account uploads its blocks. */
export class ObserverRole extends pulumi.ComponentResource {
    readonly arn: pulumi.Output<string>;

    constructor(name: string, args: ObserverRoleArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:ObserverRole", name, {}, opts);
        const { role } = fleetRole(
            name,
            args.role,
            {
                trust: roleTrust(args.assumedBy),
                rights: pulumi
                    .output(args.on)
                    .apply((on) => prefixStatements({ ...on, access: ACCESS.prometheus, prefix: streamPrefix(args.stream) })),
            },
            childOptions(this, opts),
        );
        this.arn = role.arn;
        this.registerOutputs({ roleArn: role.arn });
    }
}
