/** What changed between two sets of inputs, and whether it can be changed in place. No API server is asked. */
import { isMap } from "../../../rules/isMap";
import type { Bag } from "./secretValues";

interface Change {
    /** In the engine's notation: `spec.containers[0].image`, `metadata.annotations["a.b/c"]`. */
    path: string;
    kind: "add" | "delete" | "update";
}

export interface Decision {
    changes: Change[];
    /** The paths of the changes that need a new object. */
    replaces: string[];
    /** Two objects with the same name cannot exist together, so a replacement that keeps the name deletes first. */
    deleteBeforeReplace: boolean;
}

export interface ChangeRules {
    /** The namespace of an object that sets none. */
    namespace: string;
    /** The provider's setting `enableConfigMapMutable`, false by default as in the official provider. */
    configMapMutable: boolean;
    /** The provider's setting `enableSecretMutable`, likewise. */
    secretMutable: boolean;
    /** Whether the resource is a Patch, which takes any change in place. @default false */
    patch?: boolean;
}

/** The annotation of objects that `check` named. Their replacement gets another name, so both may exist for a while. */
export const AUTONAMED = "pulumi.com/autonamed";

/** Every difference between two values, leaf by leaf. Lists are compared by position, as the official provider does. */
export function differences(olds: unknown, news: unknown, path = ""): Change[] {
    if (olds === undefined && news === undefined) return [];
    if (olds === undefined) return [{ path, kind: "add" }];
    if (news === undefined) return [{ path, kind: "delete" }];
    if (Array.isArray(olds) && Array.isArray(news)) {
        const longest = Math.max(olds.length, news.length);
        return Array.from({ length: longest }, (_, i) => differences(olds[i], news[i], `${path}[${i}]`)).flat();
    }
    if (isMap(olds) && isMap(news)) {
        const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])].sort();
        return keys.flatMap((key) => differences(olds[key], news[key], join(path, key)));
    }
    return olds === news ? [] : [{ path, kind: "update" }];
}

function join(path: string, key: string): string {
    if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}["${key.replaceAll('"', '\\"')}"]`;
    return path === "" ? key : `${path}.${key}`;
}

const isPartOf = (path: string, prefix: string) => path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`);

/** Fields that an API server refuses to change, by kind: the list of the official provider (provider/pkg/provider/diff.go). */
const IMMUTABLE: Record<string, string[]> = {
    DaemonSet: ["spec.selector"],
    Deployment: ["spec.selector"],
    StatefulSet: [
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ],
    Job: ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"],
    ClusterRoleBinding: ["roleRef"],
    RoleBinding: ["roleRef"],
    StorageClass: ["parameters", "provisioner"],
    PersistentVolumeClaim: ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
    PersistentVolume: ["spec.csi", "spec.hostPath", "spec.local", "spec.nfs"],
    Pod: ["spec"],
    ResourceQuota: ["spec.scopes"],
    Secret: ["type"],
    Service: ["spec.clusterIP"],
};

const BUILT_IN = /^(apps|batch|rbac\.authorization\.k8s\.io|storage\.k8s\.io)\/|^v1$/;

function immutableFields(news: Bag, rules: ChangeRules): string[] {
    const everywhere = ["kind", "metadata.name", "metadata.namespace"];
    if (rules.patch) return everywhere;
    const sealed = news.immutable === true;
    if (news.apiVersion === "v1" && news.kind === "Secret" && (sealed || !rules.secretMutable))
        return [...everywhere, "type", "stringData", "data"];
    if (news.apiVersion === "v1" && news.kind === "ConfigMap" && (sealed || !rules.configMapMutable))
        return [...everywhere, "binaryData", "data"];
    const ofKind = BUILT_IN.test(String(news.apiVersion)) ? IMMUTABLE[String(news.kind)] : undefined;
    return [...everywhere, ...(ofKind ?? [])];
}

const metadata = (object: Bag): Bag => (isMap(object.metadata) ? object.metadata : {});

/** Sets the default namespace on an object that sets none, so that writing it out later is no change. */
function withNamespace(object: Bag, namespace: string): Bag {
    return { ...object, metadata: { namespace, ...metadata(object) } };
}

/**
 * Compares new inputs with the inputs of the last update, both without secret wrappers. The live object is not compared: the fields that
 * controllers and defaults add to it would show as changes on every update.
 */
export function decide(olds: Bag, news: Bag, rules: ChangeRules): Decision {
    const before = withNamespace(olds, rules.namespace);
    const after = withNamespace(news, rules.namespace);
    const changes = differences(before, after);
    const fixed = immutableFields(news, rules);
    const replaces = changes.map((c) => c.path).filter((path) => fixed.some((prefix) => isPartOf(path, prefix)));
    const autonamed = isMap(metadata(news).annotations) && (metadata(news).annotations as Bag)[AUTONAMED] === "true";
    const samePlace = metadata(before).name === metadata(after).name && metadata(before).namespace === metadata(after).namespace;
    return { changes, replaces, deleteBeforeReplace: replaces.length > 0 && !autonamed && samePlace };
}
