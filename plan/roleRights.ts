import type { StackPlan } from "./model";

/** Who wears a role, what it may do, and on what: as a person reads it, out of the policy documents. Pure. */

interface Rights {
    wearer: string;
    does: string;
    on: string;
}

type Resources = StackPlan["resources"];

interface Statement {
    Effect: string;
    Principal?: { Service?: string; Federated?: string; AWS?: string[] };
    Action: string[];
    Resource?: string[];
    Condition?: Record<string, Record<string, string | string[]>>;
}

/** One for each role among the resources. */
export function rightsOf(resources: Resources): Rights[] {
    const ofType = (type: string) => resources.filter((r) => r.type === type);
    return ofType("aws:iam/role:Role").map(({ name, props }) => {
        const role = typeof props.name === "string" ? props.name : name;
        const policies = ofType("aws:iam/rolePolicy:RolePolicy").filter((policy) => policy.props.role === role);
        const managed = ofType("aws:iam/rolePolicyAttachment:RolePolicyAttachment").filter((attached) => attached.props.role === role);
        return {
            wearer: wearerOf(statements(props.assumeRolePolicy)) ?? role,
            ...summary(
                policies.flatMap(({ props: { policy } }) => statements(policy)),
                managed.map(({ props: { policyArn } }) => lastOf(String(policyArn))),
            ),
        };
    });
}

/** An unreadable document (unknown before the update) says nothing. */
function statements(document: unknown): Statement[] {
    if (typeof document !== "string" || !document.startsWith("{")) return [];
    return (JSON.parse(document) as { Statement: Statement[] }).Statement;
}

const lastOf = (text: string, separator = "/") => text.slice(text.lastIndexOf(separator) + 1);
const list = (value: string | string[] | undefined) => (typeof value === "string" ? [value] : (value ?? []));

const roleText = (arn: string) => `${lastOf(arn)} of account ${arn.split(":")[4]}`;

/** What AWS calls its own principals. */
const SERVICES: Record<string, string> = { "ec2.amazonaws.com": "nodes", "eks.amazonaws.com": "EKS", "s3.amazonaws.com": "S3" };

/** Who may put a role on, by its trust. A service account is named by what EKS or the OIDC provider says of a pod. */
function wearerOf([trust]: Statement[]): string | undefined {
    const conditions = Object.values(trust?.Condition ?? {}).flatMap((of) => Object.entries(of));
    const value = (key: RegExp) => list(conditions.find(([name]) => key.test(name))?.[1])[0];
    const account = value(/kubernetes-service-account$/) ?? value(/:sub$/);
    if (account !== undefined) return lastOf(account, ":");
    const role = value(/^aws:PrincipalArn$/);
    if (role !== undefined) return roleText(role);
    return SERVICES[trust?.Principal?.Service ?? ""];
}

/** Calls on objects that a person has a word for. */
const VERBS: [action: string, verb: string][] = [
    ["s3:GetObject", "reads"],
    ["s3:PutObject", "writes"],
    ["s3:DeleteObject", "deletes"],
    ["s3:ReplicateObject", "copies to"],
];

function summary(policy: Statement[], managed: string[]): Omit<Rights, "wearer"> {
    const allowed = policy.filter(({ Effect }) => Effect === "Allow");
    const verbsOf = ({ Action }: Statement) => VERBS.filter(([action]) => list(Action).includes(action)).map(([, verb]) => verb);
    const objects = allowed.find((statement) => verbsOf(statement).length > 0);
    if (objects) {
        const verbs = verbsOf(objects);
        return { does: verbs.join(", "), on: list(objects.Resource).map(prefixText).join(", ") };
    }
    const assumed = allowed.find(({ Action }) => list(Action).includes("sts:AssumeRole"));
    if (assumed) return { does: "becomes", on: list(assumed.Resource).map(roleText).join(", ") };
    return managed.length > 0 ? { does: "has AWS's own", on: managed.join(", ") } : { does: "calls", on: callsOf(allowed).join(", ") };
}

/** `arn:aws:s3:::blocks/blue/*` is `blue/ in blocks`. */
function prefixText(arn: string): string {
    const path = lastOf(arn, ":");
    const slash = path.indexOf("/");
    const prefix = path.slice(slash + 1).replace(/\*$/, "");
    return prefix === "" ? path.slice(0, slash) : `${prefix} in ${path.slice(0, slash)}`;
}

/** `ec2 (11), route53 (3) on Z0123456789ABC`: the calls themselves are in the policy. */
function callsOf(allowed: Statement[]): string[] {
    const serviceOf = (action: string) => action.slice(0, action.indexOf(":"));
    const services = [...new Set(allowed.flatMap(({ Action }) => list(Action).map(serviceOf)))];
    return services.map((service) => {
        const own = allowed.filter(({ Action }) => list(Action).some((action) => serviceOf(action) === service));
        const actions = new Set(own.flatMap(({ Action }) => list(Action)).filter((action) => serviceOf(action) === service));
        return `${service} (${actions.size})${placeOf(own)}`;
    });
}

/** Where the calls are bound to things that have a name. To look at everything is no exception to that. */
function placeOf(statements: Statement[]): string {
    const arns = [...new Set(statements.flatMap(({ Resource }) => list(Resource)))].filter((arn) => arn !== "*");
    return arns.length === 0 || arns.some((arn) => arn.endsWith("*")) ? "" : ` on ${arns.map((arn) => lastOf(arn)).join(", ")}`;
}
