import { Addon } from "@pulumi/aws/eks";
import * as pulumi from "@pulumi/pulumi";
import { type Pods, podTrust } from "../../iam/podTrust";
import { fleetRole, type RoleArgs } from "../../iam/role";
import type { Statement } from "../../iam/statements";
import { EKS_ADD_ONS, type EksAddOnName } from "./catalogue";

/** The EKS cluster that an add-on is installed in. */
export interface AddOnCluster {
    name: pulumi.Input<string>;
    vpcId: pulumi.Input<string>;
    /** How its pods come by a role. */
    pods: Pods;
}

export interface EksAddOnArgs {
    eks: Pick<AddOnCluster, "name" | "pods">;
    addOn: EksAddOnName;
    /** What its pods wear, for those that call AWS. */
    identity?: { role: RoleArgs; namespace: string; serviceAccount: string; rights: pulumi.Input<Statement[]> };
    /** As its schema wants it: `aws eks describe-addon-configuration` shows it. */
    configuration?: Record<string, unknown>;
}

/**
 * An add-on that EKS installs and updates. Its version is EKS's choice at that moment, and stays: one that is written down would stand in the way of the
 * cluster's next Kubernetes version. What is there by other means is not overwritten: EKS refuses, and says what is in its way.
 */
export function eksAddOn(name: string, args: EksAddOnArgs, opts: pulumi.CustomResourceOptions): Addon {
    const { eks, identity, configuration } = args;
    const worn = identity && fleetRole(name, identity.role, { trust: podTrust(eks.pods, identity), rights: identity.rights }, opts);
    return new Addon(
        name,
        {
            clusterName: eks.name,
            addonName: EKS_ADD_ONS[args.addOn].name,
            ...(configuration && { configurationValues: JSON.stringify(configuration) }),
            // What somebody changed by hand in between is changed back.
            resolveConflictsOnUpdate: "OVERWRITE",
            ...(worn &&
                identity &&
                (eks.pods.by === "irsa"
                    ? { serviceAccountRoleArn: worn.role.arn }
                    : { podIdentityAssociations: [{ serviceAccount: identity.serviceAccount, roleArn: worn.role.arn }] })),
        },
        pulumi.mergeOptions(opts, { dependsOn: worn ? [worn.policy] : [] }),
    );
}
