import { type Problem, Problems } from "../../../../rules/problem";
import { keyAdministration, THIS_KEY } from "../iam/keyAdministration";
import { dnsSuffixOf, partitionOf } from "../iam/names";
import { accountOf, KEY_ACTIONS, objectStatements, onlyRoles, type PrefixAccess, policyDocument, type Statement } from "../iam/statements";

/** The policies of a bucket and of its key. */

/** A role that works on the objects of one prefix. It need not exist yet. */
export interface PrefixPrincipal extends Omit<PrefixAccess, "bucketArn"> {
    /** ARN of the role. */
    role: string;
}

/** A role that uses the key of a bucket. It need not exist yet. */
export interface KeyPrincipal {
    /** ARN of the role. */
    role: string;
    /** KMS actions that S3 calls in the role's name. */
    actions: readonly string[];
}

/** The use of a bucket's key that a role needs to read or write the bucket. */
export const keyPrincipal = ({ role, access }: PrefixPrincipal): KeyPrincipal => ({ role, actions: KEY_ACTIONS[access] });

export interface BucketLocation {
    /** Name of the bucket. */
    bucket: string;
    /** AWS region of the bucket. */
    region: string;
    /** AWS account of the bucket. */
    account: string;
}

export const bucketArn = ({ bucket, region }: Pick<BucketLocation, "bucket" | "region">) => `arn:${partitionOf(region)}:s3:::${bucket}`;

/**
 * What the bucket denies to everybody, and what it allows to roles of other accounts. Roles of its own account need nothing here: their own
 * policies suffice. A deny has the principal `*` because no other means everybody; no statement allows anything to `*`.
 */
export function bucketStatements(location: BucketLocation, principals: readonly PrefixPrincipal[]): Statement[] {
    const arn = bucketArn(location);
    const everything = { Effect: "Deny", Principal: "*", Action: ["s3:*"], Resource: [arn, `${arn}/*`] } as const;
    const upload = { Effect: "Deny", Principal: "*", Action: ["s3:PutObject"], Resource: [`${arn}/*`] } as const;
    return [
        { Sid: "DenyPlainHttp", ...everything, Condition: { Bool: { "aws:SecureTransport": "false" } } },
        { Sid: "DenyOldTls", ...everything, Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } } },
        // Thanos sends no encryption header, so the bucket's default key applies. An upload with such a header would choose another key:
        // the caller's own (SSE-C), S3's, or an AWS-managed one, whose blocks no other account can read.
        { Sid: "DenyKeyOfCaller", ...upload, Condition: present("s3:x-amz-server-side-encryption-customer-algorithm") },
        { Sid: "DenyOtherKey", ...upload, Condition: present("s3:x-amz-server-side-encryption") },
        ...principals
            .filter(({ role }) => accountOf(role) !== location.account)
            .flatMap((guest, i) => guestStatements(`Guest${i + 1}`, guest, arn)),
    ];
}

const present = (key: string) => ({ Null: { [key]: "false" } });

/** Rights of a role of another account. The role's own policy has to say the same: between accounts both sides allow. */
function guestStatements(guest: string, { role, ...prefix }: PrefixPrincipal, arn: string): Statement[] {
    const { Principal, Condition } = onlyRoles([role]);
    return objectStatements({ ...prefix, bucketArn: arn }).map((statement) => ({
        ...statement,
        Sid: `${guest}${statement.Sid}`,
        Principal,
        Condition: { ...statement.Condition, ...Condition },
    }));
}

/**
 * The account administers the key and cannot use it; these roles use it, through S3 and for this bucket only. With a bucket key the
 * encryption context is the bucket and not the object (S3 user guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys").
 */
export function keyStatements(location: BucketLocation, principals: readonly KeyPrincipal[]): Statement[] {
    const actionSets = new Map(principals.map(({ actions }) => [actions.join(), actions]));
    return [
        keyAdministration(location),
        ...[...actionSets].map(([set, actions]): Statement => {
            const roles = principals.filter((principal) => principal.actions.join() === set).map(({ role }) => role);
            const { Principal, Condition } = onlyRoles(roles);
            return {
                Sid: actions.map((action) => action.slice("kms:".length)).join("And"),
                Effect: "Allow",
                Principal,
                Action: actions,
                Resource: THIS_KEY,
                Condition: {
                    ...Condition,
                    StringEquals: {
                        "kms:ViaService": s3Services(location.region),
                        "kms:EncryptionContext:aws:s3:arn": bucketArn(location),
                    },
                },
            };
        }),
    ];
}

/** Names of S3 in `kms:ViaService`. No document says which of S3's two domains it has in China, so both are listed. */
const s3Services = (region: string) => [...new Set([dnsSuffixOf(region), "amazonaws.com"])].map((suffix) => `s3.${region}.${suffix}`);

/** Limits of AWS, in bytes. */
const BUCKET_POLICY_LENGTH = 20_480;
const KEY_POLICY_LENGTH = 32_768;

/** Policies that AWS would refuse because too many clusters share one bucket. */
export function policyProblems(location: BucketLocation, principals: readonly PrefixPrincipal[]): Problem[] {
    const { bucket } = location;
    const bucketPolicy = policyDocument(bucketStatements(location, principals)).length;
    const keyPolicy = policyDocument(keyStatements(location, principals.map(keyPrincipal))).length;
    return new Problems()
        .when(
            bucketPolicy > BUCKET_POLICY_LENGTH,
            "observees",
            `give bucket ${bucket} a policy of ${bucketPolicy} bytes: S3 takes ${BUCKET_POLICY_LENGTH}.`,
            "Write via: role for some observees of other accounts, or aws.bucketPerCluster: true.",
        )
        .when(
            keyPolicy > KEY_POLICY_LENGTH,
            "observees",
            `give the key of bucket ${bucket} a policy of ${keyPolicy} bytes: KMS takes ${KEY_POLICY_LENGTH}.`,
            "Write aws.bucketPerCluster: true.",
        )
        .all();
}
