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
    /** Name of the cluster in its fleet. */
    clusterName: string;
    /** DNS domain of the fleet. */
    domain: string;
}

/**
 * ExternalDNS publishes the names of Services and Ingresses, and deletes only records that it wrote itself: those whose TXT record has its owner id. So the id
 * is unique among all clusters that may share a zone, and never changes: ExternalDNS neither updates nor deletes what it wrote under another one (external-dns,
 * docs/registry/registry.md). The cluster's name alone is not unique: every fleet may have an `observer`. A filter by domain would not keep two fleets apart
 * either, because the filter `example.com` also matches the names of a fleet in `staging.example.com`.
 *
 * The zone filter is required: without it ExternalDNS lists the records of every zone that it sees, and stops at the first that it may not read
 * (aws-ia/terraform-aws-eks-blueprints-addons#333).
 */
export const externalDns = (
    name: string,
    { eks, region, role, zoneId, clusterName, domain }: ExternalDnsArgs,
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
                txtOwnerId: `${clusterName}.${domain}`,
                sources: ["service", "ingress"],
                extraArgs: [`--zone-id-filter=${zoneId}`],
            },
        },
        opts,
    );
