import type { Access } from "../../../blocks/access";
import { dnsSuffixOf } from "./names";

/** Statements of IAM: who may do what. All pure; what they come to is printed in docs/rights.md. */

export interface Statement {
    Sid: string;
    Effect: "Allow" | "Deny";
    /** Not in a role's own policy: there it is the role. */
    Principal?: "*" | { AWS: string[] } | { Service: string } | { Federated: string };
    Action: readonly string[];
    /** Not in a trust policy: there it is the role. */
    Resource?: readonly string[];
    Condition?: Record<string, Record<string, string | string[]>>;
}

/** The JSON of a policy document. */
export const policyDocument = (statements: readonly Statement[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });

/**
 * The object calls that Thanos makes, read in its source (block.Upload, block.Delete, the fetchers): only Compact deletes. Objects over 64 MiB are uploaded
 * in parts, hence the right to abort; to upload a part is `PutObject`. A HEAD is `GetObject`. The bucket's region is configured, so nobody asks for it.
 */
const OBJECT_ACTIONS: Record<Access, readonly string[]> = {
    read: ["s3:GetObject"],
    write: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
    own: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"],
};

/** The calls that S3 makes to KMS for them. Writers need `Decrypt` too: S3 asks for it at the end of an upload in parts. */
export const KEY_ACTIONS: Record<Access, readonly string[]> = {
    read: ["kms:Decrypt"],
    write: ["kms:Decrypt", "kms:GenerateDataKey"],
    own: ["kms:Decrypt", "kms:GenerateDataKey"],
};

export interface PrefixAccess {
    access: Access;
    bucketArn: string;
    prefix: string;
}

/** The rights of one component on the objects of one prefix, and nothing else. */
export function objectStatements({ access, bucketArn, prefix }: PrefixAccess): Statement[] {
    return [
        {
            // Thanos lists `<prefix>/` and what is below it. The right also makes a HEAD of a missing object answer 404; without it that is a 403, which
            // Thanos takes for a failure (thanos#3677). S3 decides this with the object's name as the prefix (ceph#68577), so the condition holds there too.
            Sid: "ListPrefix",
            Effect: "Allow",
            Action: ["s3:ListBucket"],
            Resource: [bucketArn],
            Condition: { StringLike: { "s3:prefix": `${prefix}/*` } },
        },
        { Sid: "Objects", Effect: "Allow", Action: OBJECT_ACTIONS[access], Resource: [`${bucketArn}/${prefix}/*`] },
    ];
}

/** The rights of one component on one prefix of an encrypted bucket. */
export const prefixStatements = ({ kmsKeyArn, ...on }: PrefixAccess & { kmsKeyArn: string }): Statement[] => [
    ...objectStatements(on),
    { Sid: "Key", Effect: "Allow", Action: KEY_ACTIONS[on.access], Resource: [kmsKeyArn] },
];

/** The right to become another role, and to keep the tags that EKS puts on the session. */
export const assumeStatements = (role: string): Statement[] => [
    { Sid: "Assume", Effect: "Allow", Action: ["sts:AssumeRole", "sts:TagSession"], Resource: [role] },
];

/**
 * Says which roles a statement is about, whether they exist yet or not. AWS refuses a policy whose principal does not exist, and an observer is up before
 * its observees are: so the principal is the roles' account, and a condition says which of its roles (docs/adr/0011).
 */
export const ofRoles = (roles: string[]) =>
    ({
        Principal: { AWS: [...new Set(roles.map(rootOf))] },
        Condition: { ArnEquals: { "aws:PrincipalArn": roles } },
    }) satisfies Partial<Statement>;

const rootOf = (role: string) => {
    const [arn, partition, iam] = role.split(":");
    return `${[arn, partition, iam, "", accountOf(role)].join(":")}:root`;
};

/** The account that a role is in. */
export const accountOf = (role: string) => role.split(":")[4];

/** Trust in a role of whichever account. */
export const roleTrust = (role: string): Statement[] => [
    { Sid: "Role", Effect: "Allow", ...ofRoles([role]), Action: ["sts:AssumeRole", "sts:TagSession"] },
];

interface ServiceAccount {
    namespace: string;
    serviceAccount: string;
}

/**
 * Trust in the pods of one service account of one cluster, through EKS Pod Identity. EKS tags the session, hence two actions; by these tags another
 * cluster of the same account is refused (EKS user guide, "Create IAM role with trust policy required by EKS Pod Identity").
 */
export const podIdentityTrust = (pods: ServiceAccount & { clusterArn: string }): Statement[] => [
    {
        Sid: "PodIdentity",
        Effect: "Allow",
        Principal: { Service: "pods.eks.amazonaws.com" },
        Action: ["sts:AssumeRole", "sts:TagSession"],
        Condition: {
            StringEquals: {
                "aws:RequestTag/eks-cluster-arn": pods.clusterArn,
                "aws:RequestTag/kubernetes-namespace": pods.namespace,
                "aws:RequestTag/kubernetes-service-account": pods.serviceAccount,
            },
        },
    },
];

/** The same through the OIDC provider of a cluster (IRSA). The audience has no `.cn` in China: it is a name, not an address (eksctl#1910). */
export function irsaTrust(pods: ServiceAccount & { issuer: string; oidcProviderArn: string }): Statement[] {
    const issuer = pods.issuer.replace("https://", "");
    return [
        {
            Sid: "Irsa",
            Effect: "Allow",
            Principal: { Federated: pods.oidcProviderArn },
            Action: ["sts:AssumeRoleWithWebIdentity"],
            Condition: {
                StringEquals: {
                    [`${issuer}:sub`]: `system:serviceaccount:${pods.namespace}:${pods.serviceAccount}`,
                    [`${issuer}:aud`]: "sts.amazonaws.com",
                },
            },
        },
    ];
}

/** Trust in a service of AWS. Its name is the same in China (terraform-aws-eks#2263). */
export const serviceTrust = (service: "eks" | "s3"): Statement[] => trustIn(`${service}.amazonaws.com`);

/** Trust in the nodes of a managed node group. EC2 alone has another name in China, and EKS insists on it (cdk-eks-blueprints#558). */
export const nodeTrust = (region: string): Statement[] => trustIn(`ec2.${dnsSuffixOf(region)}`);

const trustIn = (service: string): Statement[] => [
    { Sid: "Service", Effect: "Allow", Principal: { Service: service }, Action: ["sts:AssumeRole"] },
];
