import { fits, roleNameOf } from "../iam";
import type { Known, ObjectRights, PodRole, TrustedAccount } from "../model";
import type { Manifest } from "./manifest";
import { notKnown, type Surroundings } from "./process";

type OneOrMore<T> = T | readonly T[];

interface Statement {
    readonly Effect?: string;
    readonly Principal?: "*" | { readonly Federated?: OneOrMore<string> };
    readonly Action?: OneOrMore<string>;
    readonly NotAction?: OneOrMore<string>;
    readonly Resource?: OneOrMore<string>;
    readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore<string>>>>>;
}

/** A policy: its JSON, or what that says. */
type Policy = string | { readonly Statement?: OneOrMore<Statement> };

/** A role, whoever makes it. What is not known yet is absent. */
interface Role {
    readonly name: string | undefined;
    readonly trust: Policy | undefined;
    readonly policies: readonly Policy[];
    /** ARNs of policies that are attached to it; of some, what else refers to them. */
    readonly attached: readonly string[];
    /** Whether a permissions boundary limits its policies. */
    readonly isBounded: boolean;
}

/** The IAM role that a manifest describes: of ACK, or of Pulumi's AWS provider. A policy that is unknown before the update is left out, and read in the update. */
export function podRolesOf(manifest: Manifest, path: string, around: Surroundings): PodRole[] {
    const read = ROLES[`${manifest.apiVersion} ${manifest.kind}`];
    if (read === undefined) return [];
    const { name, trust, policies, attached, isBounded } = read(manifest, around);
    const own = attached.filter((arn) => !OF_AWS.test(arn)).map((arn) => ({ arn, policy: policyOf(arn, around) }));
    const missing = own.find(({ policy }) => policy === undefined);
    return [
        {
            path,
            name: name ?? notKnown("its name is not known"),
            accounts: trust === undefined ? notKnown("its trust policy is not known") : accountsOf(trust, name, around),
            rights: isBounded
                ? notKnown("its permissions boundary is not read")
                : missing !== undefined
                  ? notKnown(`the policy ${missing.arn}, which is attached to it, is not read`)
                  : rightsOf([...policies, ...own.flatMap(({ policy }) => policy ?? [])], attached),
        },
    ];
}

/** Policies that AWS itself has made. */
const OF_AWS = /:iam::aws:policy\//;

/** The policy of an account that an ARN names, if it is among the resources. */
function policyOf(arn: string, { manifests, quietly }: Surroundings): Policy | undefined {
    interface Fields {
        readonly arn?: string;
        readonly policy?: Policy;
    }
    const found = manifests
        .filter(({ apiVersion, kind }) => apiVersion === "aws:iam" && kind === "Policy")
        .map(({ fields }) => fields as Fields)
        .find((policy) => quietly(() => policy.arn) === arn);
    return found && quietly(() => found.policy);
}

const ROLES: Readonly<Record<string, (manifest: Manifest, around: Surroundings) => Role>> = {
    "iam.services.k8s.aws/v1alpha1 Role": ({ fields }, { quietly }) => {
        interface Spec {
            readonly name?: string;
            readonly assumeRolePolicyDocument?: string;
            readonly inlinePolicies?: Readonly<Record<string, string>>;
            readonly policies?: readonly string[];
            readonly policyRefs?: readonly { readonly from?: { readonly name?: string } }[];
            readonly permissionsBoundary?: string;
            readonly permissionsBoundaryRef?: unknown;
        }
        const { spec = {} } = fields as { spec?: Spec };
        return {
            name: quietly(() => spec.name),
            trust: quietly(() => spec.assumeRolePolicyDocument),
            policies: Object.keys(spec.inlinePolicies ?? {}).flatMap((key) => quietly(() => spec.inlinePolicies?.[key]) ?? []),
            attached: quietly(() => [...(spec.policies ?? []), ...(spec.policyRefs ?? []).map(({ from }) => from?.name ?? "")]) ?? [],
            isBounded: quietly(() => (spec.permissionsBoundary ?? spec.permissionsBoundaryRef) !== undefined) ?? true,
        };
    },
    "aws:iam Role": ({ fields }, { manifests, quietly }) => {
        interface Fields {
            readonly name?: string;
            readonly assumeRolePolicy?: Policy;
            readonly inlinePolicies?: readonly { readonly policy?: Policy }[];
            readonly managedPolicyArns?: readonly string[];
            readonly permissionsBoundary?: string;
        }
        const role = fields as Fields;
        const name = quietly(() => role.name);
        interface OfRole {
            readonly role?: string;
            readonly policy?: Policy;
            readonly policyArn?: string;
        }
        const ofRole = manifests
            .filter(({ apiVersion, kind }) => apiVersion === "aws:iam" && /^RolePolicy(Attachment)?$/.test(kind))
            .map((other) => other.fields as OfRole)
            .filter((other) => name !== undefined && quietly(() => other.role) === name);
        return {
            name,
            trust: quietly(() => role.assumeRolePolicy),
            policies: [...(quietly(() => role.inlinePolicies) ?? []), ...ofRole].flatMap((other) => quietly(() => other.policy) ?? []),
            attached: [
                ...(quietly(() => [...(role.managedPolicyArns ?? [])]) ?? []),
                ...ofRole.flatMap((other) => quietly(() => other.policyArn) ?? []),
            ],
            // An empty text is none.
            isBounded: quietly(() => Boolean(role.permissionsBoundary)) ?? true,
        };
    },
};

