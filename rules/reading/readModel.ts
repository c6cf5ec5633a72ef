import {
    type Compactor,
    type ExposedPage,
    type Hashring,
    NOTHING,
    type PartKind,
    type Prometheus,
    type Receive,
    STREAM_LABEL,
    type ThanosModel,
} from "../model";
import { type CommandLine, compactorFlags, FlagError, parseArgv, receiveFlags } from "./commandLine";
import type { Manifest } from "./manifest";
import { pagesOf } from "./pages";
import { type Container, prometheusOf, type Workload, workloadOf } from "./workload";

/** The deployment that manifests describe, and the manifest of each part. */
export interface Reading {
    readonly model: ThanosModel;
    /** Id of the manifest, by the path of its part. */
    readonly ids: ReadonlyMap<string, string>;
    /** Manifests that cannot be read: a flag is wrong, or a value is unknown before the update. */
    readonly unread: readonly { readonly path: string; readonly id: string; readonly error: Error }[];
}

/**
 * Reads the parts of the given kinds and no other field: a value unknown at preview must not stop a rule that does not need it.
 * `isUnknown` recognises the error that reading an unknown value throws.
 */
export function readModel(
    manifests: readonly Manifest[],
    kinds: readonly PartKind[],
    isUnknown: (error: unknown) => boolean = () => false,
): Reading {
    const ids = new Map<string, string>();
    const unread: Reading["unread"][number][] = [];
    // The engine registers in no fixed order; sorted by id, the same stack always gives the same problems.
    const parts = [...manifests].sort(byId).flatMap((manifest) => {
        const title = `${manifest.kind} ${manifest.name}`;
        const path = ids.has(title) ? manifest.id : title;
        ids.set(path, manifest.id);
        try {
            return [
                ...partsOf(manifest, path, kinds, (name, namespace) => configMap(manifests, isUnknown, name, namespace)),
                ...(kinds.includes("pages") ? pagesOf(manifest, path, manifests).map((part) => ({ kind: "pages", part }) as const) : []),
            ];
        } catch (error) {
            if (!(error instanceof FlagError || isUnknown(error))) throw error;
            unread.push({ path, id: manifest.id, error: error as Error });
            return [];
        }
    });
    return { model: assemble(parts, unread.length === 0), ids, unread };
}

const byId = (a: Manifest, b: Manifest) => (a.id < b.id ? -1 : 1);

type Part =
    | { readonly kind: "compactors"; readonly part: Compactor }
    | { readonly kind: "receives"; readonly part: ReceivePart }
    | { readonly kind: "prometheuses"; readonly part: Prometheus }
    | { readonly kind: "pages"; readonly part: ExposedPage };

/** One Receive workload. The routers and ingesters of a namespace are one hashring: see `hashrings`. */
interface ReceivePart {
    readonly path: string;
    readonly namespace: string;
    readonly forwards: boolean;
    readonly stores: boolean;
    readonly replicationFactor: number;
    readonly replicas: number;
    /** From its hashrings file, where that is in a ConfigMap that is known. */
    readonly rings?: readonly Hashring[] | undefined;
}

/** The files of a ConfigMap. */
type FindConfigMap = (name: string, namespace: string) => Readonly<Record<string, string>> | undefined;

function partsOf(manifest: Manifest, path: string, kinds: readonly PartKind[], find: FindConfigMap): Part[] {
    if (kinds.includes("prometheuses")) {
        const prometheus = prometheusOf(manifest);
        if (prometheus !== undefined) return [{ kind: "prometheuses", part: { path, ...prometheus } }];
    }
    const workload = Object.values(COMPONENTS).some((kind) => kinds.includes(kind)) ? workloadOf(manifest) : undefined;
    if (workload === undefined) return [];
    return workload.containers.flatMap((container): Part[] => {
        const line = thanosCommand(container, kinds);
        if (line === undefined) return [];
        return line.command[0] === "compact"
            ? [{ kind: "compactors", part: compactor(path, manifest.name, workload, line) }]
            : [{ kind: "receives", part: receive(path, workload, line, find) }];
    });
}

function receive(path: string, workload: Workload, line: CommandLine, find: FindConfigMap): ReceivePart {
    const { ringFile, ...flags } = receiveFlags(line);
    const { namespace, replicas } = workload;
    const source = ringFile === undefined ? undefined : workload.configMapAt(ringFile);
    const text = source && find(source.name, namespace)?.[source.key];
    return { path, namespace, ...flags, replicas, rings: text === undefined ? undefined : ringsIn(text, path) };
}

