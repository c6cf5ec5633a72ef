import { Key } from "@pulumi/aws/kms";
import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import type { ObjectStore } from "../thanos/objectStore";
import { within } from "../within";
import { bucketStatements, policyDocument } from "./iam";

export interface BucketArgs {
    /** Globally unique. Renaming it would mean a new bucket, which `protect` refuses. */
    bucket: string;
    region: string;
}

/**
 * The fleet's bucket: encrypted with its own key, closed to the public and to plain HTTP, versioned for a week.
 * There is no expiry of current objects on purpose: Compact owns retention, and a lifecycle rule that deletes or archives a live block breaks it.
 */
export class Bucket extends pulumi.ComponentResource {
    readonly store: ObjectStore;

    constructor(name: string, args: BucketArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:Bucket", name, {}, opts);
        const here = within(this, opts);
        // Losing the key loses the blocks as surely as losing the bucket.
        const kept = { parent: this, protect: true, retainOnDelete: true };

        const key = new Key(
            `${name}-key`,
            { description: `Blocks in ${args.bucket}`, enableKeyRotation: true, deletionWindowInDays: 30 },
            kept,
        );
        const bucket = new s3.Bucket(name, { bucket: args.bucket, forceDestroy: false }, kept);
        const of = { bucket: bucket.bucket };

        const closed = new s3.BucketPublicAccessBlock(
            name,
            { ...of, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
            here,
        );
        new s3.BucketOwnershipControls(name, { ...of, rule: { objectOwnership: "BucketOwnerEnforced" } }, here);
        new s3.BucketServerSideEncryptionConfiguration(
            name,
            {
                ...of,
                rules: [
                    { applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key.arn }, bucketKeyEnabled: true },
                ],
            },
            here,
        );
        const versioning = new s3.BucketVersioning(name, { ...of, versioningConfiguration: { status: "Enabled" } }, here);
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
                        abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
                    },
                ],
            },
            { parent: this, dependsOn: [versioning] },
        );
        // AWS refuses concurrent changes of a bucket's policy and its public access block.
        new s3.BucketPolicy(
            name,
            { ...of, policy: bucket.arn.apply((arn) => policyDocument(bucketStatements(arn))) },
            { parent: this, dependsOn: [closed] },
        );

        this.store = { bucket: bucket.bucket, endpoint: s3Endpoint(args.region), region: args.region, arn: bucket.arn, kmsKeyArn: key.arn };
        this.registerOutputs({ store: this.store });
    }
}

/** Regional address of S3; China has a domain of its own. */
export const s3Endpoint = (region: string) => `s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
