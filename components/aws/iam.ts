import type { Access } from "../cloud";

export interface Statement {
    Sid: string;
    Effect: "Allow" | "Deny";
    Action: string[];
    Resource: string[];
    Principal?: unknown;
    Condition?: Record<string, Record<string, string | string[]>>;
}

export interface PrefixAccess {
    access: Access;
    bucketArn: string;
    prefix: string;
    /** The key that encrypts the bucket. */
    kmsKeyArn: string;
}

/** The object calls that Thanos makes, read in its source (block.Upload, block.Delete, the fetchers): only Compact deletes. */
const OBJECT_ACTIONS: Record<Access, string[]> = {
    read: ["s3:GetObject"],
    write: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
    own: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"],
};

/** Writers need `Decrypt` too: S3 asks for it at the end of a multipart upload. */
const KEY_ACTIONS: Record<Access, string[]> = {
    read: ["kms:Decrypt"],
    write: ["kms:Decrypt", "kms:GenerateDataKey"],
    own: ["kms:Decrypt", "kms:GenerateDataKey"],
};

/** The rights of one component on one prefix, and nothing else. Pure. */
export function prefixStatements(args: PrefixAccess): Statement[] {
    return [
        {
            // Without it a missing object answers 403 and not 404, and Thanos takes it for a failure (thanos#3677).
            Sid: "ListPrefix",
            Effect: "Allow",
            Action: ["s3:ListBucket"],
            Resource: [args.bucketArn],
            Condition: { StringLike: { "s3:prefix": [args.prefix, `${args.prefix}/*`] } },
        },
        { Sid: "Objects", Effect: "Allow", Action: OBJECT_ACTIONS[args.access], Resource: [`${args.bucketArn}/${args.prefix}/*`] },
        { Sid: "Key", Effect: "Allow", Action: KEY_ACTIONS[args.access], Resource: [args.kmsKeyArn] },
    ];
}

/** Refuses plain HTTP and old TLS for everyone. */
export function bucketStatements(bucketArn: string): Statement[] {
    const everything = { Effect: "Deny" as const, Principal: "*", Action: ["s3:*"], Resource: [bucketArn, `${bucketArn}/*`] };
    return [
        { Sid: "DenyPlainHttp", ...everything, Condition: { Bool: { "aws:SecureTransport": "false" } } },
        { Sid: "DenyOldTls", ...everything, Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } } },
    ];
}

/** Trust of EKS Pod Identity: it also tags the session, hence two actions. */
export const podIdentityTrust: Statement[] = [
    {
        Sid: "PodIdentity",
        Effect: "Allow",
        Principal: { Service: "pods.eks.amazonaws.com" },
        Action: ["sts:AssumeRole", "sts:TagSession"],
        Resource: [],
    },
];

/** Trust of the nodes of a managed node group. */
export const nodeTrust: Statement[] = [
    { Sid: "Nodes", Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: ["sts:AssumeRole"], Resource: [] },
];

/** The JSON of a policy document. A trust policy has no resources. */
export function policyDocument(statements: readonly Statement[]): string {
    return JSON.stringify({
        Version: "2012-10-17",
        Statement: statements.map(({ Resource, ...rest }) => (Resource.length === 0 ? rest : { ...rest, Resource })),
    });
}
