import type { AddOnChoices } from "../../../../../config/schema/addOnChoices";

/** The AWS Load Balancer Controller is not an EKS add-on, so EKS cannot say whether it is installed. */
export type EksAddOnName = Exclude<keyof AddOnChoices, "loadBalancerController">;

/** Add-ons of EKS: the name in EKS, and the oldest version that this project works with. */
export const EKS_ADD_ONS: Record<EksAddOnName, { name: string; oldest?: string }> = {
    podIdentityAgent: { name: "eks-pod-identity-agent" },
    // The first version that gets its credentials from the agent (EKS user guide, "Pod Identity Support Reference").
    ebsCsi: { name: "aws-ebs-csi-driver", oldest: "1.26" },
    // The version that its own tutorial requires (external-dns, docs/tutorials/aws.md).
    externalDns: { name: "external-dns", oldest: "0.15" },
    certManager: { name: "cert-manager" },
    metricsServer: { name: "metrics-server" },
};

const chosen = (choices: AddOnChoices, choice: "install" | "present") =>
    (Object.keys(EKS_ADD_ONS) as EksAddOnName[]).filter((addOn) => choices[addOn] === choice);

/** Add-ons to look up in the cluster: those that the configuration says are present. */
export const presentOnEks = (choices: AddOnChoices) => chosen(choices, "present");

/** Add-ons that this stack installs from EKS. */
export const installedOnEks = (choices: AddOnChoices) => chosen(choices, "install");
