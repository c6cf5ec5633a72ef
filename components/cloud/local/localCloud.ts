import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { CHANGE_IN_PLACE } from "../../kubernetes/changeInPlace";
import { loadBalancerService } from "../../kubernetes/loadBalancerService";
import type { Placement } from "../../kubernetes/placement";
import { podsOf } from "../../naming/labels";
import { LOCAL_STORAGE_CLASS } from "../../naming/names";
import type { Cloud } from "../cloud";
import { S3Server } from "./s3Server";

export interface LocalCloudArgs {
    /** Path or content of a kubeconfig. @default the one that `kubectl` uses */
    kubeconfig?: string | undefined;
    /** Context of the kubeconfig. @default its current context */
    context?: string | undefined;
    /** DNS domain of the fleet. */
    domain: string;
    /** Namespace of the S3 server. */
    namespace: string;
    /** StorageClass of every volume. @default standard, which kind and most local clusters have */
    storageClass?: string | undefined;
    /** Image of the S3 server. */
    image: string;
    /** Nodes of the S3 server. @default any node */
    placement?: Placement | undefined;
}

/** Any Kubernetes cluster, with an S3 server inside it instead of AWS. */
export function localCloud(args: LocalCloudArgs, opts: pulumi.ComponentResourceOptions): Cloud {
    const { kubeconfig, context, domain, namespace, storageClass = LOCAL_STORAGE_CLASS, image, placement } = args;
    return {
        kubernetes: new k8s.Provider(
            "kubernetes",
            { ...CHANGE_IN_PLACE, ...(kubeconfig && { kubeconfig }), ...(context && { context }) },
            opts,
        ),
        ready: [],
        storageClass,
        contractFacts: {},
        namespaceLabels: {},
        // kind sets no such label, and neither do most clusters outside of a cloud.
        nodesHaveZones: false,
        // CoreDNS answers with an address for 30 s after it is gone, as kubeadm and kind set it up.
        drainSeconds: 40,
        loadBalancer: {},
        ingress: {},
        makeStores: (name, streams, storeOpts) => {
            const { store } = new S3Server(name, { domain, namespace, storageClass, image, placement }, storeOpts);
            return { stores: Object.fromEntries(streams.map(({ name: stream, prefix }) => [stream, { ...store, prefix }])), roles: {} };
        },
        // The keys in the objstore file open the whole server: a local cluster has no identities to grant access to.
        grant: () => ({ annotations: {}, ready: [] }),
        exposePage: (name, { port, component, ...page }, pageOpts) => {
            loadBalancerService(name, { ...page, pods: podsOf(component), annotations: {}, ports: { http: port } }, pageOpts);
            return `http://${page.host}:${port}`;
        },
    };
}
