import type * as pulumi from "@pulumi/pulumi";
import type { Pods } from "../iam/podTrust";

/** An EKS cluster, found or made: what the rest of a stack needs to know of it. */
export interface Eks {
    name: pulumi.Input<string>;
    kubeconfig: pulumi.Input<string>;
    /** Of Kubernetes. */
    version: pulumi.Input<string>;
    vpcId: pulumi.Input<string>;
    /** How its pods come by a role. */
    pods: Pods;
    /** Where its nodes go, one a zone, where it was made here. */
    subnets?: Subnets;
    /** What has to exist before anybody works on it. */
    ready: pulumi.Resource[];
}

/** Ids of subnets, by what their node groups are named after: it may not change, or the group would be replaced. */
export type Subnets = Record<string, pulumi.Input<string>>;

/** Subnets that exist are named by their ids. */
export const subnetsById = (ids: readonly string[]): Subnets => Object.fromEntries(ids.map((id) => [id, id]));

interface Reach {
    name: string;
    region: string;
    endpoint: string;
    certificateAuthority: string;
    /** Of the AWS CLI's configuration. Without it the CLI uses the shell's own credentials. */
    profile?: string | undefined;
}

/** A kubeconfig that asks the AWS CLI for a token each time: it holds no secret and does not expire. Pure. */
export function eksKubeconfig(cluster: Reach): string {
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
                            cluster.name,
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
