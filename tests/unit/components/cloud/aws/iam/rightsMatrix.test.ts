import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assumeStatements, prefixStatements, type Statement } from "../../../../../../components/cloud/aws/iam/statements";
import {
    bucketArn,
    bucketStatements,
    keyPrincipal,
    keyStatements,
    type PrefixPrincipal,
} from "../../../../../../components/cloud/aws/storage/bucketPolicies";
import { bucketPrincipals, prometheusRoleArn } from "../../../../../../components/cloud/aws/storage/bucketPrincipals";
import { READS_SOURCE, replicationStatements, WRITES_REPLICA } from "../../../../../../components/cloud/aws/storage/replication";
import { assertFile } from "../../../../../support/golden";
import { actionsOf, exampleArn, isAllowed, type Role, type Target } from "../../../../../support/iamSimulator";
import { ROOT } from "../../../../../support/root";

/** Every role against every action of S3 and KMS, with the policies of the bucket and the key. Every right that is not listed here is denied. */

const OBSERVER_ACCOUNT = "111111111111";
const FLEET = { domain: "fleet.test", region: "eu-west-1", account: OBSERVER_ACCOUNT, rolePath: "/thanos-fleet/" };
const LOCATION = { bucket: "blocks", region: "eu-west-1", account: OBSERVER_ACCOUNT };
const BUCKET = bucketArn(LOCATION);
const KEY = `arn:aws:kms:eu-west-1:${OBSERVER_ACCOUNT}:key/00000000-0000-0000-0000-000000000001`;
const ANOTHER_KEY = `arn:aws:kms:eu-west-1:${OBSERVER_ACCOUNT}:key/00000000-0000-0000-0000-000000000002`;
const VIA_S3 = { "kms:ViaService": "s3.eu-west-1.amazonaws.com" };

const OBSERVER = { name: "observer" };
const BLUE = { name: "blue" };
const RED = { name: "red", account: "222222222222" };
const GREEN = { name: "green", account: "333333333333", via: "role" } as const;
const YELLOW = { name: "yellow", account: "444444444444" };
const principals = [
    ...[OBSERVER, BLUE, RED, GREEN, YELLOW].map((writer) => ({ name: writer.name, prefix: writer.name, writers: [writer] })),
    { name: "rule", prefix: "rule", writers: [], uploader: "rule" as const },
].flatMap((stream) => bucketPrincipals(FLEET, stream));
const bucketPolicy = bucketStatements(LOCATION, principals);
const keyPolicy = keyStatements(LOCATION, principals.map(keyPrincipal));

const user = (access: PrefixPrincipal["access"], prefix: string): Role => {
    const { role } = principals.find((found) => found.access === access && found.prefix === prefix) as PrefixPrincipal;
    return { arn: role, policy: prefixStatements({ access, bucketArn: BUCKET, prefix, kmsKeyArn: KEY }) };
};

interface Column extends Role {
    title: string;
    own: string;
}

const throughRole = user("write", "green");
const COLUMNS: Column[] = [
    { title: "Store of blue", own: "blue", ...user("read", "blue") },
    { title: "Compact of blue", own: "blue", ...user("own", "blue") },
    { title: "Rule", own: "rule", ...user("write", "rule") },
    { title: "Prometheus of the observer", own: "observer", ...user("write", "observer") },
    { title: "Prometheus of blue", own: "blue", ...user("write", "blue") },
    { title: "Prometheus of red", own: "red", ...user("write", "red") },
    {
        title: "Prometheus of green",
        own: "green",
        arn: prometheusRoleArn(FLEET, GREEN),
        policy: assumeStatements(throughRole.arn),
    },
    { title: "observer's role for green", own: "green", ...throughRole },
    // The AWS-managed policies of a node are about EC2, ECR and EKS; none is about S3 or KMS.
    {
        title: "a node",
        own: "blue",
        arn: `arn:aws:iam::${OBSERVER_ACCOUNT}:role/thanos-fleet/blue-nodes-0123ab`,
        policy: [],
    },
];

/** A resource, and the policy and context of requests for it. */
interface Row {
    title: string;
    type: "object" | "bucket" | "key";
    target: (own: string) => Target;
}

