import { getAddonVersion } from "@pulumi/aws/eks";
import type * as pulumi from "@pulumi/pulumi";
import type { AddOnChoices } from "../../../../config/schema/addOnChoices";
import type { Problem } from "../../../../rules/problem";
import { EKS_ADD_ONS, type EksAddOnName, installedOnEks } from "../addOns/eks/catalogue";
import { isAbsence, type Lookup, lookUp } from "./awsLookup";

interface OfferArgs {
    /** For each add-on: whether this stack installs it. */
    choices: AddOnChoices;
    /** Kubernetes version of the cluster: `1.34`. */
    version: string;
    /** AWS region of the cluster. */
    region: string;
}

/** Add-ons that this stack would install and EKS does not have. EKS is asked before anything is declared: it would refuse half-way. */
export async function unofferedAddOns(args: OfferArgs & { provider: pulumi.ProviderResource }): Promise<Problem[]> {
    const problems = installedOnEks(args.choices).map(async (addOn) => {
        const call = getAddonVersion({ addonName: EKS_ADD_ONS[addOn].name, kubernetesVersion: args.version }, { provider: args.provider });
        return offerProblems(addOn, args, await lookUp(call));
    });
    return (await Promise.all(problems)).flat();
}

/** Not every region and partition has every add-on (eksctl#8146). */
export function offerProblems(addOn: EksAddOnName, { version, region }: Omit<OfferArgs, "choices">, offer: Lookup<unknown>): Problem[] {
    if ("value" in offer) return [];
    const { name } = EKS_ADD_ONS[addOn];
    return [
        isAbsence(offer.failure)
            ? {
                  path: `aws.addOns.${addOn}`,
                  problem: `EKS in ${region} has no add-on ${name} for Kubernetes ${version}.`,
                  remedy: "Write unmanaged, and install it by other means if the fleet needs it.",
              }
            : {
                  path: `aws.addOns.${addOn}`,
                  problem: `EKS in ${region} cannot be asked for ${name}: ${offer.failure}.`,
                  remedy: "Allow eks:DescribeAddonVersions. Or write unmanaged.",
              },
    ];
}
