import assert from "node:assert/strict";
import { Provider } from "@pulumi/aws/provider";
import { roleArn } from "../../../../../../components/cloud/aws/iam/names";
import { policyDocument } from "../../../../../../components/cloud/aws/iam/statements";
import { Bucket, type BucketArgs, s3Endpoint } from "../../../../../../components/cloud/aws/storage/bucket";
import {
    bucketStatements,
    keyPrincipal,
    keyStatements,
    policyProblems,
} from "../../../../../../components/cloud/aws/storage/bucketPolicies";
import { bucketPrincipals } from "../../../../../../components/cloud/aws/storage/bucketPrincipals";
import { READS_SOURCE, replicationStatements, WRITES_REPLICA } from "../../../../../../components/cloud/aws/storage/replication";
import { type Placed, placedBy } from "../../../../../support/placedResources";

const FLEET = { domain: "fleet.test", region: "eu-west-1", account: "111111111111", rolePath: "/thanos-fleet/" };
const PLACE = { bucket: "blocks", region: "eu-west-1", account: "111111111111" };
const principals = [{ name: "observer" }, { name: "red", account: "222222222222" }].flatMap((member) => bucketPrincipals(FLEET, member));

const made = (more: Partial<BucketArgs> = {}) =>
    placedBy(() => {
        const home = new Provider("aws", { region: "eu-west-1" });
        new Bucket("blocks", { ...PLACE, principals, ...more }, { provider: home });
    });

const copied = () =>
    placedBy(() => {
        const home = new Provider("aws", { region: "eu-west-1" });
        const away = new Provider("aws-replica", { region: "eu-central-1" });
        const role = {
            name: "observer-replication-0123ab",
            path: "/thanos-fleet/",
            permissionsBoundary: "arn:aws:iam::111111111111:policy/boundary",
        };
        new Bucket("blocks", { ...PLACE, principals, replication: { region: "eu-central-1", provider: away, role } }, { provider: home });
    });

const short = ({ type, name }: Placed) => `${type.split(":")[2]} ${name}`;
const inputs = (placed: Placed[], type: string, name = "blocks") =>
    placed.find((d) => d.type.endsWith(`:${type}`) && d.name === name)?.inputs as Record<string, unknown>;
const policy = (placed: Placed[], type: string, name?: string) => String(inputs(placed, type, name)?.policy);

describe("a bucket for blocks", () => {
    let placed: Placed[];
    before(async () => {
        placed = await made();
    });

    it("is a bucket, its key, and what hardens them", () => {
        assert.deepEqual(placed.map(short).sort(), [
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

    it("is kept, with its key, whatever happens to the stack", () => {
        assert.deepEqual(
            placed
                .filter((d) => d.protect && d.retainOnDelete)
                .map(short)
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

    it("encrypts with its own key, and not with the caller's", () => {
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

    it("lets no rule expire or move a live block", () => {
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
        assert.equal(policy(placed, "BucketPolicy"), policyDocument(bucketStatements(PLACE, principals)));
        assert.equal(policy(placed, "Key", "blocks-key"), policyDocument(keyStatements(PLACE, principals.map(keyPrincipal))));
    });

    it("is reached in its region", () => {
        assert.equal(s3Endpoint("eu-west-1"), "s3.eu-west-1.amazonaws.com");
        assert.equal(s3Endpoint("us-gov-west-1"), "s3.us-gov-west-1.amazonaws.com");
        assert.equal(s3Endpoint("cn-north-1"), "s3.cn-north-1.amazonaws.com.cn");
    });
});

describe("a replicated bucket", () => {
    let placed: Placed[];
    before(async () => {
        placed = await copied();
    });
    const copier = roleArn({ partition: "aws", account: "111111111111", path: "/thanos-fleet/" }, "observer-replication-0123ab");
    const replica = { bucket: "blocks-eu-central-1", region: "eu-central-1", account: "111111111111" };

    it("has the same hardening twice, each in its region", () => {
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

    it("keeps both buckets and both keys", () => {
        assert.deepEqual(
            placed
                .filter((d) => d.protect && d.retainOnDelete)
                .map(short)
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

    it("lets the role that copies read with one key and write with the other", () => {
        assert.equal(
            policy(placed, "Key", "blocks-key"),
            policyDocument(keyStatements(PLACE, [...principals.map(keyPrincipal), { role: copier, actions: READS_SOURCE }])),
        );
        assert.equal(
            policy(placed, "Key", "blocks-replica-key"),
            policyDocument(keyStatements(replica, [{ role: copier, actions: WRITES_REPLICA }])),
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

    it("is copied by S3, under the boundary and the path of the fleet's roles", () => {
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

describe("the policies of a bucket", () => {
    const key = (region: string) => keyStatements({ ...PLACE, region }, principals.map(keyPrincipal));

    it("follow the partition", () => {
        const china = { ...PLACE, region: "cn-north-1" };
        assert.deepEqual(bucketStatements(china, [])[0]?.Resource, ["arn:aws-cn:s3:::blocks", "arn:aws-cn:s3:::blocks/*"]);
        assert.deepEqual(key("cn-north-1")[0]?.Principal, { AWS: ["arn:aws-cn:iam::111111111111:root"] });
        assert.deepEqual(key("us-gov-west-1")[0]?.Principal, { AWS: ["arn:aws-us-gov:iam::111111111111:root"] });
    });

    it("name the S3 of the region, in China by both of its domains", () => {
        const via = (region: string) => key(region)[1]?.Condition?.StringEquals?.["kms:ViaService"];
        assert.deepEqual(via("eu-west-1"), ["s3.eu-west-1.amazonaws.com"]);
        assert.deepEqual(via("us-gov-west-1"), ["s3.us-gov-west-1.amazonaws.com"]);
        assert.deepEqual(via("cn-north-1"), ["s3.cn-north-1.amazonaws.com.cn", "s3.cn-north-1.amazonaws.com"]);
    });

    it("of one cluster's own bucket name no other cluster's roles", () => {
        const own = bucketPrincipals(FLEET, { name: "red", account: "222222222222" });
        const named = [policyDocument(bucketStatements(PLACE, own)), policyDocument(keyStatements(PLACE, own.map(keyPrincipal)))].flatMap(
            (document) => [...new Set(document.match(/role\/[^"]+/g))],
        );
        assert.deepEqual(
            named.map((role) => /thanos-fleet\/(.*)-[0-9a-f]{6}$/.exec(role)?.[1]),
            ["red-prometheus", "red-store", "red-compact", "red-prometheus"],
        );
    });

    it("are refused before AWS refuses their length", () => {
        const many = (count: number) =>
            Array.from({ length: count }, (_, i) => ({ name: `cluster-${i}`, account: String(200000000000 + i) })).flatMap((member) =>
                bucketPrincipals(FLEET, member),
            );
        assert.deepEqual(policyProblems(PLACE, many(20)), []);
        assert.deepEqual(
            policyProblems(PLACE, many(40)).map(({ path, remedy }) => [path, remedy]),
            [["observees", "Write via: role for some observees of other accounts, or aws.bucketPerCluster: true."]],
        );
        assert.deepEqual(
            policyProblems(PLACE, many(150)).map(({ remedy }) => remedy),
            ["Write via: role for some observees of other accounts, or aws.bucketPerCluster: true.", "Write aws.bucketPerCluster: true."],
        );
    });
});
