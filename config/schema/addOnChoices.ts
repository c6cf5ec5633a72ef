import type { AddOnName, AwsAccount } from "./aws";

/** Who installs each add-on. */
export type AddOnChoices = Record<AddOnName, NonNullable<AwsAccount["addOns"][AddOnName]>>;

/**
 * The configured choices, and a default for each add-on that the configuration does not mention: the stack installs them in a cluster that it
 * creates, and expects those that the fleet cannot work without in an existing one. Nothing of the fleet uses cert-manager, so it is never a default.
 */
export function addOnChoices({ addOns, cluster, identity }: Pick<AwsAccount, "addOns" | "cluster" | "identity">): AddOnChoices {
    const required = cluster.create ? "install" : "present";
    const optional = cluster.create ? "install" : "unmanaged";
    return {
        podIdentityAgent: addOns.podIdentityAgent ?? (identity.by === "irsa" ? optional : required),
        ebsCsi: addOns.ebsCsi ?? required,
        loadBalancerController: addOns.loadBalancerController ?? required,
        externalDns: addOns.externalDns ?? required,
        certManager: addOns.certManager ?? "unmanaged",
        metricsServer: addOns.metricsServer ?? optional,
    };
}
