import { Addon } from "@pulumi/aws/eks";
import * as pulumi from "@pulumi/pulumi";
import { type PodIdentitySource, roleTrustedByPods } from "../../iam/podRole";
import type { RoleArgs } from "../../iam/role";
import type { Statement } from "../../iam/statements";
import { EKS_ADD_ONS, type EksAddOnName } from "./catalogue";

/** The EKS cluster that an add-on is installed in. */
export interface AddOnCluster {
    /** Name of the cluster in EKS. */
    eksName: pulumi.Input<string>;
    vpcId: pulumi.Input<string>;
    /** How the cluster's pods get credentials. */
    podIdentity: PodIdentitySource;
}

export interface EksAddOnArgs {
    eks: Pick<AddOnCluster, "eksName" | "podIdentity">;
    /** Name of the add-on in this project's configuration. */
    addOn: EksAddOnName;
    /**
     * The role of the add-on's pods, their service account, and the statements of the role's policy.
     * @default none: the pods do not call AWS
     */
    identity?: { role: RoleArgs; namespace: string; serviceAccount: string; rights: pulumi.Input<Statement[]> };
    /** Settings in the add-on's own schema, which `aws eks describe-addon-configuration` prints. @default the add-on's */
    configuration?: Record<string, unknown>;
}

/**
 * An add-on that EKS installs and updates. EKS chooses the version at that moment, and it stays: a version written here would block the
 * cluster's next Kubernetes version. EKS does not overwrite what is installed by other means: it refuses, and names the conflict.
 */
export function eksAddOn(name: string, args: EksAddOnArgs, opts: pulumi.CustomResourceOptions): Addon {
    const { eks, identity, configuration } = args;
    const pods = identity && {
        ...roleTrustedByPods(name, { ...identity, podIdentity: eks.podIdentity }, opts),
        serviceAccount: identity.serviceAccount,
    };
    return new Addon(
        name,
        {
            clusterName: eks.eksName,
            addonName: EKS_ADD_ONS[args.addOn].name,
            ...(configuration && { configurationValues: JSON.stringify(configuration) }),
            // Changes made by hand in the meantime are reverted.
            resolveConflictsOnUpdate: "OVERWRITE",
            ...(pods &&
                (eks.podIdentity.by === "irsa"
                    ? { serviceAccountRoleArn: pods.role.arn }
                    : { podIdentityAssociations: [{ serviceAccount: pods.serviceAccount, roleArn: pods.role.arn }] })),
        },
        pulumi.mergeOptions(opts, { dependsOn: pods ? [pods.policy] : [] }),
    );
}
