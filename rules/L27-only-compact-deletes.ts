import { ackRole, irsa, OBJSTORE, objstore, thanos } from "./example";
import { covers, isGivenTo } from "./iam";
import { rolesLack } from "./lacks";
import { isKnown, NOTHING, type ObjectStoreFile, type PodRole } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

/** Components that delete blocks. Tools do where somebody runs them for that. */
const DELETE = ["compact", "tools"];
/** They delete what an upload that broke off has left, and go on without the right. */
const UPLOAD = ["sidecar", "receive", "rule"];

export const onlyCompactDeletes = defineRule({
    id: "L27",
    name: "only-compact-deletes",
    title: "Only Compact may delete blocks",
    why: "A right to delete is used by whoever takes a pod over, by a wrong flag and by a bug. Store needs to read only; a sidecar, Receive and Rule also write. Without the right, an upload that broke off leaves files behind, which Compact removes. Thanos's example policy has the right, so those that write are reported only where you ask for it.",
    source: "https://thanos.io/tip/components/compact.md/",
    remedy: "Give Compact a role of its own, and the others no s3:DeleteObject.",
    severity: "high",
    reads: ["roles", "objectStores"],
    scope: "deployment",
    thresholds: {
        allowUploads: {
            kind: "boolean",
            default: true,
            doc: "Whether those that upload may delete, too: sidecars, Receive and Rule.",
        },
    },
    check: ({ roles, objectStores }, { allowUploads }) => {
        const problems = new Problems();
        const allowed = allowUploads ? [...DELETE, ...UPLOAD] : DELETE;
        for (const role of roles) {
            const pods = objectStores.filter(({ component = "", ...store }) => !allowed.includes(component) && mayDelete(role, store));
            const [place] = pods.flatMap(({ place }) => (place !== undefined && isKnown(place) ? [place] : []));
            problems.when(
                pods.length > 0,
                `${role.path}.rights`,
                `lets ${pods.map(({ path }) => path).join(", ")} delete blocks in bucket ${place?.bucket}.`,
                "Remove s3:DeleteObject; if Compact has the same role, give it one of its own.",
            );
        }
        return problems.all();
    },
    lacks: rolesLack,
    good: {
        ...NOTHING,
        roles: [
            role("reads", "store", []),
            role("owns", "compact", ["arn:aws:s3:::blocks/*"]),
            role("elsewhere", "receive", ["arn:aws:s3:::logs/*"]),
        ],
        objectStores: [pods("store"), pods("compact"), pods("receive")],
    },
    bad: {
        ...NOTHING,
        roles: [role("shared", "*", ["arn:aws:s3:::blocks/*"])],
        objectStores: [pods("store"), pods("compact"), pods("receive")],
    },
    manifests: {
        good: [
            objstore("blue"),
            ackRole("store", irsa("default:store"), ["s3:ListBucket", "s3:GetObject"]),
            ackRole("compact", irsa("default:compact"), ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
            thanos("StatefulSet", "store", ["store", ...OBJSTORE], { secret: "objstore-blue", serviceAccount: "store" }),
            thanos("StatefulSet", "compact", ["compact", ...OBJSTORE], { secret: "objstore-blue", serviceAccount: "compact" }),
        ],
        bad: [
            objstore("blue"),
            ackRole("thanos", irsa("default:thanos"), ["s3:*"]),
            thanos("StatefulSet", "store", ["store", ...OBJSTORE], { secret: "objstore-blue", serviceAccount: "thanos" }),
            thanos("StatefulSet", "compact", ["compact", ...OBJSTORE], { secret: "objstore-blue", serviceAccount: "thanos" }),
        ],
    },
});

function role(path: string, component: string, deletes: readonly string[]): PodRole {
    const accounts = [{ serviceAccount: `monitoring/thanos-${component}`, by: "like" as const }];
    return { path, name: path, accounts, rights: { reads: ["arn:aws:s3:::blocks/*"], deletes } };
}

function pods(component: string): ObjectStoreFile {
    const identity = { serviceAccount: `monitoring/thanos-${component}` };
    return { path: component, component, documents: 1, place: { bucket: "blocks", prefix: "", hasKey: false }, identity };
}

const mayDelete = (role: PodRole, { place, identity }: Pick<ObjectStoreFile, "place" | "identity">): boolean =>
    place !== undefined &&
    identity !== undefined &&
    isKnown(place) &&
    isKnown(identity) &&
    isKnown(role.rights) &&
    isGivenTo(role, identity.serviceAccount) &&
    covers(role.rights.deletes, place);
