import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import { childOptions } from "../../../kubernetes/childOptions";
import { type RoleArgs, roleWithPolicy } from "../iam/role";
import { type Statement, serviceTrust } from "../iam/statements";
import type { KeyPrincipal } from "./bucketPolicies";
import type { EncryptedBucket } from "./encryptedBucket";

/**
 * What the replication role does with each bucket's key. S3 generates a data key only because the copy uses a bucket key; else it would
 * call `Encrypt` alone.
 */
export const READS_SOURCE: KeyPrincipal["actions"] = ["kms:Decrypt"];
export const WRITES_REPLICA: KeyPrincipal["actions"] = ["kms:Encrypt", "kms:GenerateDataKey"];

interface BucketArns {
    bucketArn: string;
    kmsKeyArn: string;
}

/** What S3 does to copy one bucket into another (S3 user guide, "Setting up permissions for live replication"). */
export const replicationStatements = (source: BucketArns, replica: BucketArns): Statement[] => [
    { Sid: "Source", Effect: "Allow", Action: ["s3:GetReplicationConfiguration", "s3:ListBucket"], Resource: [source.bucketArn] },
    {
        Sid: "Versions",
        Effect: "Allow",
        Action: ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"],
        Resource: [`${source.bucketArn}/*`],
    },
    {
        Sid: "Copies",
        Effect: "Allow",
        Action: ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
        Resource: [`${replica.bucketArn}/*`],
    },
    { Sid: "SourceKey", Effect: "Allow", Action: READS_SOURCE, Resource: [source.kmsKeyArn] },
    { Sid: "ReplicaKey", Effect: "Allow", Action: WRITES_REPLICA, Resource: [replica.kmsKeyArn] },
];

export interface ReplicationArgs {
    /** The bucket to copy. */
    source: EncryptedBucket;
    /** The copy, in another region. */
    replica: EncryptedBucket;
    /** The role that S3 assumes to copy. */
    role: RoleArgs;
}

/**
 * Copies every new object and every deletion. Objects that are older than the replication are copied by hand, once, with S3 Batch
 * Replication.
 */
export class Replication extends pulumi.ComponentResource {
    constructor(name: string, { source, replica, role }: ReplicationArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:Replication", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const arns = ({ bucket, key }: EncryptedBucket) => ({ bucketArn: bucket.arn, kmsKeyArn: key.arn });

        const { role: replicationRole, policy } = roleWithPolicy(
            name,
            role,
            {
                trust: serviceTrust("s3"),
                rights: pulumi.all([arns(source), arns(replica)]).apply(([from, to]) => replicationStatements(from, to)),
            },
            childOpts,
        );
        new s3.BucketReplicationConfig(
            name,
            {
                bucket: source.bucket.bucket,
                role: replicationRole.arn,
                rules: [
                    {
                        id: "everything",
                        status: "Enabled",
                        filter: {},
                        // Without the deletion, a block that Compact deleted would stay in the copy and overlap the compacted one.
                        deleteMarkerReplication: { status: "Enabled" },
                        sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: "Enabled" } },
                        destination: { bucket: replica.bucket.arn, encryptionConfiguration: { replicaKmsKeyId: replica.key.arn } },
                    },
                ],
            },
            { ...childOpts, dependsOn: [policy, source.versioning, replica.versioning] },
        );
        this.registerOutputs({});
    }
}
