import type { AddOnChoices } from "../../../../../config/schema/addOnChoices";

/** The AWS Load Balancer Controller is not one of EKS's, so nobody can be asked whether it is there. */
export type EksAddOnName = Exclude<keyof AddOnChoices, "loadBalancerController">;

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

/** Add-ons that EKS is asked about. */
export const presentOnEks = (choices: AddOnChoices) =>
    (Object.keys(EKS_ADD_ONS) as EksAddOnName[]).filter((addOn) => choices[addOn] === "present");
