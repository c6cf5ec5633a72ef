import type { StackPlan } from "./model";

/** What an IAM role allows, in a few words from its policy documents. */
export interface RoleRights {
    /** Who assumes the role: a service account, a role of another account, or an AWS service. The role's name if its trust policy is unknown. */
    assumedBy: string;
    /** "reads, writes", "assumes", "calls", ... */
    allows: string;
    /** The prefix and bucket, the roles, or the services. */
    target: string;
}

type Resources = StackPlan["resources"];

interface Statement {
    Effect: string;
    Principal?: { Service?: string; Federated?: string; AWS?: string[] };
    Action: string[];
    Resource?: string[];
    Condition?: Record<string, Record<string, string | string[]>>;
}

/** The rights of each role among the resources. */
export function roleRights(resources: Resources): RoleRights[] {
    const ofType = (type: string) => resources.filter((r) => r.type === type);
    return ofType("aws:iam/role:Role").map(({ name, props }) => {
        const role = typeof props.name === "string" ? props.name : name;
        const policies = ofType("aws:iam/rolePolicy:RolePolicy").filter((policy) => policy.props.role === role);
        const managed = ofType("aws:iam/rolePolicyAttachment:RolePolicyAttachment").filter((attached) => attached.props.role === role);
        return {
            assumedBy: assumedBy(statements(props.assumeRolePolicy)) ?? role,
            ...summary(
                policies.flatMap(({ props: { policy } }) => statements(policy)),
                managed.map(({ props: { policyArn } }) => lastOf(String(policyArn))),
            ),
        };
    });
}

/** The statements of a policy document; none if the document is unknown before the update. */
function statements(document: unknown): Statement[] {
    if (typeof document !== "string" || !document.startsWith("{")) return [];
    return (JSON.parse(document) as { Statement: Statement[] }).Statement;
}

const lastOf = (text: string, separator = "/") => text.slice(text.lastIndexOf(separator) + 1);
const list = (value: string | string[] | undefined) => (typeof value === "string" ? [value] : (value ?? []));

const roleText = (arn: string) => `${lastOf(arn)} of account ${arn.split(":")[4]}`;

/** AWS services that assume roles, by their principal. */
const SERVICES: Record<string, string> = { "ec2.amazonaws.com": "nodes", "eks.amazonaws.com": "EKS", "s3.amazonaws.com": "S3" };

/** Who may assume a role, by its trust policy. EKS or the OIDC provider name the service account of a pod. */
function assumedBy([trust]: Statement[]): string | undefined {
    const conditions = Object.values(trust?.Condition ?? {}).flatMap((operator) => Object.entries(operator));
    const value = (key: RegExp) => list(conditions.find(([name]) => key.test(name))?.[1])[0];
    const serviceAccount = value(/kubernetes-service-account$/) ?? value(/:sub$/);
    if (serviceAccount !== undefined) return lastOf(serviceAccount, ":");
    const role = value(/^aws:PrincipalArn$/);
    if (role !== undefined) return roleText(role);
    return SERVICES[trust?.Principal?.Service ?? ""];
}

/** Words for what the calls do with objects. */
const VERBS: [action: string, verb: string][] = [
    ["s3:GetObject", "reads"],
    ["s3:PutObject", "writes"],
    ["s3:DeleteObject", "deletes"],
    ["s3:ReplicateObject", "copies to"],
];

function summary(policy: Statement[], managed: string[]): Omit<RoleRights, "assumedBy"> {
    const allowed = policy.filter(({ Effect }) => Effect === "Allow");
    const verbsOf = ({ Action }: Statement) => VERBS.filter(([action]) => list(Action).includes(action)).map(([, verb]) => verb);
    const objects = allowed.find((statement) => verbsOf(statement).length > 0);
    if (objects) {
        const verbs = verbsOf(objects);
        return { allows: verbs.join(", "), target: list(objects.Resource).map(prefixText).join(", ") };
    }
    const assumed = allowed.find(({ Action }) => list(Action).includes("sts:AssumeRole"));
    if (assumed) return { allows: "assumes", target: list(assumed.Resource).map(roleText).join(", ") };
    return managed.length > 0
        ? { allows: "AWS-managed policies", target: managed.join(", ") }
        : { allows: "calls", target: callsOf(allowed).join(", ") };
}

/** Shortens `arn:aws:s3:::blocks/blue/*` to "blue/ in blocks". */
function prefixText(arn: string): string {
    const path = lastOf(arn, ":");
    const slash = path.indexOf("/");
    const prefix = path.slice(slash + 1).replace(/\*$/, "");
    return prefix === "" ? path.slice(0, slash) : `${prefix} in ${path.slice(0, slash)}`;
}

/** The number of actions per service: "ec2 (11)", "route53 (3) on Z0123456789ABC". */
function callsOf(allowed: Statement[]): string[] {
    const serviceOf = (action: string) => action.slice(0, action.indexOf(":"));
    const services = [...new Set(allowed.flatMap(({ Action }) => list(Action).map(serviceOf)))];
    return services.map((service) => {
        const ofService = allowed.filter(({ Action }) => list(Action).some((action) => serviceOf(action) === service));
        const actions = new Set(ofService.flatMap(({ Action }) => list(Action)).filter((action) => serviceOf(action) === service));
        return `${service} (${actions.size})${resourceText(ofService)}`;
    });
}

/** The resources that the statements are limited to; empty if one of them has a wildcard. "*" alone is left out: it is for listing. */
function resourceText(statements: Statement[]): string {
    const arns = [...new Set(statements.flatMap(({ Resource }) => list(Resource)))].filter((arn) => arn !== "*");
    return arns.length === 0 || arns.some((arn) => arn.endsWith("*")) ? "" : ` on ${arns.map((arn) => lastOf(arn)).join(", ")}`;
}
