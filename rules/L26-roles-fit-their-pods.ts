import { ackRole, irsa, OBJSTORE, objstore, serviceAccount, thanos } from "./example";
import { covers, isGivenTo, roleNameOf } from "./iam";
import { rolesLack } from "./lacks";
import {
    isKnown,
    NOTHING,
    type ObjectStoreFile,
    type PodIdentity,
    type PodRole,
    type S3Place,
    type ThanosModel,
    type TrustedAccount,
} from "./model";
import { type Problem, Problems } from "./problem";
import { defineRule, type Lack } from "./rule";

export const rolesFitTheirPods = defineRule({
    id: "L26",
    name: "roles-fit-their-pods",
    title: "A role for blocks trusts the service accounts of its pods, and no others",
    why: "Where the trust policy names another service account than the one that pods run as, S3 refuses them: nothing is uploaded, and nothing says so but a log. Where it accepts a pattern, whoever may create a service account reads the blocks.",
    source: "https://github.com/thanos-io/thanos/issues/5996",
    remedy: "Compare `sub` with StringEquals to the namespace and name of the one service account that the pods run as.",
    severity: "high",
    reads: ["roles", "objectStores"],
    scope: "deployment",
    thresholds: {},
    check: ({ roles, objectStores }) => {
        const pods = objectStores.flatMap(podsOf);
        // Pods that nobody knows may be those that the role is for.
        const areAll = objectStores.every(({ place, identity }) => [place, identity].every((fact) => fact === undefined || isKnown(fact)));
        return roles.flatMap((role) => [...patterns(role, pods), ...refused(role, pods), ...(areAll ? unused(role, pods, roles) : [])]);
    },
    lacks: (model) => [...rolesLack(model), ...annotationsLack(model)],
    good: {
        ...NOTHING,
        roles: [
            role("store", [{ serviceAccount: "monitoring/store", by: "equals" }]),
            role("compact", [{ serviceAccount: "monitoring/compact", by: "association" }]),
            { ...role("logs", [{ serviceAccount: "*", by: "like" }]), rights: { reads: ["arn:aws:s3:::logs/*"], deletes: [] } },
            role("elsewhere", [{ serviceAccount: "monitoring/prometheus", by: "equals" }]),
        ],
        objectStores: [
            runningAs("monitoring/store", "arn:aws:iam::111111111111:role/store"),
            runningAs("monitoring/compact"),
            runningAs("monitoring/receive", "arn:aws:iam::111111111111:role/of-another-stack"),
        ],
    },
    bad: {
        ...NOTHING,
        roles: [
            role("pods-of-grafana", [{ serviceAccount: "grafana/*", by: "like" }]),
            role("pattern", [{ serviceAccount: "monitoring/thanos-*", by: "equals" }]),
            role("renamed", [{ serviceAccount: "monitoring/kube-prometheus", by: "equals" }]),
            role("unused", [{ serviceAccount: "rules/thanos", by: "equals" }]),
        ],
        objectStores: [runningAs("monitoring/kps-prometheus", "arn:aws:iam::111111111111:role/renamed"), runningAs("rules/thanos-rule")],
    },
    manifests: {
        good: [
            objstore("blue"),
            ackRole("store", irsa("default:store"), ["s3:GetObject"]),
            serviceAccount("store", "store"),
            thanos("StatefulSet", "store", ["store", ...OBJSTORE], { secret: "objstore-blue", serviceAccount: "store" }),
        ],
        bad: [
            objstore("blue"),
            ackRole("receive", irsa("default:thanos-*", "StringLike"), ["s3:GetObject"]),
            ackRole("store", irsa("default:thanos"), ["s3:GetObject"]),
            serviceAccount("thanos-store", "store"),
            thanos("StatefulSet", "store", ["store", ...OBJSTORE], { secret: "objstore-blue", serviceAccount: "thanos-store" }),
        ],
    },
});

function role(path: string, accounts: readonly TrustedAccount[]): PodRole {
    return { path, name: path, accounts, rights: { reads: ["arn:aws:s3:::blocks/*"], deletes: [] } };
}

function runningAs(serviceAccount: string, roleArn?: string): ObjectStoreFile {
    const identity = { serviceAccount, ...(roleArn !== undefined && { roleArn }) };
    return { path: serviceAccount, component: "store", documents: 1, place: { bucket: "blocks", prefix: "", hasKey: false }, identity };
}

