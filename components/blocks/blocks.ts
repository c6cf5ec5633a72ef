import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { childOptions } from "../kubernetes/childOptions";
import { PROMETHEUS_SERVICE_ACCOUNT, streamPrefix, streamWorkload } from "../naming/names";
import type { BlockComponent, GrantAccess } from "./access";
import { type ObjectStore, objectStoreSecret } from "./objectStore";

/** How one component reaches the blocks of one stream. */
export interface StreamAccess {
    /** Secret with the objstore file. */
    objectStore: pulumi.Output<string>;
    /** What the service account of its pods has to carry. */
    annotations: Record<string, pulumi.Input<string>>;
    /** What has to exist before the pod. */
    ready: pulumi.Resource[];
}

export interface BlocksArgs {
    namespace: string;
    /** Where the blocks of each stream are. */
    stores: Record<string, ObjectStore>;
    /** The role to assume for each stream, where the store is another account's and does not name this one's. */
    roles?: Record<string, string>;
}

/** The fleet's blocks as this stack's pods see them: a file per stream, and rights per component. */
export class Blocks {
    private readonly files = new Map<string, k8s.core.v1.Secret>();

    constructor(
        private readonly owner: pulumi.ComponentResource,
        private readonly cloud: { readonly kubernetes: k8s.Provider; readonly grant: GrantAccess },
        private readonly args: BlocksArgs,
        private readonly opts: pulumi.ComponentResourceOptions,
    ) {}

    /** Opens one stream to a component. */
    grant(component: BlockComponent, stream: string): StreamAccess {
        const { owner, cloud, opts } = this;
        const { namespace, stores, roles } = this.args;
        const store = stores[stream];
        if (store === undefined) throw new Error(`no object store for ${stream}`);
        const file =
            this.files.get(stream) ??
            objectStoreSecret(
                stream,
                { namespace, prefix: streamPrefix(stream), store },
                { ...childOptions(owner, opts), provider: cloud.kubernetes },
            );
        this.files.set(stream, file);
        const ofPrometheus = component === "prometheus";
        const { annotations, ready } = cloud.grant(
            `${ofPrometheus ? component : `${component}-${stream}`}-identity`,
            {
                component,
                stream,
                namespace,
                store,
                serviceAccount: ofPrometheus ? PROMETHEUS_SERVICE_ACCOUNT : streamWorkload(component, stream),
                assume: roles?.[stream],
            },
            opts,
        );
        return { objectStore: file.metadata.name, annotations, ready: [file, ...ready] };
    }
}
