import { setTimeout } from "node:timers/promises";
import { PodIdentityAssociation } from "@pulumi/aws/eks";
import type * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { type RoleArgs, roleWithPolicy } from "./role";
import { irsaTrust, podIdentityTrust, type Statement } from "./statements";

/**
 * How the pods of a cluster get the credentials of an IAM role: through EKS Pod Identity, or through the cluster's OIDC provider (IRSA).
 */
export type PodIdentitySource =
    | { by: "pod-identity"; eksName: pulumi.Input<string>; clusterArn: pulumi.Input<string> }
    | { by: "irsa"; issuer: pulumi.Input<string>; oidcProviderArn: pulumi.Input<string> };

export interface PodRoleArgs {
    /** Name, path and permissions boundary of the role. */
    role: RoleArgs;
    /** How the cluster's pods get credentials. */
    podIdentity: PodIdentitySource;
    /** Namespace of the service account. */
    namespace: string;
    /** Name of the service account whose pods may assume the role. */
    serviceAccount: pulumi.Input<string>;
    /** Statements of the role's own policy. */
    rights: pulumi.Input<Statement[]>;
    /** ARN of a role of another account that EKS assumes for the pods through this one. Pod Identity only. @default none */
    assume?: string | undefined;
}

export interface PodRole {
    role: iam.Role;
    /** Annotations that the service account has to carry: none with Pod Identity. */
    annotations: Record<string, pulumi.Input<string>>;
    /** What has to exist before the pods start: EKS hands out credentials only to pods that start after their association has taken effect. */
    ready: pulumi.Input<pulumi.Resource>[];
}

/**
 * How long a Pod Identity association takes to take effect, in milliseconds. AWS says "several seconds" (EKS API reference,
 * CreatePodIdentityAssociation); 5 to 10 were measured (eks-pod-identity-agent#52).
 */
const TAKES_EFFECT = 15_000;

/**
 * Resolves to the association once it has taken effect, for `dependsOn`. EKS injects credentials only when a pod is admitted: a pod that is
 * admitted too early never gets any, restarts of its containers included. Every update waits, since no provider says how old an association is, and an
 * interrupted update may have made it a moment ago; all associations are waited for at the same time. A preview creates nothing and waits for nothing.
 */
export const inEffect = (association: pulumi.CustomResource): pulumi.Output<pulumi.Resource> =>
    association.id.apply(async () => {
        if (!pulumi.runtime.isDryRun()) await setTimeout(TAKES_EFFECT);
        return association;
    });

/**
 * A role with one policy that the pods of one service account assume, and the association or the annotation by which they get it. `opts` should
 * wait for nothing: an association needs the cluster only, and takes effect while nodes and add-ons are made.
 */
export function podRole(name: string, args: PodRoleArgs, opts: pulumi.CustomResourceOptions): PodRole {
    const { podIdentity, namespace, serviceAccount, assume } = args;
    // With IRSA the S3 client assumes one role with the pod's own token, and Thanos's objstore file has no field for a second.
    if (podIdentity.by === "irsa" && assume !== undefined) throw new Error(`${name} cannot assume ${assume}: that takes EKS Pod Identity`);
    const { role, policy } = roleTrustedByPods(name, args, opts);
    if (podIdentity.by === "irsa") return { role, annotations: { "eks.amazonaws.com/role-arn": role.arn }, ready: [policy] };
    const association = new PodIdentityAssociation(
        name,
        {
            clusterName: podIdentity.eksName,
            namespace,
            serviceAccount,
            roleArn: role.arn,
            ...(assume !== undefined && { targetRoleArn: assume }),
        },
        opts,
    );
    return { role, annotations: {}, ready: [policy, inEffect(association)] };
}

/** The role and its policy alone, for an EKS add-on: EKS makes the association or the annotation itself. */
export const roleTrustedByPods = (name: string, args: Omit<PodRoleArgs, "assume">, opts: pulumi.CustomResourceOptions) =>
    roleWithPolicy(name, args.role, { trust: podTrust(args), rights: args.rights }, opts);

const podTrust = ({ podIdentity, namespace, serviceAccount }: Omit<PodRoleArgs, "assume">): pulumi.Output<Statement[]> =>
    podIdentity.by === "irsa"
        ? pulumi
              .output({ ...podIdentity, serviceAccount })
              .apply(({ issuer, oidcProviderArn, serviceAccount }) => irsaTrust({ issuer, oidcProviderArn, namespace, serviceAccount }))
        : pulumi
              .output({ clusterArn: podIdentity.clusterArn, serviceAccount })
              .apply(({ clusterArn, serviceAccount }) => podIdentityTrust({ clusterArn, namespace, serviceAccount }));
