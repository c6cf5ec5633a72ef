import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { childOptions } from "../kubernetes/childOptions";
import { serviceAccountOf } from "../naming/names";
import type { BlockComponent, GrantAccess } from "./access";
import { objectStoreSecret, type StreamStore } from "./objectStore";

/** How the pods of one component reach the blocks of one stream. */
export interface StreamAccess {
    /** Name of the Secret with the objstore file. */
    objectStoreSecret: pulumi.Output<string>;
    /** Checksum of the objstore file. Every reader loads the file only when it starts (cmd/thanos/store.go, compact.go, sidecar.go). */
    objectStoreChecksum: pulumi.Output<string>;
    /** Annotations that the pods' service account has to carry. */
    annotations: Record<string, pulumi.Input<string>>;
    /** What has to exist before the pods start. */
    ready: pulumi.Input<pulumi.Resource>[];
}

export interface BlockStorageArgs {
    /** Kubernetes namespace. */
    namespace: string;
    /** Where the blocks of each stream are, by stream. */
    stores: Record<string, StreamStore>;
    /**
     * ARN of the role to assume, by stream, where the bucket belongs to another account and its policy does not name this stack's own role.
     * @default none
     */
    roles?: Record<string, string>;
}

/** The fleet's blocks as the pods of this stack see them: one objstore file for each stream, and rights for each component. */
export class BlockStorage {
    private readonly files = new Map<string, ReturnType<typeof objectStoreSecret>>();

    constructor(
        private readonly owner: pulumi.ComponentResource,
        private readonly cloud: { readonly kubernetes: k8s.Provider; readonly grant: GrantAccess },
        private readonly args: BlockStorageArgs,
        private readonly opts: pulumi.ComponentResourceOptions,
    ) {}

    /** Gives a component access to one stream: as much as `ACCESS` says. `serviceAccount`: the one of its pods. */
    grant(
        component: BlockComponent,
        stream: string,
        serviceAccount: pulumi.Input<string> = serviceAccountOf(component, stream),
    ): StreamAccess {
        const { namespace, stores, roles } = this.args;
        const store = stores[stream];
        if (store === undefined) throw new Error(`no object store for ${stream}`);
        const { secret, checksum } = this.fileOf(stream, store);
        const { annotations, ready } = this.cloud.grant(
            `${component === "prometheus" ? component : `${component}-${stream}`}-identity`,
            { component, stream, namespace, store, serviceAccount, assume: roles?.[stream] },
            // Without `dependsOn`: an identity needs neither the namespace nor nodes, and takes a while to take effect.
            { parent: this.owner },
        );
        return { objectStoreSecret: secret.metadata.name, objectStoreChecksum: checksum, annotations, ready: [secret, ...ready] };
    }

    /** A stream's objstore file. Components that work on the same stream share it. */
    private fileOf(stream: string, store: StreamStore): ReturnType<typeof objectStoreSecret> {
        const file =
            this.files.get(stream) ??
            objectStoreSecret(
                stream,
                { namespace: this.args.namespace, store },
                { ...childOptions(this.owner, this.opts), provider: this.cloud.kubernetes },
            );
        this.files.set(stream, file);
        return file;
    }
}
