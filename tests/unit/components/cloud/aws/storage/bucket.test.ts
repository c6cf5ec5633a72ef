import assert from "node:assert/strict";
import { Provider } from "@pulumi/aws/provider";
import { roleArn } from "../../../../../../components/cloud/aws/iam/names";
import { policyDocument } from "../../../../../../components/cloud/aws/iam/statements";
import { Bucket, type BucketArgs, s3Endpoint } from "../../../../../../components/cloud/aws/storage/bucket";
import { bucketStatements, keyPrincipal, keyStatements } from "../../../../../../components/cloud/aws/storage/bucketPolicies";
import { bucketPrincipals } from "../../../../../../components/cloud/aws/storage/bucketPrincipals";
import { READS_SOURCE, replicationStatements, WRITES_REPLICA } from "../../../../../../components/cloud/aws/storage/replication";
import { type PlacedResource, placedBy } from "../../../../../support/placedResources";

const FLEET = { domain: "fleet.test", region: "eu-west-1", account: "111111111111", rolePath: "/thanos-fleet/" };
const LOCATION = { bucket: "blocks", region: "eu-west-1", account: "111111111111" };
const principals = [{ name: "observer" }, { name: "red", account: "222222222222" }].flatMap((writer) =>
    bucketPrincipals(FLEET, { name: writer.name, prefix: writer.name, writers: [writer] }),
);

const createBucket = (more: Partial<BucketArgs> = {}) =>
    placedBy(() => {
        const home = new Provider("aws", { region: "eu-west-1" });
        new Bucket("blocks", { ...LOCATION, principals, ...more }, { provider: home });
    });

const createReplicatedBucket = () =>
    placedBy(() => {
        const home = new Provider("aws", { region: "eu-west-1" });
        const away = new Provider("aws-replica", { region: "eu-central-1" });
        const role = {
            name: "observer-replication-0123ab",
            path: "/thanos-fleet/",
            permissionsBoundary: "arn:aws:iam::111111111111:policy/boundary",
        };
        new Bucket(
            "blocks",
            { ...LOCATION, principals, replication: { region: "eu-central-1", provider: away, role } },
            { provider: home },
        );
    });

const titleOf = ({ type, name }: PlacedResource) => `${type.split(":")[2]} ${name}`;
const inputs = (placed: PlacedResource[], type: string, name = "blocks") =>
    placed.find((d) => d.type.endsWith(`:${type}`) && d.name === name)?.inputs as Record<string, unknown>;
const policy = (placed: PlacedResource[], type: string, name?: string) => String(inputs(placed, type, name)?.policy);

describe("a bucket for blocks", () => {
    let placed: PlacedResource[];
    before(async () => {
        placed = await createBucket();
    });

    it("consists of a bucket, its key, and what hardens them", () => {
        assert.deepEqual(placed.map(titleOf).sort(), [
            "Alias blocks-key",
            "Bucket blocks",
            "BucketLifecycleConfiguration blocks",
            "BucketOwnershipControls blocks",
            "BucketPolicy blocks",
            "BucketPublicAccessBlock blocks",
            "BucketServerSideEncryptionConfiguration blocks",
            "BucketVersioning blocks",
            "Key blocks-key",
            "aws aws",
        ]);
    });

    it("keeps its policy, encryption and every other setting when the stack is destroyed", () => {
        const deleted = placed.filter(({ type, retainOnDelete }) => type.startsWith("aws:") && !retainOnDelete);
        assert.deepEqual(deleted.map(titleOf), []);
    });

    it("is protected and retained, and so is its key", () => {
        assert.deepEqual(
            placed
                .filter((d) => d.protect && d.retainOnDelete)
                .map(titleOf)
                .sort(),
            ["Bucket blocks", "Key blocks-key"],
        );
    });

    it("is closed to the public", () => {
        assert.deepEqual(inputs(placed, "BucketPublicAccessBlock"), {
            bucket: "blocks",
            blockPublicAcls: true,
            blockPublicPolicy: true,
            ignorePublicAcls: true,
            restrictPublicBuckets: true,
        });
        assert.deepEqual(inputs(placed, "BucketOwnershipControls"), {
            bucket: "blocks",
            rule: { objectOwnership: "BucketOwnerEnforced" },
        });
    });

    it("encrypts with its own key, and refuses the caller's", () => {
        assert.deepEqual(inputs(placed, "BucketServerSideEncryptionConfiguration").rules, [
            {
                applyServerSideEncryptionByDefault: {
                    sseAlgorithm: "aws:kms",
                    kmsMasterKeyId: "arn:aws:kms:eu-west-1:111111111111:key/blocks-key",
                },
                bucketKeyEnabled: true,
                blockedEncryptionTypes: ["SSE-C"],
            },
        ]);
        const { enableKeyRotation, deletionWindowInDays } = inputs(placed, "Key", "blocks-key");
        assert.deepEqual([enableKeyRotation, deletionWindowInDays], [true, 30]);
    });

    it("has no lifecycle rule that expires or moves a live block", () => {
        assert.deepEqual(inputs(placed, "BucketLifecycleConfiguration").rules, [
            {
                id: "expire-old-versions-and-broken-uploads",
                status: "Enabled",
                filter: {},
                noncurrentVersionExpiration: { noncurrentDays: 7 },
                expiration: { expiredObjectDeleteMarker: true },
                abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
            },
        ]);
    });

    it("has the policies that docs/rights.md evaluates", () => {
        assert.equal(policy(placed, "BucketPolicy"), policyDocument(bucketStatements(LOCATION, principals)));
        assert.equal(policy(placed, "Key", "blocks-key"), policyDocument(keyStatements(LOCATION, principals.map(keyPrincipal))));
    });

    it("is reached at the endpoint of its region", () => {
        assert.equal(s3Endpoint("eu-west-1"), "s3.eu-west-1.amazonaws.com");
        assert.equal(s3Endpoint("us-gov-west-1"), "s3.us-gov-west-1.amazonaws.com");
        assert.equal(s3Endpoint("cn-north-1"), "s3.cn-north-1.amazonaws.com.cn");
    });
});

