import { Addon } from "@pulumi/aws/eks";
import type * as pulumi from "@pulumi/pulumi";

/**
 * Turns a component that EKS installs in every new cluster into an EKS add-on, so that `aws eks update-addon` can update it: EKS by itself
 * never does. It is installed already, which is why the add-on overwrites it.
 */
export const builtInAddOn = (
    name: "vpc-cni" | "kube-proxy" | "coredns",
    eksName: pulumi.Input<string>,
    opts: pulumi.CustomResourceOptions,
): Addon =>
    new Addon(
        name,
        { clusterName: eksName, addonName: name, resolveConflictsOnCreate: "OVERWRITE", resolveConflictsOnUpdate: "OVERWRITE" },
        opts,
    );
