import { Alias, Key } from "@pulumi/aws/kms";
import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import { childOptions } from "../../../kubernetes/childOptions";
import { policyDocument } from "../iam/statements";
import { type BucketLocation, bucketStatements, type KeyPrincipal, keyStatements, type PrefixPrincipal } from "./bucketPolicies";

export interface EncryptedBucketArgs extends BucketLocation {
    /** Roles that read and write the bucket. */
    principals: readonly PrefixPrincipal[];
    /** Roles that use the bucket's key. No other role can read an object, whatever rights it has on the bucket. */
    keyPrincipals: readonly KeyPrincipal[];
}

/**
 * A bucket with a key of its own: closed to the public, to plain HTTP and to other encryption; old versions are kept for a week. No rule
 * expires current objects, on purpose: Compact owns retention, and a lifecycle rule that deletes or archives a live block breaks it.
 */
export class EncryptedBucket extends pulumi.ComponentResource {
    readonly bucket: s3.Bucket;
    readonly key: Key;
    /** Writers take the bucket name from here, so nothing is uploaded before default encryption is on. */
    readonly encryption: s3.BucketServerSideEncryptionConfiguration;
    /** S3 replicates a bucket only when its versioning is on. */
    readonly versioning: s3.BucketVersioning;

    constructor(name: string, args: EncryptedBucketArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:EncryptedBucket", name, {}, opts);
        const childOpts = childOptions(this, opts);
        // Losing the key loses the blocks as surely as losing the bucket.
        const keptOpts = { ...childOpts, protect: true, retainOnDelete: true };
        // The bucket outlives the stack, and has to stay as closed as it was.
        const closedOpts = { ...childOpts, retainOnDelete: true };

        this.key = createKey(name, args, keptOpts, closedOpts);
        this.bucket = new s3.Bucket(name, { bucket: args.bucket, forceDestroy: false }, keptOpts);
        const { bucket } = this.bucket;

        const publicAccessBlock = new s3.BucketPublicAccessBlock(
            name,
            { bucket, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
            closedOpts,
        );
        new s3.BucketOwnershipControls(name, { bucket, rule: { objectOwnership: "BucketOwnerEnforced" } }, closedOpts);
        this.encryption = encryptByDefault(name, bucket, this.key, closedOpts);
        this.versioning = new s3.BucketVersioning(name, { bucket, versioningConfiguration: { status: "Enabled" } }, closedOpts);
        expireOldVersions(name, bucket, { ...closedOpts, dependsOn: [this.versioning] });
        // AWS refuses concurrent changes of a bucket's policy and its public access block.
        new s3.BucketPolicy(
            name,
            { bucket, policy: policyDocument(bucketStatements(args, args.principals)) },
            { ...closedOpts, dependsOn: [publicAccessBlock] },
        );
        this.registerOutputs({});
    }
}

function createKey(
    name: string,
    args: EncryptedBucketArgs,
    keptOpts: pulumi.CustomResourceOptions,
    opts: pulumi.CustomResourceOptions,
): Key {
    const key = new Key(
        `${name}-key`,
        {
            description: `Blocks in ${args.bucket}`,
            enableKeyRotation: true,
            deletionWindowInDays: 30,
            policy: policyDocument(keyStatements(args, args.keyPrincipals)),
        },
        keptOpts,
    );
    // KMS allows no dots in an alias.
    new Alias(`${name}-key`, { name: `alias/${args.bucket.replaceAll(".", "-")}`, targetKeyId: key.keyId }, opts);
    return key;
}

const encryptByDefault = (name: string, bucket: pulumi.Input<string>, key: Key, opts: pulumi.CustomResourceOptions) =>
    new s3.BucketServerSideEncryptionConfiguration(
        name,
        {
            bucket,
            rules: [
                {
                    applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key.arn },
                    // One call of KMS for many objects, instead of one for each.
                    bucketKeyEnabled: true,
                    blockedEncryptionTypes: ["SSE-C"],
                },
            ],
        },
        opts,
    );

const expireOldVersions = (name: string, bucket: pulumi.Input<string>, opts: pulumi.CustomResourceOptions) =>
    new s3.BucketLifecycleConfiguration(
        name,
        {
            bucket,
            rules: [
                {
                    id: "expire-old-versions-and-broken-uploads",
                    status: "Enabled",
                    filter: {},
                    // Compaction rewrites everything: keeping old versions for longer would double the bill.
                    noncurrentVersionExpiration: { noncurrentDays: 7 },
                    // A deletion by Compact leaves a delete marker, which stays after the old versions are gone.
                    expiration: { expiredObjectDeleteMarker: true },
                    abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
                },
            ],
        },
        opts,
    );