const ROWS: Row[] = [
    {
        title: "own blocks",
        type: "object",
        target: (own) => ({ arn: `${BUCKET}/${own}/01ARZ/meta.json`, account: OBSERVER_ACCOUNT, policy: bucketPolicy }),
    },
    {
        title: "another cluster's blocks",
        type: "object",
        target: () => ({ arn: `${BUCKET}/yellow/01ARZ/meta.json`, account: OBSERVER_ACCOUNT, policy: bucketPolicy }),
    },
    {
        title: "objects in another bucket",
        type: "object",
        target: (own) => ({ arn: `arn:aws:s3:::another/${own}/01ARZ/meta.json`, account: OBSERVER_ACCOUNT }),
    },
    {
        title: "the bucket, own prefix",
        type: "bucket",
        target: (own) => ({ arn: BUCKET, account: OBSERVER_ACCOUNT, policy: bucketPolicy, context: { "s3:prefix": `${own}/` } }),
    },
    {
        title: "the bucket, another's prefix",
        type: "bucket",
        target: () => ({ arn: BUCKET, account: OBSERVER_ACCOUNT, policy: bucketPolicy, context: { "s3:prefix": "yellow/" } }),
    },
    { title: "the bucket, no prefix", type: "bucket", target: () => ({ arn: BUCKET, account: OBSERVER_ACCOUNT, policy: bucketPolicy }) },
    {
        title: "another bucket",
        type: "bucket",
        target: (own) => ({ arn: "arn:aws:s3:::another", account: OBSERVER_ACCOUNT, context: { "s3:prefix": `${own}/` } }),
    },
    {
        title: "the key, through S3 for the bucket",
        type: "key",
        target: () => ({
            arn: KEY,
            account: OBSERVER_ACCOUNT,
            policy: keyPolicy,
            context: { ...VIA_S3, "kms:EncryptionContext:aws:s3:arn": BUCKET },
        }),
    },
    {
        title: "the key, through S3 for another bucket",
        type: "key",
        target: () => ({
            arn: KEY,
            account: OBSERVER_ACCOUNT,
            policy: keyPolicy,
            context: { ...VIA_S3, "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::another" },
        }),
    },
    { title: "the key, directly", type: "key", target: () => ({ arn: KEY, account: OBSERVER_ACCOUNT, policy: keyPolicy }) },
    {
        title: "another key of the account",
        type: "key",
        // With the default key policy: every role that has the right in its own policy may use the key.
        target: () => ({
            arn: ANOTHER_KEY,
            account: OBSERVER_ACCOUNT,
            policy: [
                {
                    Sid: "Default",
                    Effect: "Allow",
                    Principal: { AWS: [`arn:aws:iam::${OBSERVER_ACCOUNT}:root`] },
                    Action: ["kms:*"],
                    Resource: ["*"],
                },
            ],
            context: { ...VIA_S3, "kms:EncryptionContext:aws:s3:arn": BUCKET },
        }),
    },
];
const OTHER_RESOURCE = "anything else";

/** The columns that are allowed, by action and resource. */
type Matrix = Map<string, Map<string, string[]>>;

async function evaluate(columns: Column[], rows: Row[]): Promise<Matrix> {
    const actions = [...(await actionsOf("s3")), ...(await actionsOf("kms"))];
    const matrix: Matrix = new Map();
    for (const { action, types } of actions) {
        const fitting = rows.filter(({ type }) => types.includes(type));
        const byResource = new Map<string, string[]>();
        for (const { title, target } of fitting.length > 0 ? fitting : [await otherResource(action, types[0])]) {
            const allowed: string[] = [];
            for (const column of columns) if (await isAllowed(column, action, target(column.own))) allowed.push(column.title);
            byResource.set(title, allowed);
        }
        matrix.set(action, byResource);
    }
    return matrix;
}

/** The resource of an action on neither objects nor buckets nor keys. */
async function otherResource(action: string, type: string | undefined): Promise<Pick<Row, "title" | "target">> {
    const service = action.startsWith("s3:") ? "s3" : "kms";
    const arn = type === undefined ? "*" : await exampleArn(service, type, OBSERVER_ACCOUNT);
    return { title: OTHER_RESOURCE, target: () => ({ arn, account: OBSERVER_ACCOUNT }) };
}