describe("a replicated bucket", () => {
    let placed: PlacedResource[];
    before(async () => {
        placed = await createReplicatedBucket();
    });
    const replicationRole = roleArn({ partition: "aws", account: "111111111111", path: "/thanos-fleet/" }, "observer-replication-0123ab");
    const replica = { bucket: "blocks-eu-central-1", region: "eu-central-1", account: "111111111111" };

    it("is two buckets with the same hardening, each in its region", () => {
        const by = (provider: string) =>
            placed
                .filter((d) => d.provider === provider)
                .map((d) => d.type.split(":")[2])
                .sort();
        assert.deepEqual(
            by("aws").filter((type) => !["Role", "RolePolicy", "BucketReplicationConfig"].includes(type as string)),
            by("aws-replica"),
        );
        assert.equal(inputs(placed, "Bucket", "blocks-replica").bucket, "blocks-eu-central-1");
    });

    it("protects and retains both buckets and both keys", () => {
        assert.deepEqual(
            placed
                .filter((d) => d.protect && d.retainOnDelete)
                .map(titleOf)
                .sort(),
            ["Bucket blocks", "Bucket blocks-replica", "Key blocks-key", "Key blocks-replica-key"],
        );
    });

    it("copies every object and every deletion", () => {
        assert.deepEqual(inputs(placed, "BucketReplicationConfig", "blocks-replication").rules, [
            {
                id: "everything",
                status: "Enabled",
                filter: {},
                deleteMarkerReplication: { status: "Enabled" },
                sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: "Enabled" } },
                destination: {
                    bucket: "arn:aws:s3:::blocks-eu-central-1",
                    encryptionConfiguration: { replicaKmsKeyId: "arn:aws:kms:eu-west-1:111111111111:key/blocks-replica-key" },
                },
            },
        ]);
    });

    it("lets the replication role read with one key and write with the other", () => {
        assert.equal(
            policy(placed, "Key", "blocks-key"),
            policyDocument(keyStatements(LOCATION, [...principals.map(keyPrincipal), { role: replicationRole, actions: READS_SOURCE }])),
        );
        assert.equal(
            policy(placed, "Key", "blocks-replica-key"),
            policyDocument(keyStatements(replica, [{ role: replicationRole, actions: WRITES_REPLICA }])),
        );
        assert.equal(
            policy(placed, "RolePolicy", "blocks-replication"),
            policyDocument(
                replicationStatements(
                    { bucketArn: "arn:aws:s3:::blocks", kmsKeyArn: "arn:aws:kms:eu-west-1:111111111111:key/blocks-key" },
                    {
                        bucketArn: "arn:aws:s3:::blocks-eu-central-1",
                        kmsKeyArn: "arn:aws:kms:eu-west-1:111111111111:key/blocks-replica-key",
                    },
                ),
            ),
        );
    });

    it("is copied by S3, with the path and the permissions boundary of the fleet's roles", () => {
        const { assumeRolePolicy, ...role } = inputs(placed, "Role", "blocks-replication");
        assert.deepEqual(role, {
            name: "observer-replication-0123ab",
            path: "/thanos-fleet/",
            permissionsBoundary: "arn:aws:iam::111111111111:policy/boundary",
        });
        assert.deepEqual(JSON.parse(String(assumeRolePolicy)).Statement, [
            { Sid: "Service", Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: ["sts:AssumeRole"] },
        ]);
    });
});
