import type { Problem } from "../../../../rules/problem";
import { keyAdministration, THIS_KEY } from "../iam/keyAdministration";
import { dnsSuffixOf, partitionOf } from "../iam/names";
import { accountOf, KEY_ACTIONS, objectStatements, ofRoles, type PrefixAccess, policyDocument, type Statement } from "../iam/statements";

/** The policies of a bucket and of its key. All pure. */

/** A role, by its ARN, and what it does with the objects of one prefix. It need not exist yet. */
export interface RoleOnPrefix extends Omit<PrefixAccess, "bucketArn"> {
    role: string;
}

/** A role, by its ARN, and the KMS actions that S3 calls for it. It need not exist yet. */
export interface RoleOnKey {
    role: string;
    actions: readonly string[];
}

/** What a role needs of the key of a bucket that it reads or writes. */
export const onKey = ({ role, access }: RoleOnPrefix): RoleOnKey => ({ role, actions: KEY_ACTIONS[access] });

/** Where a bucket is. */
export interface Place {
    bucket: string;
    region: string;
    account: string;
}

export const bucketArn = ({ bucket, region }: Pick<Place, "bucket" | "region">) => `arn:${partitionOf(region)}:s3:::${bucket}`;

/**
 * What the bucket refuses to everybody, and what it gives to roles of other accounts. Those of its own account need nothing here: their own policies suffice.
 * To refuse, `*` is the principal because it is the only one that means everybody; nothing is allowed to it.
 */
export function bucketStatements(place: Place, users: readonly RoleOnPrefix[]): Statement[] {
    const arn = bucketArn(place);
    const everything = { Effect: "Deny", Principal: "*", Action: ["s3:*"], Resource: [arn, `${arn}/*`] } as const;
    const encryptedOtherwise = { Effect: "Deny", Principal: "*", Action: ["s3:PutObject"], Resource: [`${arn}/*`] } as const;
    return [
        { Sid: "DenyPlainHttp", ...everything, Condition: { Bool: { "aws:SecureTransport": "false" } } },
        { Sid: "DenyOldTls", ...everything, Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } } },
        // Thanos sends no header for encryption, and the bucket's default applies. Who sends one chooses another key: one of the caller's own (SSE-C), S3's, or
        // AWS's, whose blocks no other account could read.
        { Sid: "DenyKeyOfCaller", ...encryptedOtherwise, Condition: present("s3:x-amz-server-side-encryption-customer-algorithm") },
        { Sid: "DenyOtherKey", ...encryptedOtherwise, Condition: present("s3:x-amz-server-side-encryption") },
        ...users
            .filter(({ role }) => accountOf(role) !== place.account)
            .flatMap((guest, i) => guestStatements(`Guest${i + 1}`, guest, arn)),
    ];
}

const present = (key: string) => ({ Null: { [key]: "false" } });

/** The role's own policy says the same: between accounts both have to. */
function guestStatements(guest: string, { role, ...on }: RoleOnPrefix, arn: string): Statement[] {
    const { Principal, Condition } = ofRoles([role]);
    return objectStatements({ ...on, bucketArn: arn }).map((statement) => ({
        ...statement,
        Sid: `${guest}${statement.Sid}`,
        Principal,
        Condition: { ...statement.Condition, ...Condition },
    }));
}

/**
 * The account administers the key and cannot use it; these roles use it, through S3 and for this bucket only. With a bucket key the encryption context is the
 * bucket and not the object (S3 user guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys").
 */
export function keyStatements(place: Place, users: readonly RoleOnKey[]): Statement[] {
    const kinds = new Map(users.map(({ actions }) => [actions.join(), actions]));
    return [
        keyAdministration(place),
        ...[...kinds].map(([kind, actions]): Statement => {
            const { Principal, Condition } = ofRoles(users.filter((user) => user.actions.join() === kind).map(({ role }) => role));
            return {
                Sid: actions.map((action) => action.slice("kms:".length)).join("And"),
                Effect: "Allow",
                Principal,
                Action: actions,
                Resource: THIS_KEY,
                Condition: {
                    ...Condition,
                    StringEquals: { "kms:ViaService": s3Services(place.region), "kms:EncryptionContext:aws:s3:arn": bucketArn(place) },
                },
            };
        }),
    ];
}

/** S3, as KMS calls it. For China no document says which of the two domains; both are S3's. */
const s3Services = (region: string) => [...new Set([dnsSuffixOf(region), "amazonaws.com"])].map((suffix) => `s3.${region}.${suffix}`);

/** Limits of AWS, in bytes. */
const BUCKET_POLICY_LENGTH = 20_480;
const KEY_POLICY_LENGTH = 32_768;

/** Policies that AWS would refuse because too many clusters share one bucket. */
export function policyProblems(place: Place, users: readonly RoleOnPrefix[]): Problem[] {
    const bucketPolicy = policyDocument(bucketStatements(place, users)).length;
    const keyPolicy = policyDocument(keyStatements(place, users.map(onKey))).length;
    return [
        ...(bucketPolicy > BUCKET_POLICY_LENGTH
            ? [
                  {
                      path: "observees",
                      problem: `give bucket ${place.bucket} a policy of ${bucketPolicy} bytes: S3 takes ${BUCKET_POLICY_LENGTH}.`,
                      remedy: "Write via: role for some observees of other accounts, or aws.bucketPerCluster: true.",
                  },
              ]
            : []),
        ...(keyPolicy > KEY_POLICY_LENGTH
            ? [
                  {
                      path: "observees",
                      problem: `give the key of bucket ${place.bucket} a policy of ${keyPolicy} bytes: KMS takes ${KEY_POLICY_LENGTH}.`,
                      remedy: "Write aws.bucketPerCluster: true.",
                  },
              ]
            : []),
    ];
}
