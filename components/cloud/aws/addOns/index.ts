import * as pulumi from "@pulumi/pulumi";
import type { AddOnChoices } from "../../../../config/schema/addOnChoices";
import { childOptions } from "../../../kubernetes/childOptions";
import type { RoleArgs } from "../iam/role";
import { EBS_CSI, ebsCsiConfiguration, ebsCsiStatements } from "./ebsCsi";
import type { EksAddOnName } from "./eks/catalogue";
import { type AddOnCluster, type EksAddOnArgs, eksAddOn } from "./eks/eksAddOn";
import { EXTERNAL_DNS, externalDnsConfiguration, externalDnsStatements } from "./externalDns";
import { loadBalancerController } from "./loadBalancerController";
import { storageClass } from "./storageClass";

export interface AddOnsArgs {
    choices: AddOnChoices;
    eks: AddOnCluster;
    region: string;
    /** Name of the StorageClass to make, whoever installs the driver. */
    storageClass?: string | undefined;
    /** The one zone that ExternalDNS may write. */
    zoneId?: string | undefined;
    /** Marks this cluster's DNS records: the cluster's name in the fleet. */
    owner: string;
    /** On volumes and load balancers. */
    tags: Record<string, string>;
    /** The role of an add-on, by the name it has in this project. */
    role: (addOn: string) => RoleArgs;
}

/** What a fleet's platform stands on, as far as this stack is to install it. */
export class AddOns extends pulumi.ComponentResource {
    /** What has to be there before a pod that uses it. */
    readonly ready: pulumi.Resource[];

    constructor(name: string, args: AddOnsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:AddOns", name, {}, opts);
        const here = childOptions(this, opts);
        const { choices, eks, region, zoneId, owner, tags, role } = args;
        const installs = (addOn: keyof AddOnChoices) => choices[addOn] === "install";
        const add = (
            addOn: EksAddOnName,
            more: pulumi.CustomResourceOptions,
            how: Pick<EksAddOnArgs, "identity" | "configuration"> = {},
        ) => (installs(addOn) ? [eksAddOn(addOn, { eks, addOn, ...how }, more)] : []);

        const agent = add("podIdentityAgent", here);
        // A pod that starts before the agent has no credentials, until it is started again.
        const after = pulumi.mergeOptions(here, { dependsOn: agent });
        const ebsCsi = add("ebsCsi", after, {
            identity: {
                role: role("ebs-csi"),
                ...EBS_CSI,
                rights: pulumi.output(eks.name).apply((cluster) => ebsCsiStatements({ region, cluster })),
            },
            configuration: ebsCsiConfiguration(tags),
        });
        const volumes =
            args.storageClass === undefined ? [] : [storageClass(args.storageClass, pulumi.mergeOptions(here, { dependsOn: ebsCsi }))];
        // config/checks/aws.ts refuses to install it without a zone.
        const dns =
            zoneId === undefined
                ? []
                : add("externalDns", after, {
                      identity: { role: role("external-dns"), ...EXTERNAL_DNS, rights: externalDnsStatements({ region, zoneId }) },
                      configuration: externalDnsConfiguration({ zoneId, owner }),
                  });
        const balancing = installs("loadBalancerController")
            ? [loadBalancerController("loadBalancerController", { eks, region, role: role("load-balancers"), tags }, after)]
            : [];

        this.ready = [...agent, ...ebsCsi, ...volumes, ...balancing, ...dns, ...add("certManager", here), ...add("metricsServer", here)];
        this.registerOutputs({});
    }
}
