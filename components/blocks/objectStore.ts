import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { checksum } from "../kubernetes/checksum";
import { objectStoreSecretName } from "../naming/names";

/** A bucket, in the terms of Thanos's objstore file. */
export interface ObjectStore {
    /** `S3`, `GCS`, ... */
    type: string;
    /** The settings of that type, as Thanos spells them. */
    config: Record<string, pulumi.Input<unknown>>;
    /** ARNs of the bucket and of its key, where this project made them on AWS. @default none: access is by the keys in `config` */
    iam?: { bucketArn: pulumi.Input<string>; kmsKeyArn: pulumi.Input<string> };
}

/** Where the blocks of one stream are. */
export interface StreamStore extends ObjectStore {
    /** The folder of the stream's blocks in the bucket. */
    prefix: string;
}

/**
 * Thanos's objstore file for one prefix of a store. One YAML document only: Thanos silently ignores what follows a `---`.
 * No `aws_sdk_auth`: the default chain of the S3 client reads Pod Identity and IRSA by itself since Thanos 0.36.
 */
export const objectStoreFile = ({ type, config }: { type: string; config: Record<string, unknown> }, prefix: string): string =>
    stringify({ type, prefix, config });

/** Key of the Secret that holds the file, and the file's name where it is mounted. */
export const OBJECT_STORE_KEY = "objstore.yml";

/** The Secret with the objstore file of one stream, and the file's checksum. */
export function objectStoreSecret(
    stream: string,
    { namespace, store: { type, config, prefix } }: { namespace: string; store: StreamStore },
    opts: pulumi.CustomResourceOptions,
) {
    const name = objectStoreSecretName(stream);
    const file = pulumi.output({ type, config }).apply((store) => objectStoreFile(store, prefix));
    const secret = new k8s.core.v1.Secret(
        name,
        { metadata: { name, namespace }, stringData: { [OBJECT_STORE_KEY]: pulumi.secret(file) } },
        opts,
    );
    return { secret, checksum: checksum(file) };
}