/** The rings of a hashrings file. */
function ringsIn(text: string, path: string): Hashring[] {
    try {
        const rings = JSON.parse(text) as { endpoints: (string | { az?: string })[] }[];
        return rings.map(({ endpoints }, i) => {
            const zones = endpoints.map((endpoint) => (typeof endpoint === "string" ? "" : (endpoint.az ?? "")));
            const perZone = [...new Set(zones)].map((zone) => zones.filter((other) => other === zone).length);
            return { path: `${path}.hashrings[${i}]`, ingesters: endpoints.length, ...(perZone.length > 1 && { perZone }) };
        });
    } catch (error) {
        throw new FlagError(`--receive.hashrings-file: ${(error as Error).message}`);
    }
}

function configMap(
    manifests: readonly Manifest[],
    isUnknown: (error: unknown) => boolean,
    name: string,
    namespace: string,
): Readonly<Record<string, string>> | undefined {
    interface Fields {
        metadata?: { name?: string; namespace?: string };
        data?: Record<string, string>;
    }
    // A ConfigMap whose name is not known yet is another one: whoever mounts it does not know its name either.
    const isIt = ({ fields }: Manifest) => {
        const { metadata } = fields as Fields;
        try {
            return metadata?.name === name && (metadata.namespace ?? "default") === namespace;
        } catch (error) {
            if (isUnknown(error)) return false;
            throw error;
        }
    };
    return (manifests.find((manifest) => manifest.kind === "ConfigMap" && isIt(manifest))?.fields as Fields | undefined)?.data;
}

/** Components that a rule reads, by their command. */
const COMPONENTS: Readonly<Record<string, PartKind>> = { compact: "compactors", receive: "receives" };

/**
 * The command line of a container that runs a Thanos component of the given kinds. A Thanos container is recognised by its image:
 * `quay.io/thanos/thanos:v0.42.4`, or a mirror's `.../thanos@sha256:...`. The component is read before the other arguments, which may be unknown.
 */
function thanosCommand({ image, command, args }: Container, kinds: readonly PartKind[]): CommandLine | undefined {
    const wanted = (component = "") => COMPONENTS[component] !== undefined && kinds.includes(COMPONENTS[component]);
    if (image === undefined || !/(^|\/)thanos([:@]|$)/.test(image)) return undefined;
    const first = command?.[1] ?? args?.[0] ?? "";
    if (!first.startsWith("--") && !wanted(first)) return undefined;
    const line = parseArgv([...(command ?? []).slice(1), ...(args ?? [])]);
    return wanted(line.command[0]) ? line : undefined;
}

function compactor(path: string, name: string, workload: Workload, line: CommandLine): Compactor {
    const { replicas, overlapsOnUpdate } = workload;
    return { path, stream: streamOf(name, workload, line), replicas, overlapsOnUpdate, ...compactorFlags(line) };
}

/**
 * The stream of a compactor. Bucket and prefix are inside a Secret and often unknown at preview, so the stream is the label `thanos-fleet/stream`,
 * which this project sets; else the Secret that the objstore file comes from, since the same file means the same blocks; else the compactor's name.
 */
function streamOf(name: string, workload: Workload, { flags }: CommandLine): string {
    const label = workload.labels[STREAM_LABEL];
    if (label !== undefined) return label;
    const file = flags.get("objstore.config-file")?.at(-1);
    const secret = file === undefined ? undefined : workload.secretAt(file);
    return secret === undefined ? name : `the blocks of Secret ${workload.namespace}/${secret}`;
}

function assemble(parts: readonly Part[], complete: boolean): ThanosModel {
    const receives = parts.flatMap((p) => (p.kind === "receives" ? [p.part] : []));
    return {
        ...NOTHING,
        compactors: parts.flatMap((p) => (p.kind === "compactors" ? [p.part] : [])),
        receives: hashrings(receives, complete),
        prometheuses: parts.flatMap((p) => (p.kind === "prometheuses" ? [p.part] : [])),
        pages: parts.flatMap((p) => (p.kind === "pages" ? [p.part] : [])),
    };
}

/**
 * Each router with the rings of its hashrings file; where that is not known, with the ingesters of its namespace as one ring. Ingesters without a router
 * are a ring of replication factor 1.
 */
function hashrings(receives: readonly ReceivePart[], complete: boolean): Receive[] {
    return receives
        .filter(({ forwards, namespace }) => forwards || !receives.some((other) => other.forwards && other.namespace === namespace))
        .map(({ path, namespace, forwards, replicationFactor, rings }) => {
            const storing = receives.filter((other) => other.stores && other.namespace === namespace);
            const ingesters = storing.reduce((sum, { replicas }) => sum + replicas, 0);
            // Without any, the ingesters belong to another stack. If a workload is unread, the known ones are too few.
            const counted = complete && storing.length > 0 ? [{ path, ingesters }] : [];
            return { path, replicationFactor: forwards ? replicationFactor : 1, rings: rings ?? counted };
        });
}