/** Undefined where it is no policy: a template that something fills in. */
function statementsOf(policy: Policy): readonly Statement[] | undefined {
    try {
        const { Statement: statements } = typeof policy === "string" ? (JSON.parse(policy) as Exclude<Policy, string>) : policy;
        return listOf(statements);
    } catch (error) {
        if (error instanceof SyntaxError) return undefined;
        throw error;
    }
}

const listOf = <T>(value: OneOrMore<T> | undefined): readonly T[] =>
    value === undefined ? [] : ((Array.isArray(value) ? value : [value]) as readonly T[]);

const SUBJECT = "system:serviceaccount:";

/** The service accounts that a trust policy accepts by their tokens, and those that EKS Pod Identity gives the role. */
function accountsOf(trust: Policy, name: string | undefined, around: Surroundings): Known<TrustedAccount[]> {
    const statements = statementsOf(trust);
    if (statements === undefined) return notKnown("its trust policy is not JSON");
    return [...statements.flatMap(accountsIn), ...associated(name, around)];
}

function accountsIn({ Effect, Principal, Condition = {} }: Statement): TrustedAccount[] {
    // Which provider it is may not be known, as of a cluster that is made together with the role.
    if (Effect !== "Allow" || typeof Principal !== "object" || !Object.keys(Principal).includes("Federated")) return [];
    // Operators such as `ForAnyValue:StringLike` and `StringEqualsIfExists` compare alike.
    const subjects = Object.entries(Condition).flatMap(([operator, keys]) =>
        Object.entries(keys)
            .filter(([key]) => key.endsWith(":sub"))
            .flatMap(([, values]) =>
                listOf(values).map((subject) => ({ subject, by: COMPARES[/String(Equals|Like)/.exec(operator)?.[0] ?? ""] })),
            ),
    );
    // Without a condition, every service account of the cluster. Other providers are not those of clusters.
    if (subjects.length === 0)
        return listOf(Principal.Federated).some((arn) => CLUSTER.test(arn)) ? [{ serviceAccount: "*", by: "like" }] : [];
    return subjects.flatMap(({ subject, by }) =>
        by !== undefined && subject.startsWith(SUBJECT) ? [{ serviceAccount: subject.slice(SUBJECT.length).replace(":", "/"), by }] : [],
    );
}

const COMPARES: Readonly<Record<string, "equals" | "like">> = { StringEquals: "equals", StringLike: "like" };

/** The OIDC provider of a cluster of EKS. */
const CLUSTER = /:oidc-provider\/oidc\.eks\./;

/** Service accounts that an association of EKS Pod Identity gives a role. */
function associated(name: string | undefined, { manifests, quietly }: Surroundings): TrustedAccount[] {
    interface Association {
        readonly namespace?: string;
        readonly serviceAccount?: string;
        /** Of Pulumi's AWS provider; ACK's is `roleARN`. */
        readonly roleArn?: string;
        readonly roleARN?: string;
        readonly spec?: Association;
    }
    return manifests.flatMap(({ kind, fields }): TrustedAccount[] => {
        if (kind !== "PodIdentityAssociation") return [];
        const association = (fields as Association).spec ?? (fields as Association);
        const arn = quietly(() => association.roleArn ?? association.roleARN);
        const account = quietly(() => `${association.namespace}/${association.serviceAccount}`);
        return name === undefined || account === undefined || roleNameOf(arn) !== name
            ? []
            : [{ serviceAccount: account, by: "association" }];
    });
}

const FULL = ":iam::aws:policy/(AmazonS3FullAccess|AdministratorAccess)$";
/** Policies of AWS that allow everything in S3, and those that allow to read. */
const MANAGED = { deletes: new RegExp(FULL), reads: new RegExp(`${FULL}|:iam::aws:policy/(AmazonS3ReadOnlyAccess|ReadOnlyAccess)$`) };

/** What policies allow without a condition. A condition may never hold. */
function rightsOf(policies: readonly Policy[], attached: readonly string[]): Known<ObjectRights> {
    const statements = policies.flatMap((policy) => statementsOf(policy) ?? []);
    const allowed = (action: string, managed: RegExp) => [
        ...statements
            .filter((statement) => statement.Effect === "Allow" && statement.Condition === undefined && isAbout(statement, action))
            .flatMap(({ Resource }) => listOf(Resource)),
        ...(attached.some((arn) => managed.test(arn)) ? ["*"] : []),
    ];
    const denies = (action: string) => statements.some((statement) => statement.Effect === "Deny" && isAbout(statement, action));
    if (denies(DELETE) || denies(READ)) return notKnown("its policies deny some of what they allow");
    return { reads: allowed(READ, MANAGED.reads), deletes: allowed(DELETE, MANAGED.deletes) };
}

const READ = "s3:getobject";
const DELETE = "s3:deleteobject";

/** IAM compares actions without regard to case. */
const isAbout = ({ Action, NotAction }: Statement, action: string): boolean =>
    Action === undefined
        ? NotAction !== undefined && !listOf(NotAction).some((pattern) => fits(pattern.toLowerCase(), action))
        : listOf(Action).some((pattern) => fits(pattern.toLowerCase(), action));
