import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";
import { childOptions } from "../../../kubernetes/childOptions";
import { fleetRole, type RoleArgs } from "../iam/role";
import { type Statement, serviceTrust } from "../iam/statements";
import type { RoleOnKey } from "./bucketPolicies";
import type { EncryptedBucket } from "./encryptedBucket";

/** What the role of a replication does with the key of either bucket. A bucket key makes data keys; without one S3 would only encrypt with it. */
export const READS_SOURCE: RoleOnKey["actions"] = ["kms:Decrypt"];
export const WRITES_REPLICA: RoleOnKey["actions"] = ["kms:Encrypt", "kms:GenerateDataKey"];

interface Encrypted {
    bucketArn: string;
    kmsKeyArn: string;
}

/** What S3 does to copy one bucket into another (S3 user guide, "Setting up permissions for live replication"). Pure. */
export const replicationStatements = (source: Encrypted, replica: Encrypted): Statement[] => [
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
    source: EncryptedBucket;
    replica: EncryptedBucket;
    role: RoleArgs;
}

/** Copies every new object and every deletion. Not what was in the source before: S3 Batch Replication does that, once, by hand. */
export class Replication extends pulumi.ComponentResource {
    constructor(name: string, { source, replica, role }: ReplicationArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:Replication", name, {}, opts);
        const here = childOptions(this, opts);
        const arns = ({ bucket, key }: EncryptedBucket) => ({ bucketArn: bucket.arn, kmsKeyArn: key.arn });

        const { role: copier, policy } = fleetRole(
            name,
            role,
            {
                trust: serviceTrust("s3"),
                rights: pulumi.all([arns(source), arns(replica)]).apply(([from, to]) => replicationStatements(from, to)),
            },
            here,
        );
        new s3.BucketReplicationConfig(
            name,
            {
                bucket: source.bucket.bucket,
                role: copier.arn,
                rules: [
                    {
                        id: "everything",
                        status: "Enabled",
                        filter: {},
                        // A block that Compact deleted and the copy kept would come back as an overlap.
                        deleteMarkerReplication: { status: "Enabled" },
                        sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: "Enabled" } },
                        destination: { bucket: replica.bucket.arn, encryptionConfiguration: { replicaKmsKeyId: replica.key.arn } },
                    },
                ],
            },
            { ...here, dependsOn: [policy, source.versioning, replica.versioning] },
        );
        this.registerOutputs({});
    }
}
