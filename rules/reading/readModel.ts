import { isKnown, NOTHING, type PartKind, type Receive, type ThanosModel } from "../model";
import type { Lack } from "../rule";
import { CACHING, cachesIn } from "./caches";
import { FlagError, receiveFlags } from "./commandLine";
import { Files } from "./files";
import { lifecyclesOf } from "./lifecycles";
import type { Manifest } from "./manifest";
import { NotKnownError } from "./notKnown";
import { objectStoreIn } from "./objectStores";
import { pagesOf } from "./pages";
import { commandIn, compactorIn, endpointListIn, frontendIn, ringsIn, sourceIn, storeIn } from "./parts";
import { podRolesOf } from "./podRoles";
import { type Process, processesOf, type Surroundings } from "./process";
import { plainPrometheusOf, plainSidecarOf, plainSourceOf } from "./prometheus";
import { operatedSidecarOf, operatedSourceOf, sidecarObjectStore } from "./sidecar";
import { prometheusOf } from "./workload";

/** The deployment that manifests describe, and the manifest of each part. */
export interface Reading {
    readonly model: ThanosModel;
    /** Id of the manifest, by the path of its part. */
    readonly ids: ReadonlyMap<string, string>;
    /** Manifests that cannot be read: a flag is wrong, or a value is unknown before the update. */
    readonly unread: readonly { readonly path: string; readonly id: string; readonly error: Error }[];
    /** Parts that are not in the model, because the manifests do not tell a value that they need. Nothing is wrong with them as far as anybody knows. */
    readonly lacks: readonly (Lack & { readonly id: string; readonly kind: PartKind })[];
}

/**
 * Reads the parts of the given kinds and no other field: a value unknown at preview must not stop a rule that does not need it.
 * `isUnknown` recognises the error that reading an unknown value throws. `fileAt` reads a file that docker-compose mounts.
 */
export function readModel(
    manifests: readonly Manifest[],
    kinds: readonly PartKind[],
    isUnknown: (error: unknown) => boolean = () => false,
    fileAt: (path: string) => string | undefined = () => undefined,
): Reading {
    const ids = new Map<string, string>();
    const unread: Reading["unread"][number][] = [];
    const lacks: Reading["lacks"][number][] = [];
    const surroundings = surroundingsOf(manifests, isUnknown, fileAt);
    // The engine registers in no fixed order; sorted by id, the same stack always gives the same problems.
    const parts = [...manifests].sort(byId).flatMap((manifest) => {
        const title = `${manifest.kind} ${manifest.name}`;
        const path = ids.has(title) ? manifest.id : title;
        ids.set(path, manifest.id);
        const around = surroundings(manifest);
        try {
            const processes = processesOf(manifest, path, componentsOf(kinds), around);
            return kinds.flatMap((kind) => {
                try {
                    return READERS[kind](manifest, path, processes, around);
                } catch (error) {
                    if (!(error instanceof NotKnownError)) throw error;
                    lacks.push({ path, id: manifest.id, kind, fact: error.message });
                    return [];
                }
            });
        } catch (error) {
            if (!(error instanceof FlagError || isUnknown(error))) throw error;
            unread.push({ path, id: manifest.id, error: error as Error });
            return [];
        }
    });
    const complete = unread.length === 0 && !lacks.some(({ kind }) => kind === "receives");
    const receives = parts.flatMap((part) => (part.kind === "receives" ? [part.part] : []));
    for (const { path } of receives.filter((part) => isOfAnotherRouter(part, receives)))
        lacks.push({ path, id: ids.get(path) ?? path, kind: "receives", fact: "its router is not among the manifests" });
    return { model: assemble(parts, complete), ids, unread, lacks };
}

/** Each cluster has its own Secrets, Services and namespaces, of the same names as those of others. What is in no cluster, as resources of AWS, is near all of them. */
function surroundingsOf(
    manifests: readonly Manifest[],
    isUnknown: (error: unknown) => boolean,
    fileAt: (path: string) => string | undefined,
): (manifest: Manifest) => Surroundings {
    const clusters = [...new Set(manifests.flatMap(({ cluster }) => cluster ?? []))];
    const names = new Map(clusters.map((cluster) => [cluster, cluster.split("::").at(-1) ?? cluster]));
    const areNamed = new Set(names.values()).size === clusters.length;
    const made = new Map<string | undefined, Surroundings>();
    return ({ cluster }) => {
        const known = made.get(cluster);
        if (known !== undefined) return known;
        const near = manifests.filter((other) => cluster === undefined || other.cluster === undefined || other.cluster === cluster);
        const name = areNamed ? names.get(cluster ?? "") : cluster;
        const around: Surroundings = {
            manifests: near,
            ...(clusters.length > 1 && name !== undefined && { cluster: name }),
            files: new Files(near, isUnknown, fileAt),
            quietly: (read) => quietly(read, isUnknown),
        };
        made.set(cluster, around);
        return around;
    };
}

const byId = (a: Manifest, b: Manifest) => (a.id < b.id ? -1 : 1);

function quietly<T>(read: () => T, isUnknown: (error: unknown) => boolean): T | undefined {
    try {
        return read();
    } catch (error) {
        if (isUnknown(error)) return undefined;
        throw error;
    }
}

/** Parts as they are read, by kind. Those of Receive become hashrings once all are known. */
type Parts = Omit<{ [K in PartKind]: ThanosModel[K][number] }, "receives"> & { receives: ReceivePart };
type Part = { [K in PartKind]: { readonly kind: K; readonly part: Parts[K] } }[PartKind];
type Read<K extends PartKind> = (manifest: Manifest, path: string, processes: readonly Process[], around: Surroundings) => Parts[K][];

const ALL_COMPONENTS = ["sidecar", "store", "query", "query-frontend", "rule", "compact", "receive"];

