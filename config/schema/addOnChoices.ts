import type { AddOnName, AwsAccount } from ".";

/** How each add-on comes into the cluster. */
export type AddOnChoices = Record<AddOnName, NonNullable<AwsAccount["addOns"][AddOnName]>>;

/** What the configuration says, and what it leaves open: a cluster made here gets everything, one that exists is asked for what the fleet cannot do without. Pure. */
export function addOnChoices({ addOns, cluster, identity }: Pick<AwsAccount, "addOns" | "cluster" | "identity">): AddOnChoices {
    const open = cluster.create ? "install" : "present";
    const spare = cluster.create ? "install" : "unmanaged";
    return {
        podIdentityAgent: addOns.podIdentityAgent ?? (identity.by === "irsa" ? spare : open),
        ebsCsi: addOns.ebsCsi ?? open,
        loadBalancerController: addOns.loadBalancerController ?? open,
        externalDns: addOns.externalDns ?? open,
        certManager: addOns.certManager ?? spare,
        metricsServer: addOns.metricsServer ?? spare,
    };
}
