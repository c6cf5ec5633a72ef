import { dirname } from "node:path";
import { isMap } from "../rules/isMap";
import type { Manifest } from "../rules/reading/manifest";
import { composeManifests } from "./compose";
import type { SourceDocument } from "./documents";
import { releaseOf } from "./helm";
import { chartsOf, isKustomization, KUSTOMIZE, patchesOf, replacesImages } from "./kustomize";

/** A manifest, and where it is written. */
export interface SourceObject {
    readonly manifest: Manifest;
    /** What a person calls it: `StatefulSet thanos-compact`. */
    readonly title: string;
    readonly source: SourceDocument;
    /** Keys that lead to it inside its document: none, or for instance `items`, 3. */
    readonly keys: readonly (string | number)[];
    /** Where it begins in the text of its document, if that is neither YAML nor JSON. */
    readonly position?: number;
    /** Why rules do not read it, though it says something of Thanos, and what to lint instead. Absent: they do, or it says nothing. */
    readonly passedOver?: string;
}

interface ObjectFields {
    readonly apiVersion?: unknown;
    readonly kind?: unknown;
    readonly metadata?: { readonly name?: unknown } | null;
    readonly items?: unknown;
    readonly objects?: unknown;
}

/** A List may contain Lists; a deeper nesting is not Kubernetes'. An alias may make a List its own item. */
const DEEPEST_LIST = 3;

/** The Kubernetes objects of a document, those of Lists and of OpenShift's Templates too, releases of Flux and Argo CD, and the services of a docker-compose file. None for any other document. */
export function objectsOf(source: SourceDocument, value: unknown): SourceObject[] {
    if (isKustomization(source.file) && isMap(value)) return kustomization(source, value);
    return isMap(value) && isMap(value.services) && value.kind === undefined
        ? composeManifests(value.services, dirname(source.file)).map(({ service, ...described }) => {
              const keys = ["services", service];
              const manifest = { ...described, id: idOf(source, [...keys, described.kind, described.name]) };
              return { manifest, title: `service ${service}`, source, keys };
          })
        : listed(source, value, [], 0);
}

/** Its patches and images change objects that are read as they are. */
function kustomization(source: SourceDocument, value: Record<string, unknown>): SourceObject[] {
    const charts = chartsOf(value).map(({ keys, fields }) => {
        const name = String(fields.releaseName ?? fields.name);
        return described({ apiVersion: KUSTOMIZE, kind: "HelmChart", name, id: idOf(source, keys), fields }, source, keys);
    });
    const patches = patchesOf(value).length;
    const changes = [
        ...(patches === 0 ? [] : [patches === 1 ? "1 patch" : `${patches} patches`]),
        ...(replacesImages(value) ? ["other images"] : []),
    ];
    if (changes.length === 0) return charts;
    const manifest = { apiVersion: KUSTOMIZE, kind: "Kustomization", name: source.file, id: idOf(source, []), fields: value };
    const passedOver = `${changes.join(" and ")}: lint what \`kustomize build\` renders`;
    return [...charts, { manifest, title: source.file, source, keys: [], passedOver }];
}

function listed(source: SourceDocument, value: unknown, keys: readonly (string | number)[], depth: number): SourceObject[] {
    if (!isMap(value)) return [];
    const { apiVersion, kind, metadata, items, objects } = value as ObjectFields;
    if (typeof apiVersion !== "string" || typeof kind !== "string") return [];
    const within = (key: string, members: readonly unknown[]) =>
        depth === DEEPEST_LIST ? [] : members.flatMap((member, i) => listed(source, member, [...keys, key, i], depth + 1));
    if (kind.endsWith("List") && Array.isArray(items)) return within("items", items);
    if (kind === "Template" && Array.isArray(objects)) return within("objects", objects);
    const name = typeof metadata?.name === "string" ? metadata.name : "without a name";
    return [described({ apiVersion, kind, name, id: idOf(source, keys), fields: value }, source, keys)];
}

/** An object, or the release that it asks for. */
function described(manifest: Manifest, source: SourceDocument, keys: readonly (string | number)[]): SourceObject {
    const title = `${manifest.kind} ${manifest.name}`;
    const { release, passedOver = ofOperator(manifest) } = releaseOf(manifest) ?? {};
    const rest = { title, source, ...(passedOver !== undefined && { passedOver }) };
    return release === undefined ? { manifest, keys, ...rest } : { manifest: release.manifest, keys: [...keys, ...release.keys], ...rest };
}

/** Operators of Thanos, and which of their kinds stand for workloads of it. */
const OPERATORS: readonly { readonly operator: string; readonly kinds: RegExp }[] = [
    { operator: "thanos-operator", kinds: /^monitoring\.thanos\.io\// },
    { operator: "Banzai's operator of Thanos", kinds: /^monitoring\.banzaicloud\.io\// },
    { operator: "OpenShift's observability operator", kinds: /^monitoring\.rhobs\/\S+ (MonitoringStack|ThanosQuerier)$/ },
];

function ofOperator({ apiVersion, kind }: Manifest): string | undefined {
    const found = OPERATORS.find(({ kinds }) => kinds.test(`${apiVersion} ${kind}`));
    return found && `a kind of ${found.operator}: lint the workloads that it makes`;
}

/** Sorted by id, objects are in the order of files and lines. */
const idOf = ({ file, line }: SourceDocument, keys: readonly (string | number)[]) =>
    `${file}:${[line, ...keys].map((key) => (typeof key === "number" ? String(key).padStart(9, "0") : key)).join(":")}`;