/** Pods that need S3, where everything is known. */
interface Pods {
    readonly path: string;
    readonly place: S3Place;
    readonly identity: PodIdentity;
}

const podsOf = ({ path, place, identity }: ObjectStoreFile): Pods[] =>
    place !== undefined && identity !== undefined && isKnown(place) && isKnown(identity) ? [{ path, place, identity }] : [];

const accountsOf = ({ accounts }: PodRole) => (isKnown(accounts) ? accounts : []);
const PATTERN = /[*?]/;

/** The bucket of blocks that a role reads. */
const bucketOf = ({ rights }: PodRole, pods: readonly Pods[]) =>
    pods.find(({ place }) => isKnown(rights) && covers(rights.reads, place))?.place.bucket;

function patterns(role: PodRole, pods: readonly Pods[]): Problem[] {
    const bucket = bucketOf(role, pods);
    if (bucket === undefined) return [];
    const problems = new Problems();
    for (const { serviceAccount: account, by } of accountsOf(role).filter(({ serviceAccount }) => PATTERN.test(serviceAccount)))
        problems
            .when(
                by === "like",
                `${role.path}.trust`,
                account === "*"
                    ? `accepts every service account of the cluster: each pod could read blocks in bucket ${bucket}.`
                    : `accepts every service account like ${account}: whoever may create one reads blocks in bucket ${bucket}.`,
                "Compare `sub` with StringEquals to one namespace and name; give each component a role of its own.",
            )
            .when(
                by === "equals",
                `${role.path}.trust`,
                `compares with ${account} letter by letter (StringEquals), and no service account is called so: it accepts none.`,
                "Write the name in full.",
            );
    return problems.all();
}

/** Pods whose service account names a role that does not accept it. */
function refused(role: PodRole, pods: readonly Pods[]): Problem[] {
    const accounts = accountsOf(role);
    const problems = new Problems();
    if (accounts.length === 0 || accounts.some(({ serviceAccount }) => PATTERN.test(serviceAccount))) return [];
    for (const { path, identity } of pods) {
        const { serviceAccount, roleArn } = identity;
        problems.when(
            typeof roleArn === "string" && roleNameOf(roleArn) === role.name && !isGivenTo(role, serviceAccount),
            `${role.path}.trust`,
            `does not accept ${serviceAccount}, the service account of ${path}, which names this role: it accepts ${accounts.map((account) => account.serviceAccount).join(", ")}.`,
            `Write system:serviceaccount:${serviceAccount.replace("/", ":")}.`,
        );
    }
    return problems.all();
}

/** A role that no pods have, beside pods that have no role: it was given to another service account than theirs. */
function unused(role: PodRole, pods: readonly Pods[], roles: readonly PodRole[]): Problem[] {
    const accounts = accountsOf(role).filter(({ serviceAccount, by }) => by === "equals" && !PATTERN.test(serviceAccount));
    const { rights } = role;
    const isGiven = (account: string) => roles.some((other) => !isKnown(other.accounts) || isGivenTo(other, account));
    if (
        accounts.length !== accountsOf(role).length ||
        !isKnown(rights) ||
        pods.some(({ identity }) => isGivenTo(role, identity.serviceAccount))
    )
        return [];
    const without = pods.find(
        ({ place, identity: { serviceAccount, roleArn } }) =>
            covers(rights.reads, place) &&
            !place.hasKey &&
            roleArn === undefined &&
            accounts.some((account) => namespaceOf(account.serviceAccount) === namespaceOf(serviceAccount)) &&
            !isGiven(serviceAccount),
    );
    return new Problems()
        .when(
            without !== undefined,
            `${role.path}.trust`,
            `accepts ${accounts.map(({ serviceAccount }) => serviceAccount).join(", ")}, as which nothing here reads bucket ${without?.place.bucket}; ${without?.path} runs as ${without?.identity.serviceAccount}, which has no role.`,
            "Let both name the same service account.",
        )
        .all();
}

const namespaceOf = (serviceAccount: string) => serviceAccount.split("/")[0];

function annotationsLack({ roles, objectStores }: ThanosModel): Lack[] {
    if (roles.length === 0) return [];
    return objectStores.flatMap(({ path, identity }) =>
        identity !== undefined && isKnown(identity) && identity.roleArn !== undefined && !isKnown(identity.roleArn)
            ? [{ path, fact: identity.roleArn.notKnown }]
            : [],
    );
}
