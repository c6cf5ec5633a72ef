import type { Access } from "../../../blocks/access";
import { dnsSuffixOf } from "./names";

/** IAM statements: who may do what. docs/rights.md prints the rights that follow from them. */

export interface Statement {
    Sid: string;
    Effect: "Allow" | "Deny";
    /** Left out of a role's own policy, where the principal is the role. */
    Principal?: "*" | { AWS: string[] } | { Service: string } | { Federated: string };
    Action: readonly string[];
    /** Left out of a trust policy, where the resource is the role. */
    Resource?: readonly string[];
    Condition?: Record<string, Record<string, string | string[]>>;
}

/** The JSON of a policy document. */
export const policyDocument = (statements: readonly Statement[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });

/**
 * The object calls that Thanos makes, read in its source (block.Upload, block.Delete, the fetchers): only Compact deletes. Objects over 64
 * MiB are uploaded in parts, hence the right to abort; uploading a part is `PutObject`. A HEAD is `GetObject`. `GetBucketLocation` is not
 * called: the objstore file names the region.
 */
const OBJECT_ACTIONS: Record<Access, readonly string[]> = {
    read: ["s3:GetObject"],
    write: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
    own: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"],
};

/** The calls that S3 makes to KMS for these object calls. Writers need `Decrypt` too: S3 calls it when it completes a multipart upload. */
export const KEY_ACTIONS: Record<Access, readonly string[]> = {
    read: ["kms:Decrypt"],
    write: ["kms:Decrypt", "kms:GenerateDataKey"],
    own: ["kms:Decrypt", "kms:GenerateDataKey"],
};

export interface PrefixAccess {
    /** What the component does with the objects. */
    access: Access;
    bucketArn: string;
    /** Prefix of the objects, without the slash at its end. */
    prefix: string;
}

/** The rights of one component on the objects of one prefix, and nothing else. */
export function objectStatements({ access, bucketArn, prefix }: PrefixAccess): Statement[] {
    return [
        {
            // Thanos lists `<prefix>/` and everything below it. With this right S3 answers the HEAD of a missing object with 404; without
            // it, with 403, which Thanos treats as a failure (thanos#3677). For a HEAD S3 compares the object's name with `s3:prefix`
            // (ceph#68577), so the condition matches there too.
            Sid: "ListPrefix",
            Effect: "Allow",
            Action: ["s3:ListBucket"],
            Resource: [bucketArn],
            Condition: { StringLike: { "s3:prefix": `${prefix}/*` } },
        },
        { Sid: "Objects", Effect: "Allow", Action: OBJECT_ACTIONS[access], Resource: [`${bucketArn}/${prefix}/*`] },
    ];
}

/** The rights of one component on one prefix of an encrypted bucket, and on the bucket's key. */
export const prefixStatements = ({ kmsKeyArn, ...prefix }: PrefixAccess & { kmsKeyArn: string }): Statement[] => [
    ...objectStatements(prefix),
    { Sid: "Key", Effect: "Allow", Action: KEY_ACTIONS[prefix.access], Resource: [kmsKeyArn] },
];

/** The right to assume another role, with the session tags that EKS sets. */
export const assumeStatements = (role: string): Statement[] => [
    { Sid: "Assume", Effect: "Allow", Action: ["sts:AssumeRole", "sts:TagSession"], Resource: [role] },
];

/**
 * Limits a statement to these roles, which need not exist yet. AWS refuses a policy whose principal does not exist, and the observer is
 * deployed before its observees: so the principal is the roles' account, and a condition names the roles (docs/adr/0011).
 */
export const onlyRoles = (roles: string[]) =>
    ({
        Principal: { AWS: [...new Set(roles.map(rootOf))] },
        Condition: { ArnEquals: { "aws:PrincipalArn": roles } },
    }) satisfies Partial<Statement>;

const rootOf = (role: string) => {
    const [arn, partition, iam] = role.split(":");
    return `${[arn, partition, iam, "", accountOf(role)].join(":")}:root`;
};

/** The account of a role, by its ARN. */
export const accountOf = (role: string) => role.split(":")[4];

/** Trust in one role, of this or another account. */
export const roleTrust = (role: string): Statement[] => [
    { Sid: "Role", Effect: "Allow", ...onlyRoles([role]), Action: ["sts:AssumeRole", "sts:TagSession"] },
];

interface ServiceAccount {
    namespace: string;
    serviceAccount: string;
}

/**
 * Trust in the pods of one service account of one cluster, through EKS Pod Identity. EKS tags the session, hence the second action; the
 * condition on the tags refuses other clusters of the same account (EKS user guide, "Create IAM role with trust policy required by EKS Pod
 * Identity").
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

/**
 * Trust in the pods of one service account, through the OIDC provider of their cluster (IRSA). The audience is the same in China
 * (eksctl#1910).
 */
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

/** Trust in an AWS service. The service's name is the same in China (terraform-aws-eks#2263). */
export const serviceTrust = (service: "eks" | "s3"): Statement[] => servicePrincipalTrust(`${service}.amazonaws.com`);

/** Trust in the nodes of a managed node group. Only EC2 has another name in China, and EKS requires it there (cdk-eks-blueprints#558). */
export const nodeTrust = (region: string): Statement[] => servicePrincipalTrust(`ec2.${dnsSuffixOf(region)}`);

const servicePrincipalTrust = (service: string): Statement[] => [
    { Sid: "Service", Effect: "Allow", Principal: { Service: service }, Action: ["sts:AssumeRole"] },
];
