import type { Addon } from "@pulumi/aws/eks";
import * as pulumi from "@pulumi/pulumi";
import type { RoleArgs } from "../../iam/role";
import { type AddOnCluster, eksAddOn } from "../eks/eksAddOn";
import { ebsCsiStatements } from "./policy";

const PODS = { namespace: "kube-system", serviceAccount: "ebs-csi-controller-sa" };

export interface EbsCsiArgs {
    eks: AddOnCluster;
    /** AWS region of the cluster. */
    region: string;
    /** Name, path and permissions boundary of the driver's role. */
    role: RoleArgs;
    /** Tags of every volume, beside the driver's own. */
    tags: Record<string, string>;
    /** ARN of the customer's key that encrypts volumes by default. @default EBS's own, on which nobody needs rights */
    volumeKey: string | undefined;
}

/** The EBS CSI driver. Tags are part of its configuration and not of the StorageClass, whose parameters cannot be changed. */
export const ebsCsi = (name: string, { eks, region, role, tags, volumeKey }: EbsCsiArgs, opts: pulumi.CustomResourceOptions): Addon =>
    eksAddOn(
        name,
        {
            eks,
            addOn: "ebsCsi",
            identity: {
                role,
                ...PODS,
                rights: pulumi.output(eks.eksName).apply((eksName) => ebsCsiStatements({ region, eksName, volumeKey })),
            },
            configuration: { controller: { extraVolumeTags: tags } },
        },
        opts,
    );
