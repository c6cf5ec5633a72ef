import * as pulumi from "@pulumi/pulumi";
import type { AddOnChoices } from "../../../../config/schema/addOnChoices";
import { childOptions } from "../../../kubernetes/childOptions";
import type { RoleArgs } from "../iam/role";
import { ebsCsi } from "./ebsCsi";
import { type AddOnCluster, eksAddOn } from "./eks/eksAddOn";
import { externalDns } from "./externalDns";
import { loadBalancerController } from "./loadBalancerController";
import { storageClass } from "./storageClass";

export interface AddOnsArgs {
    /** For each add-on: whether this stack installs it. */
    choices: AddOnChoices;
    eks: AddOnCluster;
    /** AWS region of the cluster. */
    region: string;
    /** Name of the StorageClass to create, whoever installs the driver. @default none is created */
    createStorageClass?: string | undefined;
    /** ARN of the customer's key that encrypts volumes by default. @default EBS's own, on which nobody needs rights */
    volumeKey?: string | undefined;
    /** Id of the one Route 53 zone that ExternalDNS may write. @default ExternalDNS is not installed */
    zoneId?: string | undefined;
    /** Name of the cluster in its fleet. */
    clusterName: string;
    /** DNS domain of the fleet. */
    domain: string;
    /** Tags of volumes and load balancers. */
    tags: Record<string, string>;
    /** Name, path and permissions boundary of an add-on's role. */
    role: (addOn: string) => RoleArgs;
}

/** The add-ons that a fleet needs in an EKS cluster, as far as this stack installs them. */
export class AddOns extends pulumi.ComponentResource {
    /** Pods that use an add-on wait for these. */
    readonly ready: pulumi.Resource[];

    constructor(name: string, args: AddOnsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:AddOns", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { choices, eks, region, volumeKey, zoneId, clusterName, domain, tags, role } = args;
        const install = <Name extends keyof AddOnChoices, T>(addOn: Name, create: (addOn: Name) => T): T[] =>
            choices[addOn] === "install" ? [create(addOn)] : [];

        const agent = install("podIdentityAgent", (addOn) => eksAddOn(addOn, { eks, addOn }, childOpts));
        // A pod that starts before the agent has no credentials until it restarts.
        const afterAgent = pulumi.mergeOptions(childOpts, { dependsOn: agent });
        const driver = install("ebsCsi", (addOn) => ebsCsi(addOn, { eks, region, tags, volumeKey, role: role("ebs-csi") }, afterAgent));
        const volumes =
            args.createStorageClass === undefined
                ? []
                : [storageClass(args.createStorageClass, pulumi.mergeOptions(childOpts, { dependsOn: driver }))];
        // config/checks/aws.ts refuses to install ExternalDNS without a zone.
        const dns =
            zoneId === undefined
                ? []
                : install("externalDns", (addOn) =>
                      externalDns(addOn, { eks, region, zoneId, clusterName, domain, role: role("external-dns") }, afterAgent),
                  );
        const loadBalancers = install("loadBalancerController", (addOn) =>
            loadBalancerController(addOn, { eks, region, tags, role: role("load-balancers") }, afterAgent),
        );
        const certManager = install("certManager", (addOn) => eksAddOn(addOn, { eks, addOn }, childOpts));
        const metricsServer = install("metricsServer", (addOn) => eksAddOn(addOn, { eks, addOn }, childOpts));

        this.ready = [...agent, ...driver, ...volumes, ...loadBalancers, ...dns, ...certManager, ...metricsServer];
        this.registerOutputs({});
    }
}
