import { Addon } from "@pulumi/aws/eks";
import type * as pulumi from "@pulumi/pulumi";

/**
 * What EKS puts into every cluster that it makes, as an add-on, so that `aws eks update-addon` can update it: until then it is nobody's. This is why what is there
 * is overwritten.
 */
export const builtInAddOn = (
    name: "vpc-cni" | "kube-proxy" | "coredns",
    cluster: pulumi.Input<string>,
    opts: pulumi.CustomResourceOptions,
): Addon =>
    new Addon(
        name,
        { clusterName: cluster, addonName: name, resolveConflictsOnCreate: "OVERWRITE", resolveConflictsOnUpdate: "OVERWRITE" },
        opts,
    );
