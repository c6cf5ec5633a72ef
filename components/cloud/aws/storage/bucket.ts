import * as pulumi from "@pulumi/pulumi";
import type { ObjectStore } from "../../../blocks/objectStore";
import { childOptions } from "../../../kubernetes/childOptions";
import { dnsSuffixOf, partitionOf, roleArn } from "../iam/names";
import type { RoleArgs } from "../iam/role";
import { onKey, type Place, type RoleOnPrefix } from "./bucketPolicies";
import { EncryptedBucket } from "./encryptedBucket";
import { READS_SOURCE, Replication, WRITES_REPLICA } from "./replication";

export interface BucketArgs extends Place {
    /** Globally unique. Renaming it would mean a new bucket, which `protect` refuses. */
    bucket: string;
    /** Everybody who works on blocks in it. */
    users: readonly RoleOnPrefix[];
    /** A copy in another region, named `<bucket>-<region>`. */
    replication?: ReplicaArgs | undefined;
}

export interface ReplicaArgs {
    region: string;
    /** The `aws` provider of that region. */
    provider: pulumi.ProviderResource;
    /** The role that S3 wears to copy. */
    role: RoleArgs;
}

/** A bucket for blocks, and a copy of it in another region where one is wanted. */
export class Bucket extends pulumi.ComponentResource {
    readonly store: ObjectStore;

    constructor(name: string, args: BucketArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:Bucket", name, {}, opts);
        const here = childOptions(this, opts);
        const { bucket, region, account, users, replication } = args;
        const copier =
            replication && roleArn({ partition: partitionOf(region), account, path: replication.role.path }, replication.role.name);

        const source = new EncryptedBucket(
            name,
            {
                bucket,
                region,
                account,
                users,
                keyUsers: [...users.map(onKey), ...(copier ? [{ role: copier, actions: READS_SOURCE }] : [])],
            },
            here,
        );
        if (replication && copier) {
            const replica = new EncryptedBucket(
                `${name}-replica`,
                {
                    bucket: `${bucket}-${replication.region}`,
                    region: replication.region,
                    account,
                    users: [],
                    keyUsers: [{ role: copier, actions: WRITES_REPLICA }],
                },
                { ...here, provider: replication.provider },
            );
            new Replication(`${name}-replication`, { source, replica, role: replication.role }, here);
        }

        this.store = {
            type: "S3",
            config: { bucket: source.encryption.bucket, endpoint: s3Endpoint(region), region },
            iam: { bucketArn: source.bucket.arn, kmsKeyArn: source.key.arn },
        };
        this.registerOutputs({ store: this.store });
    }
}

/** Regional address of S3. */
export const s3Endpoint = (region: string) => `s3.${region}.${dnsSuffixOf(region)}`;
