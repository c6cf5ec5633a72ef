import type * as pulumi from "@pulumi/pulumi";
import type { PodIdentitySource } from "../iam/podRole";

/** What the rest of a stack needs to know of its EKS cluster, whether the stack creates it or finds it. */
export interface EksConnection {
    /** Name of the cluster in EKS. */
    eksName: pulumi.Input<string>;
    /** Content of a kubeconfig. */
    kubeconfig: pulumi.Input<string>;
    /** Kubernetes version of the control plane: `1.34`. */
    version: pulumi.Input<string>;
    vpcId: pulumi.Input<string>;
    /** The cluster's security group, which EKS attaches to the control plane and to nodes whose launch template names none. */
    securityGroupId: pulumi.Input<string>;
    /** How the cluster's pods get credentials. */
    podIdentity: PodIdentitySource;
    /** Subnets for nodes, one per zone. @default none, where the cluster exists already */
    subnets?: Subnets;
    /** What has to exist before anything is deployed to the cluster. */
    ready: pulumi.Resource[];
}

/** Ids of subnets, by the part of a node group's name that stands for the subnet: with another name the node group would be replaced. */
export type Subnets = Record<string, pulumi.Input<string>>;

/** Existing subnets appear in names by their ids. */
export const subnetsById = (ids: readonly string[]): Subnets => Object.fromEntries(ids.map((id) => [id, id]));

export interface KubeconfigArgs {
    /** Name of the cluster in EKS. */
    eksName: string;
    /** AWS region of the cluster. */
    region: string;
    /** URL of the API server. */
    endpoint: string;
    /** Certificate of the API server's authority, in base64. */
    certificateAuthority: string;
    /** Profile of the AWS CLI's configuration. @default the shell's credentials */
    profile?: string | undefined;
}

/** A kubeconfig that gets a token from the AWS CLI for each session: it holds no secret and does not expire. */
export function eksKubeconfig(cluster: KubeconfigArgs): string {
    const profile = cluster.profile === undefined ? [] : ["--profile", cluster.profile];
    return JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: "eks", cluster: { server: cluster.endpoint, "certificate-authority-data": cluster.certificateAuthority } }],
        users: [
            {
                name: "eks",
                user: {
                    exec: {
                        apiVersion: "client.authentication.k8s.io/v1beta1",
                        command: "aws",
                        args: [
                            ...profile,
                            "--region",
                            cluster.region,
                            "eks",
                            "get-token",
                            "--cluster-name",
                            cluster.eksName,
                            "--output",
                            "json",
                        ],
                    },
                },
            },
        ],
        contexts: [{ name: "eks", context: { cluster: "eks", user: "eks" } }],
        "current-context": "eks",
    });
}