const READERS = ["Store of blue"];
const OWNERS = ["Compact of blue"];
const WRITERS = ["Rule", "Prometheus of the observer", "Prometheus of blue", "Prometheus of red", "observer's role for green"];

/** Every allowed cell of the matrix, written by hand. All others are denied. */
const ALLOWED: Allowed[] = [
    ["s3:ListBucket", "the bucket, own prefix", [...READERS, ...OWNERS, ...WRITERS]],
    ["s3:GetObject", "own blocks", [...READERS, ...OWNERS, ...WRITERS]],
    ["s3:PutObject", "own blocks", [...OWNERS, ...WRITERS]],
    ["s3:AbortMultipartUpload", "own blocks", [...OWNERS, ...WRITERS]],
    ["s3:DeleteObject", "own blocks", [...OWNERS]],
    ["kms:Decrypt", "the key, through S3 for the bucket", [...READERS, ...OWNERS, ...WRITERS]],
    ["kms:GenerateDataKey", "the key, through S3 for the bucket", [...OWNERS, ...WRITERS]],
];
type Allowed = [action: string, resource: string, columns: string[]];

const sentences = (allowed: Allowed[]) =>
    allowed.flatMap(([action, resource, columns]) => columns.map((column) => `${column} may ${action} on ${resource}`)).sort();

/** The allowed cells of a matrix. */
const allowedIn = (matrix: Matrix) =>
    [...matrix].flatMap(([action, row]) => [...row].map(([resource, columns]): Allowed => [action, resource, columns]));

describe("the rights of every role, against every action of S3 and KMS", function () {
    this.timeout(120_000);
    let matrix: Matrix;
    before(async () => {
        matrix = await evaluate(COLUMNS, ROWS);
    });

    it("are exactly those listed by hand, cell by cell", () => assert.deepEqual(sentences(allowedIn(matrix)), sentences(ALLOWED)));

    it("are printed in docs/rights.md", () => {
        const file = join(ROOT, "docs", "rights.md");
        const page = readFileSync(file, "utf8");
        const heading = "## The matrix\n";
        assert.ok(page.includes(heading), `${file} has no heading "${heading.trim()}" to print the matrix under`);
        assertFile(file, `${page.slice(0, page.indexOf(heading) + heading.length)}\n${markdown(matrix)}`);
    });
});

