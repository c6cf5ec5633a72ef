import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

/** Where blocks are kept, in the words of Thanos's objstore file. */
export interface ObjectStore {
    /** `S3`, `GCS`, ... */
    type: string;
    config: Record<string, pulumi.Input<unknown>>;
    /** What IAM calls the bucket and its key: only of a bucket of this project's own, on AWS. */
    iam?: { bucketArn: pulumi.Input<string>; kmsKeyArn: pulumi.Input<string> };
}

/**
 * Thanos's objstore file for one prefix of a store. One YAML document only: Thanos silently ignores what follows a `---`.
 * No `aws_sdk_auth`: the default chain of the S3 client reads Pod Identity and IRSA by itself since Thanos 0.36.
 */
export const objectStoreFile = ({ type, config }: { type: string; config: Record<string, unknown> }, prefix: string): string =>
    stringify({ type, prefix, config });

/** Key of the Secret that holds the file. */
export const OBJECT_STORE_KEY = "objstore.yml";

/** The Secret with the objstore file of one stream. */
export function objectStoreSecret(
    stream: string,
    args: { namespace: string; prefix: string; store: ObjectStore },
    opts: pulumi.CustomResourceOptions,
) {
    const name = `thanos-objstore-${stream}`;
    const { type, config } = args.store;
    const file = pulumi.output({ type, config }).apply((store) => objectStoreFile(store, args.prefix));
    return new k8s.core.v1.Secret(
        name,
        { metadata: { name, namespace: args.namespace }, stringData: { [OBJECT_STORE_KEY]: pulumi.secret(file) } },
        opts,
    );
}
