import { Alias, Key } from "@pulumi/aws/kms";
import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import { childOptions } from "../../../kubernetes/childOptions";
import { policyDocument } from "../iam/statements";
import { bucketStatements, keyStatements, type Place, type RoleOnKey, type RoleOnPrefix } from "./bucketPolicies";

export interface EncryptedBucketArgs extends Place {
    /** Who reads and writes it. */
    users: readonly RoleOnPrefix[];
    /** Who uses its key. Nobody else can read an object, whatever rights they have on the bucket. */
    keyUsers: readonly RoleOnKey[];
}

/**
 * A bucket with a key of its own: closed to the public, to plain HTTP and to other encryption, versioned for a week.
 * There is no expiry of current objects on purpose: Compact owns retention, and a lifecycle rule that deletes or archives a live block breaks it.
 */
export class EncryptedBucket extends pulumi.ComponentResource {
    readonly bucket: s3.Bucket;
    readonly key: Key;
    /** What is written before it would be outside the key's policy: who writes takes the bucket's name from here. */
    readonly encryption: s3.BucketServerSideEncryptionConfiguration;
    /** A bucket has to have versions before they can be copied. */
    readonly versioning: s3.BucketVersioning;

    constructor(name: string, args: EncryptedBucketArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:EncryptedBucket", name, {}, opts);
        const here = childOptions(this, opts);
        // Losing the key loses the blocks as surely as losing the bucket.
        const kept = { ...here, protect: true, retainOnDelete: true };

        this.key = new Key(
            `${name}-key`,
            {
                description: `Blocks in ${args.bucket}`,
                enableKeyRotation: true,
                deletionWindowInDays: 30,
                policy: policyDocument(keyStatements(args, args.keyUsers)),
            },
            kept,
        );
        // An alias may not have dots.
        new Alias(`${name}-key`, { name: `alias/${args.bucket.replaceAll(".", "-")}`, targetKeyId: this.key.keyId }, here);
        this.bucket = new s3.Bucket(name, { bucket: args.bucket, forceDestroy: false }, kept);
        const of = { bucket: this.bucket.bucket };

        const closed = new s3.BucketPublicAccessBlock(
            name,
            { ...of, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
            here,
        );
        new s3.BucketOwnershipControls(name, { ...of, rule: { objectOwnership: "BucketOwnerEnforced" } }, here);
        this.encryption = new s3.BucketServerSideEncryptionConfiguration(
            name,
            {
                ...of,
                rules: [
                    {
                        applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: this.key.arn },
                        // One call of KMS for many objects, instead of one for each.
                        bucketKeyEnabled: true,
                        blockedEncryptionTypes: ["SSE-C"],
                    },
                ],
            },
            here,
        );
        this.versioning = new s3.BucketVersioning(name, { ...of, versioningConfiguration: { status: "Enabled" } }, here);
        new s3.BucketLifecycleConfiguration(
            name,
            {
                ...of,
                rules: [
                    {
                        id: "expire-old-versions-and-broken-uploads",
                        status: "Enabled",
                        filter: {},
                        // Compaction rewrites everything: old versions kept for longer would double the bill.
                        noncurrentVersionExpiration: { noncurrentDays: 7 },
                        // What Compact deleted leaves a marker behind, also once its versions are gone.
                        expiration: { expiredObjectDeleteMarker: true },
                        abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
                    },
                ],
            },
            { ...here, dependsOn: [this.versioning] },
        );
        // AWS refuses concurrent changes of a bucket's policy and its public access block.
        new s3.BucketPolicy(name, { ...of, policy: policyDocument(bucketStatements(args, args.users)) }, { ...here, dependsOn: [closed] });
        this.registerOutputs({});
    }
}
