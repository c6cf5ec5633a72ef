import type { SourceObject } from "./objects";

/**
 * The deployments that objects describe. No cluster has two objects of one kind, namespace and name, so a folder with such two describes several deployments
 * (environments, or a base and its overlays): each of its subfolders is one, and its own files are one. Rules compare the parts of one deployment only.
 */
export function deploymentsOf(objects: readonly SourceObject[], depth = 0): (readonly SourceObject[])[] {
    if (!hasTwins(objects)) return objects.length === 0 ? [] : [objects];
    const groups = new Map<string, SourceObject[]>();
    for (const object of objects) {
        const [folder, ...rest] = object.source.file.split("/").slice(depth);
        const group = rest.length > 0 ? `${folder}/` : "";
        const members = groups.get(group);
        if (members === undefined) groups.set(group, [object]);
        else members.push(object);
    }
    return [...groups].flatMap(([group, members]) => (group === "" ? byFile(members) : deploymentsOf(members, depth + 1)));
}

/**
 * The files of one folder: together; or, if they describe an object twice, as alternatives. A file joins the first alternative that describes none of its
 * objects, so what all alternatives share is read with the first. In one file the last description counts, as for kubectl.
 */
function byFile(objects: readonly SourceObject[]): (readonly SourceObject[])[] {
    if (!hasTwins(objects)) return [objects];
    const alternatives: Map<string, SourceObject>[] = [];
    for (const file of new Set(objects.map(({ source }) => source.file))) {
        const own = objects.filter(({ source }) => source.file === file).map((object) => [keyOf(object), object] as const);
        const fitting = alternatives.find((alternative) => !own.some(([key]) => alternative.has(key)));
        if (fitting === undefined) alternatives.push(new Map(own));
        else for (const [key, object] of own) fitting.set(key, object);
    }
    return alternatives.map((alternative) => [...alternative.values()]);
}

/** Kinds that rules read. Of others, people write a second copy into the same folder, for instance a ServiceAccount for each component. */
const READ =
    /^(Pod|Deployment|StatefulSet|DaemonSet|ReplicaSet|Job|CronJob|ConfigMap|Secret|Service|Ingress|IngressRoute|HTTPRoute|Prometheus|PrometheusAgent|ThanosRuler|Release)$/;

const isRead = ({ manifest }: SourceObject) => READ.test(manifest.kind);

/** Two objects of one key are not in one cluster. */
const keyOf = (object: SourceObject) => (isRead(object) ? identityOf(object) : object.manifest.id);

function hasTwins(objects: readonly SourceObject[]): boolean {
    return new Set(objects.map(keyOf)).size < objects.length;
}

function identityOf({ manifest: { apiVersion, kind, name, fields } }: SourceObject): string {
    const { namespace } = (fields.metadata ?? {}) as { namespace?: unknown };
    return [apiVersion.replace(/\/.*/, ""), kind, namespace, name].join(" ");
}
