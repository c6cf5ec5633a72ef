import * as pulumi from "@pulumi/pulumi";
import type { ObjectStore } from "../../../blocks/objectStore";
import { childOptions } from "../../../kubernetes/childOptions";
import { dnsSuffixOf, partitionOf, roleArn } from "../iam/names";
import type { RoleArgs } from "../iam/role";
import { type BucketLocation, keyPrincipal, type PrefixPrincipal } from "./bucketPolicies";
import { EncryptedBucket } from "./encryptedBucket";
import { READS_SOURCE, Replication, WRITES_REPLICA } from "./replication";

export interface BucketArgs extends BucketLocation {
    /** Name of the bucket, unique in all of AWS. A new name would mean a new bucket, which `protect` refuses. */
    bucket: string;
    /** Roles that work on blocks in the bucket. */
    principals: readonly PrefixPrincipal[];
    /** A copy in another region, named `<bucket>-<region>`. @default none */
    replication?: ReplicaArgs | undefined;
}

export interface ReplicaArgs {
    /** AWS region of the copy. */
    region: string;
    /** The `aws` provider of that region. */
    provider: pulumi.ProviderResource;
    /** The role that S3 assumes to copy. */
    role: RoleArgs;
}

/** A bucket for blocks, and where `replication` is set a copy of it in another region. */
export class Bucket extends pulumi.ComponentResource {
    readonly store: ObjectStore;

    constructor(name: string, args: BucketArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:Bucket", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { bucket, region, account, principals, replication } = args;
        const replicationRole =
            replication && roleArn({ partition: partitionOf(region), account, path: replication.role.path }, replication.role.name);

        const source = new EncryptedBucket(
            name,
            {
                bucket,
                region,
                account,
                principals,
                keyPrincipals: [
                    ...principals.map(keyPrincipal),
                    ...(replicationRole ? [{ role: replicationRole, actions: READS_SOURCE }] : []),
                ],
            },
            childOpts,
        );
        if (replication && replicationRole) {
            const replica = new EncryptedBucket(
                `${name}-replica`,
                {
                    bucket: `${bucket}-${replication.region}`,
                    region: replication.region,
                    account,
                    principals: [],
                    keyPrincipals: [{ role: replicationRole, actions: WRITES_REPLICA }],
                },
                { ...childOpts, provider: replication.provider },
            );
            new Replication(`${name}-replication`, { source, replica, role: replication.role }, childOpts);
        }

        this.store = {
            type: "S3",
            config: { bucket: source.encryption.bucket, endpoint: s3Endpoint(region), region },
            iam: { bucketArn: source.bucket.arn, kmsKeyArn: source.key.arn },
        };
        this.registerOutputs({ store: this.store });
    }
}

/** Regional endpoint of S3. */
export const s3Endpoint = (region: string) => `s3.${region}.${dnsSuffixOf(region)}`;
