import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { CHANGE_IN_PLACE } from "../../kubernetes/changeInPlace";
import { loadBalancerService } from "../../kubernetes/loadBalancerService";
import type { Cloud } from "../cloud";
import { S3Server } from "./s3Server";

export interface LocalCluster {
    kubeconfig?: string | undefined;
    context?: string | undefined;
    domain: string;
    namespace: string;
    storageClass?: string | undefined;
}

/** Any Kubernetes cluster, with an S3 server inside it instead of AWS. */
export function localCloud(cluster: LocalCluster, opts: pulumi.ComponentResourceOptions): Cloud {
    // The one that kind has, and most clusters on a machine of one's own.
    const { kubeconfig, context, storageClass = "standard" } = cluster;
    return {
        kubernetes: new k8s.Provider(
            "kubernetes",
            { ...CHANGE_IN_PLACE, ...(kubeconfig && { kubeconfig }), ...(context && { context }) },
            opts,
        ),
        ready: [],
        storageClass,
        contractFacts: {},
        loadBalancer: {},
        makeStores: (name, members, more) => {
            const { store } = new S3Server(name, { ...cluster, storageClass }, more);
            return { stores: Object.fromEntries(members.map((member) => [member.name, store])), roles: {} };
        },
        // The keys in the objstore file open the whole server; a machine of one's own has no identities to tell apart.
        grant: () => ({ annotations: {}, ready: [] }),
        exposePage: (name, { port, ...page }, more) => loadBalancerService(name, { ...page, annotations: {}, ports: { http: port } }, more),
    };
}