function markdown(matrix: Matrix): string {
    const rows = [...matrix].filter(([, row]) => [...row.values()].some((allowed) => allowed.length > 0));
    const table = [
        ["action", "on", ...COLUMNS.map(({ title }) => title)],
        ...rows.flatMap(([action, row]) =>
            [...row].map(([resource, allowed]) => [
                `\`${action}\``,
                resource,
                ...COLUMNS.map(({ title }) => (allowed.includes(title) ? "yes" : "–")),
            ]),
        ),
    ];
    const widths = (table[0] as string[]).map((_, i) => Math.max(...table.map((line) => (line[i] as string).length)));
    const lines = table.map((line) => `| ${line.map((cell, i) => cell.padEnd(widths[i] as number)).join(" | ")} |`);
    const count = (service: string) => [...matrix.keys()].filter((action) => action.startsWith(service)).length;
    const resources = allowedIn(matrix).length;
    return [
        `${count("s3:")} actions of S3 and ${count("kms:")} of KMS, each on every resource that it can be about, for ${COLUMNS.length} roles: ${resources * COLUMNS.length} cells.`,
        `These ${rows.length} actions are allowed somewhere. The other ${matrix.size - rows.length} are denied to every role, everywhere.`,
        "",
        lines[0],
        `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
        ...lines.slice(1),
        "",
    ].join("\n");
}

describe("the bucket policy", () => {
    const writer = user("own", "blue");
    const block = { arn: `${BUCKET}/blue/01ARZ/chunks/000001`, account: OBSERVER_ACCOUNT, policy: bucketPolicy };
    const administrator: Role = {
        arn: `arn:aws:iam::${OBSERVER_ACCOUNT}:role/Administrator`,
        policy: [{ Sid: "All", Effect: "Allow", Action: ["s3:*", "kms:*"], Resource: ["*"] }],
    };

    /** Actions on the bucket and its objects that are allowed to an administrator with this request context. */
    async function stillAllowed(context: Record<string, string>): Promise<string[]> {
        const actions = (await actionsOf("s3")).filter(({ types }) => types.includes("object") || types.includes("bucket"));
        const allowed: string[] = [];
        for (const { action, types } of actions)
            if (await isAllowed(administrator, action, { ...block, ...(types.includes("bucket") && { arn: BUCKET }), context }))
                allowed.push(action);
        return allowed;
    }

    it("denies plain HTTP to everybody, for every action on the bucket and its objects", async () => {
        assert.deepEqual(await stillAllowed({ "aws:SecureTransport": "false" }), []);
    });

    it("denies TLS 1.1 as well, except for two actions whose requests carry no TLS version", async () => {
        assert.deepEqual(await stillAllowed({ "s3:TlsVersion": "1.1" }), [
            "s3:InitiateReplication",
            "s3:AllowVendedLogDeliveryForResource",
        ]);
    });

    for (const [key, header] of [
        ["a key of the caller (SSE-C)", { "s3:x-amz-server-side-encryption-customer-algorithm": "AES256" }],
        ["S3's own key", { "s3:x-amz-server-side-encryption": "AES256" }],
        [
            "another key of KMS",
            { "s3:x-amz-server-side-encryption": "aws:kms", "s3:x-amz-server-side-encryption-aws-kms-key-id": ANOTHER_KEY },
        ],
    ] as const)
        it(`denies an upload that is encrypted with ${key}`, async () => {
            assert.equal(await isAllowed(administrator, "s3:PutObject", { ...block, context: header }), false);
        });

    it("allows an upload without an encryption header", async () => {
        assert.equal(await isAllowed(writer, "s3:PutObject", block), true);
    });

    it("allows a role of another account nothing that its own policy does not allow", async () => {
        const { arn } = user("write", "red");
        const none = { arn, policy: [] };
        assert.equal(await isAllowed(none, "s3:GetObject", { ...block, arn: `${BUCKET}/red/01ARZ/meta.json` }), false);
    });

    it("allows the other roles of that account nothing, whatever their own policies allow", async () => {
        const other = { arn: "arn:aws:iam::222222222222:role/Administrator", policy: administrator.policy };
        assert.equal(await isAllowed(other, "s3:GetObject", { ...block, arn: `${BUCKET}/red/01ARZ/meta.json` }), false);
    });
});

describe("the key policy", () => {
    const key = {
        arn: KEY,
        account: OBSERVER_ACCOUNT,
        policy: keyPolicy,
        context: { ...VIA_S3, "kms:EncryptionContext:aws:s3:arn": BUCKET },
    };
    const all: Statement[] = [{ Sid: "All", Effect: "Allow", Action: ["kms:*"], Resource: ["*"] }];

    it("allows an administrator of the account to administer the key, and not to encrypt or decrypt", async () => {
        const administrator = { arn: `arn:aws:iam::${OBSERVER_ACCOUNT}:role/Administrator`, policy: all };
        const allowed: string[] = [];
        for (const { action, types } of await actionsOf("kms"))
            if (types.includes("key") && (await isAllowed(administrator, action, key))) allowed.push(action.slice("kms:".length));
        assert.deepEqual(allowed.sort(), [
            "CancelKeyDeletion",
            "CreateAlias",
            "DeleteAlias",
            "DescribeKey",
            "DisableKey",
            "DisableKeyRotation",
            "EnableKey",
            "EnableKeyRotation",
            "GetKeyPolicy",
            "GetKeyRotationStatus",
            "ListGrants",
            "ListKeyPolicies",
            "ListKeyRotations",
            "ListResourceTags",
            "PutKeyPolicy",
            "RevokeGrant",
            "RotateKeyOnDemand",
            "ScheduleKeyDeletion",
            "TagResource",
            "UntagResource",
            "UpdateAlias",
            "UpdateKeyDescription",
        ]);
    });

    it("allows an administrator of another account nothing", async () => {
        const stranger = { arn: "arn:aws:iam::222222222222:role/Administrator", policy: all };
        const allowed: string[] = [];
        for (const { action, types } of await actionsOf("kms"))
            if (types.includes("key") && (await isAllowed(stranger, action, key))) allowed.push(action);
        assert.deepEqual(allowed, []);
    });
});

describe("the rights of the replication role", () => {
    const replica = { bucket: "blocks-eu-central-1", region: "eu-central-1", account: OBSERVER_ACCOUNT };
    const arn = `arn:aws:iam::${OBSERVER_ACCOUNT}:role/thanos-fleet/observer-replication-0123ab`;
    const replicaKey = `arn:aws:kms:eu-central-1:${OBSERVER_ACCOUNT}:key/00000000-0000-0000-0000-000000000003`;
    const source = { account: OBSERVER_ACCOUNT, policy: bucketPolicy };
    const copy = { account: OBSERVER_ACCOUNT, policy: bucketStatements(replica, []) };
    const rows: Row[] = [
        { title: "blocks", type: "object", target: () => ({ ...source, arn: `${BUCKET}/blue/01ARZ/meta.json` }) },
        { title: "the bucket", type: "bucket", target: () => ({ ...source, arn: BUCKET }) },
        {
            title: "the key",
            type: "key",
            target: () => ({
                arn: KEY,
                account: OBSERVER_ACCOUNT,
                policy: keyStatements(LOCATION, [...principals.map(keyPrincipal), { role: arn, actions: READS_SOURCE }]),
                context: { ...VIA_S3, "kms:EncryptionContext:aws:s3:arn": BUCKET },
            }),
        },
        { title: "copies", type: "object", target: () => ({ ...copy, arn: `${bucketArn(replica)}/blue/01ARZ/meta.json` }) },
        { title: "the copy's bucket", type: "bucket", target: () => ({ ...copy, arn: bucketArn(replica) }) },
        {
            title: "the copy's key",
            type: "key",
            target: () => ({
                arn: replicaKey,
                account: OBSERVER_ACCOUNT,
                policy: keyStatements(replica, [{ role: arn, actions: WRITES_REPLICA }]),
                context: { "kms:ViaService": "s3.eu-central-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": bucketArn(replica) },
            }),
        },
    ];

    it("let it read every version in the bucket, and write the copy", async () => {
        const policy = replicationStatements(
            { bucketArn: BUCKET, kmsKeyArn: KEY },
            { bucketArn: bucketArn(replica), kmsKeyArn: replicaKey },
        );
        const matrix = await evaluate([{ title: "S3", own: "", arn, policy }], rows);
        assert.deepEqual(
            sentences(allowedIn(matrix)),
            sentences([
                ["s3:GetReplicationConfiguration", "the bucket", ["S3"]],
                ["s3:ListBucket", "the bucket", ["S3"]],
                ["s3:GetObjectVersionForReplication", "blocks", ["S3"]],
                ["s3:GetObjectVersionAcl", "blocks", ["S3"]],
                ["s3:GetObjectVersionTagging", "blocks", ["S3"]],
                ["kms:Decrypt", "the key", ["S3"]],
                ["s3:ReplicateObject", "copies", ["S3"]],
                ["s3:ReplicateDelete", "copies", ["S3"]],
                ["s3:ReplicateTags", "copies", ["S3"]],
                ["kms:Encrypt", "the copy's key", ["S3"]],
                ["kms:GenerateDataKey", "the copy's key", ["S3"]],
            ]),
        );
    });
});

describe("a permissions boundary", () => {
    it("removes the rights that it does not contain", async () => {
        const reader = user("read", "blue");
        const block = { arn: `${BUCKET}/blue/01ARZ/meta.json`, account: OBSERVER_ACCOUNT, policy: bucketPolicy };
        const bounded = {
            ...reader,
            boundary: [{ Sid: "List", Effect: "Allow", Action: ["s3:ListBucket"], Resource: ["*"] }] satisfies Statement[],
        };
        assert.deepEqual([await isAllowed(reader, "s3:GetObject", block), await isAllowed(bounded, "s3:GetObject", block)], [true, false]);
    });
});