/** The components of Thanos that a kind of part is read from. */
const COMPONENTS: Readonly<Record<PartKind, readonly string[]>> = {
    compactors: ["compact"],
    receives: ["receive"],
    prometheuses: [],
    pages: [],
    stores: ["store"],
    sources: ["receive", "rule"],
    frontends: ["query-frontend"],
    caches: CACHING,
    sidecars: [],
    endpointLists: ["query"],
    commands: ALL_COMPONENTS,
    objectStores: ["sidecar", "store", "rule", "compact", "receive", "tools"],
    lifecycles: [],
    roles: [],
};

const componentsOf = (kinds: readonly PartKind[]): string[] => [...new Set(kinds.flatMap((kind) => COMPONENTS[kind]))];

const from = <T>(components: readonly string[], read: (process: Process, around: Surroundings) => T[]) =>
    ((_, _path, processes, around) =>
        processes.filter(({ component }) => components.includes(component)).flatMap((p) => read(p, around))) as (
        manifest: Manifest,
        path: string,
        processes: readonly Process[],
        around: Surroundings,
    ) => T[];

const READ: { readonly [K in PartKind]: Read<K> } = {
    compactors: from(COMPONENTS.compactors, (process, around) => [compactorIn(process, around)]),
    receives: from(COMPONENTS.receives, (process, around) => [receive(process, around)]),
    prometheuses: (manifest, path, _, around) => {
        const prometheus = prometheusOf(manifest);
        return prometheus === undefined ? plainPrometheusOf(manifest, path, around) : [{ path, ...prometheus }];
    },
    pages: (manifest, path, _, around) => pagesOf(manifest, path, around),
    stores: from(COMPONENTS.stores, (process) => [storeIn(process)]),
    sources: (manifest, path, processes, around) => [
        ...operatedSourceOf(manifest, path, around),
        ...plainSourceOf(manifest, path, around),
        ...from(COMPONENTS.sources, sourceIn)(manifest, path, processes, around),
    ],
    frontends: from(COMPONENTS.frontends, (process, around) => [frontendIn(process, around)]),
    caches: from(COMPONENTS.caches, cachesIn),
    sidecars: (manifest, path, _, around) => [...operatedSidecarOf(manifest, path, around), ...plainSidecarOf(manifest, path, around)],
    endpointLists: from(COMPONENTS.endpointLists, (process, around) => [endpointListIn(process, around)]),
    commands: from(COMPONENTS.commands, (process) => [commandIn(process)]),
    objectStores: (manifest, path, processes, around) => [
        ...sidecarObjectStore(manifest, path, around),
        ...from(COMPONENTS.objectStores, objectStoreIn)(manifest, path, processes, around),
    ],
    lifecycles: (manifest, path, _, around) => lifecyclesOf(manifest, path, around),
    roles: (manifest, path, _, around) => podRolesOf(manifest, path, around),
};

const READERS = Object.fromEntries(
    Object.entries(READ).map(([kind, read]) => [
        kind,
        (...args: Parameters<Read<PartKind>>) => read(...args).map((part) => ({ kind, part }) as Part),
    ]),
) as Readonly<Record<PartKind, (...args: Parameters<Read<PartKind>>) => Part[]>>;

/** One Receive workload: see `hashrings`. */
interface ReceivePart extends Omit<Receive, "sending"> {
    /** Its namespace, of its cluster. */
    readonly namespace: string;
    readonly forwards: boolean;
    readonly stores: boolean;
    readonly isNamed: boolean;
    readonly algorithm: string;
    readonly protocol: string;
}

function receive(process: Process, around: Surroundings): ReceivePart {
    const { path, workload, line, version } = process;
    // A ring that is not known before an update is worth the engine's warning.
    const content = process.content("receive.hashrings", "throw");
    const known = content === undefined || isKnown(content);
    return {
        path,
        namespace: [around.cluster ?? "", workload.namespace].join("/"),
        ...receiveFlags(line),
        ...(version !== undefined && { version }),
        ...(known ? { rings: content === undefined ? [] : ringsIn(content, path) } : { rings: [], ringsLack: content }),
    };
}

function assemble(parts: readonly Part[], complete: boolean): ThanosModel {
    const of = <K extends PartKind>(kind: K) => parts.flatMap((p) => (p.kind === kind ? [p.part as Parts[K]] : []));
    const kinds = Object.keys(NOTHING) as PartKind[];
    const read = Object.fromEntries(kinds.map((kind) => [kind, of(kind)])) as unknown as ThanosModel;
    return { ...read, receives: hashrings(of("receives"), complete) };
}

const hasRouter = ({ namespace }: ReceivePart, receives: readonly ReceivePart[]) =>
    receives.some((other) => other.forwards && other.namespace === namespace);

/** An ingester with a name in a hashring, whose router is in another namespace, file or stack: it knows how many copies there are. */
const isOfAnotherRouter = (part: ReceivePart, receives: readonly ReceivePart[]) =>
    !part.forwards && part.isNamed && !hasRouter(part, receives);

/**
 * The routers, each with the rings of its hashrings file. How many ingesters are in a ring is what that file says: those of its namespace may be in several
 * rings, or in another one. Ingesters that no router knows keep one copy. If a workload is unread, it may be their router.
 */
function hashrings(receives: readonly ReceivePart[], complete: boolean): Receive[] {
    return receives
        .filter((part) => part.forwards || (complete && !part.isNamed && !hasRouter(part, receives)))
        .map(({ namespace: _, isNamed: __, forwards, stores, algorithm, protocol, replicationFactor, ...part }) =>
            forwards ? { ...part, replicationFactor, sending: { algorithm, protocol, stores } } : { ...part, replicationFactor: 1 },
        );
}
