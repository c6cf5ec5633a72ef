import * as pulumi from "@pulumi/pulumi";
import { irsaTrust, podIdentityTrust, type Statement } from "./statements";

/** How the pods of a cluster come by a role. */
export type Pods =
    | { by: "pod-identity"; cluster: pulumi.Input<string>; clusterArn: pulumi.Input<string> }
    | { by: "irsa"; issuer: pulumi.Input<string>; oidcProviderArn: pulumi.Input<string> };

/** Trust in the pods of one service account of the cluster. */
export const podTrust = (pods: Pods, account: { namespace: string; serviceAccount: string }): pulumi.Output<Statement[]> =>
    pods.by === "irsa"
        ? pulumi.output(pods).apply(({ issuer, oidcProviderArn }) => irsaTrust({ issuer, oidcProviderArn, ...account }))
        : pulumi.output(pods.clusterArn).apply((clusterArn) => podIdentityTrust({ clusterArn, ...account }));
