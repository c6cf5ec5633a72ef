import type { Region } from "@pulumi/aws";
import { getClusterOutput } from "@pulumi/aws/eks";
import { Provider } from "@pulumi/aws/provider";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { NodeGroupConfig } from "../../config/schema";
import { CHANGE_IN_PLACE, type Cloud } from "../cloud";
import { Bucket } from "./bucket";
import { Identity } from "./identity";
import { NodeGroups } from "./nodeGroup";

export interface AwsAccount {
    region: string;
    eksCluster: string;
    /** Only the observer's stack makes a bucket. */
    bucket?: string;
    nodeGroup?: NodeGroupConfig | undefined;
}

// AWS is imported by service, here and in its neighbours: the whole package would add a quarter of a second to every start.

/** An EKS cluster and what this project needs of the account around it. */
export function awsCloud(account: AwsAccount, opts: pulumi.ComponentResourceOptions): Cloud {
    const { region, eksCluster } = account;
    const provider = new Provider("aws", { region: region as Region, defaultTags: { tags: { "thanos-fleet": "true" } } }, opts);
    const onAws = (more: pulumi.ComponentResourceOptions) => pulumi.mergeOptions(more, { providers: [provider] });

    if (account.nodeGroup) new NodeGroups("nodes", { eksCluster, ...account.nodeGroup }, onAws(opts));

    const kubeconfig = getClusterOutput({ name: eksCluster }, { ...opts, provider }).apply((cluster) =>
        eksKubeconfig({
            name: eksCluster,
            region,
            endpoint: cluster.endpoint,
            certificateAuthority: cluster.certificateAuthorities[0]?.data ?? "",
        }),
    );
    return {
        kubernetes: new k8s.Provider("kubernetes", { ...CHANGE_IN_PLACE, kubeconfig }, opts),
        makeBucket: (name, more) => {
            if (account.bucket === undefined) throw new Error("only an observer's configuration names a bucket");
            return new Bucket(name, { bucket: account.bucket, region }, onAws(more)).store;
        },
        grant: (name, grant, more) => [new Identity(name, { ...grant, eksCluster }, onAws(more))],
    };
}

/** A kubeconfig that asks the AWS CLI for a token each time: it holds no secret and does not expire. Pure. */
export function eksKubeconfig(cluster: { name: string; region: string; endpoint: string; certificateAuthority: string }): string {
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
                        args: ["--region", cluster.region, "eks", "get-token", "--cluster-name", cluster.name, "--output", "json"],
                    },
                },
            },
        ],
        contexts: [{ name: "eks", context: { cluster: "eks", user: "eks" } }],
        "current-context": "eks",
    });
}
