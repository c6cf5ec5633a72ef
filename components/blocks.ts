import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Access, Cloud } from "./cloud";
import { streamPrefix } from "./names";
import { type ObjectStore, objectStoreSecret } from "./thanos/objectStore";
import { within } from "./within";

/** How one component reaches the blocks of one stream. */
export interface StreamAccess {
    /** Secret with the objstore file. */
    objectStore: pulumi.Output<string>;
    /** What has to exist before the pod: EKS hands out credentials only to pods that start after their identity was made. */
    ready: pulumi.Resource[];
}

/** The fleet's bucket as this stack's pods see it: a file per stream, and rights per component. */
export class Blocks {
    private readonly files = new Map<string, k8s.core.v1.Secret>();

    constructor(
        private readonly owner: pulumi.ComponentResource,
        private readonly cloud: Cloud,
        readonly store: ObjectStore,
        private readonly namespace: string,
        private readonly opts: pulumi.ComponentResourceOptions,
    ) {}

    /** Opens one stream to the pods of one service account. `name` is the component's. */
    grant(name: string, access: Access, stream: string, serviceAccount: string): StreamAccess {
        const prefix = streamPrefix(stream);
        const { owner, namespace, store, cloud, opts } = this;
        const file =
            this.files.get(stream) ??
            objectStoreSecret(stream, { namespace, prefix, store }, { ...within(owner, opts), provider: cloud.kubernetes });
        this.files.set(stream, file);
        const identities = cloud.grant(`${name}-identity`, { namespace, prefix, store, serviceAccount, access }, opts);
        return { objectStore: file.metadata.name, ready: [file, ...identities] };
    }
}
