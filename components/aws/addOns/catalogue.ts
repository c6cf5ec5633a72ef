import type { AddOnName, AwsAccount } from "../../../config/schema";

/** How each add-on comes into the cluster. */
export type AddOnChoices = Record<AddOnName, NonNullable<AwsAccount["addOns"][AddOnName]>>;

/** The AWS Load Balancer Controller is not one of EKS's, so nobody can be asked whether it is there. */
export type EksAddOnName = Exclude<AddOnName, "loadBalancerController">;

/** An add-on as EKS knows it: its name there, and the oldest version that does what is asked of it here. */
export const EKS_ADD_ONS: Record<EksAddOnName, { name: string; oldest?: string }> = {
    podIdentityAgent: { name: "eks-pod-identity-agent" },
    // The first that takes its role from the agent (EKS user guide, "Pod Identity Support Reference").
    ebsCsi: { name: "aws-ebs-csi-driver", oldest: "1.26" },
    // What its own tutorial asks for (external-dns, docs/tutorials/aws.md).
    externalDns: { name: "external-dns", oldest: "0.15" },
    certManager: { name: "cert-manager" },
    metricsServer: { name: "metrics-server" },
};

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
