import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

/** An S3 bucket as Thanos reaches it. */
export interface ObjectStore {
    bucket: pulumi.Input<string>;
    /** Host and, where it is not 443, port. */
    endpoint: string;
    region: string;
    /** Plain HTTP: only inside a machine. */
    insecure?: boolean | undefined;
    /** Static keys. Left out on AWS, where the pod's own identity signs. */
    keys?: { accessKey: pulumi.Input<string>; secretKey: pulumi.Input<string> };
    /** What IAM calls the bucket and its key, on AWS. */
    arn?: pulumi.Input<string> | undefined;
    kmsKeyArn?: pulumi.Input<string> | undefined;
}

/**
 * Thanos's objstore file for one prefix of the bucket. One YAML document only: Thanos silently ignores what follows a `---`.
 * No `aws_sdk_auth`: the default chain of the S3 client reads Pod Identity and IRSA by itself since Thanos 0.36.
 */
export function objectStoreFile(store: pulumi.UnwrappedObject<ObjectStore>, prefix: string): string {
    return stringify({
        type: "S3",
        prefix,
        config: {
            bucket: store.bucket,
            endpoint: store.endpoint,
            region: store.region,
            ...(store.insecure && { insecure: true, bucket_lookup_type: "path" }),
            ...(store.keys && { access_key: store.keys.accessKey, secret_key: store.keys.secretKey }),
        },
    });
}

/** Key of the Secret that holds the file. */
export const OBJECT_STORE_KEY = "objstore.yml";

/** Name of the Secret with the objstore file of one stream. */
export const objectStoreSecretName = (stream: string) => `thanos-objstore-${stream}`;

/** The Secret with the objstore file of one stream. */
export function objectStoreSecret(
    stream: string,
    args: { namespace: string; prefix: string; store: ObjectStore },
    opts: pulumi.CustomResourceOptions,
) {
    const name = objectStoreSecretName(stream);
    const file = pulumi.output(args.store).apply((store) => objectStoreFile(store, args.prefix));
    return new k8s.core.v1.Secret(
        name,
        { metadata: { name, namespace: args.namespace }, stringData: { [OBJECT_STORE_KEY]: pulumi.secret(file) } },
        opts,
    );
}
