import type { Addon } from "@pulumi/aws/eks";
import type * as pulumi from "@pulumi/pulumi";
import type { RoleArgs } from "../../iam/role";
import { type AddOnCluster, eksAddOn } from "../eks/eksAddOn";
import { externalDnsStatements } from "./policy";

const PODS = { namespace: "external-dns", serviceAccount: "external-dns" };

export interface ExternalDnsArgs {
    eks: AddOnCluster;
    /** AWS region of the cluster. */
    region: string;
    /** Name, path and permissions boundary of ExternalDNS's role. */
    role: RoleArgs;
    /** Id of the one Route 53 zone that ExternalDNS may write. */
    zoneId: string;
    /** Marks the records of this cluster: its name in the fleet. */
    owner: string;
}

/**
 * ExternalDNS publishes the names of Services and Ingresses, and deletes only records that it wrote itself. The zone filter is required:
 * without it ExternalDNS lists the records of every zone that it sees, and stops at the first that it may not read
 * (aws-ia/terraform-aws-eks-blueprints-addons#333).
 */
export const externalDns = (
    name: string,
    { eks, region, role, zoneId, owner }: ExternalDnsArgs,
    opts: pulumi.CustomResourceOptions,
): Addon =>
    eksAddOn(
        name,
        {
            eks,
            addOn: "externalDns",
            identity: { role, ...PODS, rights: externalDnsStatements({ region, zoneId }) },
            configuration: {
                policy: "sync",
                registry: "txt",
                txtOwnerId: owner,
                sources: ["service", "ingress"],
                extraArgs: [`--zone-id-filter=${zoneId}`],
            },
        },
        opts,
    );
