import { type Compactor, NOTHING, type PartKind, type Prometheus, type Receive, STREAM_LABEL, type ThanosModel } from "../model";
import { type CommandLine, compactorFlags, FlagError, parseArgv, receiveFlags } from "./commandLine";
import { type Container, prometheusOf, type Workload, workloadOf } from "./workload";

/** A Kubernetes object or Helm release, as a stack registers it or as a manifest holds it. */
export interface Manifest {
    /** As Pulumi calls it: `kubernetes:apps/v1:Deployment`. */
    readonly type: string;
    readonly name: string;
    /** Tells it from every other one; findings are reported for it. */
    readonly urn: string;
    readonly props: Record<string, unknown>;
}

/** What registered resources say of the deployment, and where each part came from. */
export interface Reading {
    readonly model: ThanosModel;
    /** The resource behind each part's path. */
    readonly urns: ReadonlyMap<string, string>;
    /** Resources that could not be read: a flag is wrong, or a value is not known before the update. */
    readonly unread: readonly { readonly path: string; readonly urn: string; readonly error: Error }[];
}

/**
 * Reads those kinds of part that a rule asks for, and touches nothing else: a value unknown at preview must not stop a rule that does not need it.
 * `isUnknown` recognises what reading such a value throws.
 */
export function readModel(
    resources: readonly Manifest[],
    kinds: readonly PartKind[],
    isUnknown: (error: unknown) => boolean = () => false,
): Reading {
    const urns = new Map<string, string>();
    const unread: Reading["unread"][number][] = [];
    // The engine registers in no fixed order; by URN, the same stack always gives the same findings.
    const parts = [...resources].sort(byUrn).flatMap((resource) => {
        const kind = resource.type.slice(resource.type.lastIndexOf(":") + 1);
        const path = urns.has(`${kind} ${resource.name}`) ? resource.urn : `${kind} ${resource.name}`;
        urns.set(path, resource.urn);
        try {
            return partsOf(resource, path, kinds);
        } catch (error) {
            if (!(error instanceof FlagError || isUnknown(error))) throw error;
            unread.push({ path, urn: resource.urn, error: error as Error });
            return [];
        }
    });
    return { model: assemble(parts, unread.length === 0), urns, unread };
}

const byUrn = (a: Manifest, b: Manifest) => (a.urn < b.urn ? -1 : 1);

type Part =
    | { readonly kind: "compactors"; readonly part: Compactor }
    | { readonly kind: "receives"; readonly part: ReceivePart }
    | { readonly kind: "prometheuses"; readonly part: Prometheus };

/** One Receive workload. Routers and ingesters of a namespace make a ring; `assemble` brings them together. */
interface ReceivePart {
    readonly path: string;
    readonly namespace: string;
    readonly forwards: boolean;
    readonly stores: boolean;
    readonly replicationFactor: number;
    readonly replicas: number;
}

function partsOf(resource: Manifest, path: string, kinds: readonly PartKind[]): Part[] {
    if (kinds.includes("prometheuses")) {
        const found = prometheusOf(resource.type, resource.props);
        if (found !== undefined) return [{ kind: "prometheuses", part: { path, ...found } }];
    }
    const workload = Object.values(COMPONENTS).some((kind) => kinds.includes(kind)) ? workloadOf(resource.type, resource.props) : undefined;
    if (workload === undefined) return [];
    return workload.containers.flatMap((container): Part[] => {
        const line = thanosCommand(container, kinds);
        if (line === undefined) return [];
        return line.command[0] === "compact"
            ? [{ kind: "compactors", part: compactor(path, resource.name, workload, line) }]
            : [{ kind: "receives", part: { path, namespace: workload.namespace, ...receiveFlags(line), replicas: workload.replicas } }];
    });
}

/** Components with a rule, by the word that starts them. */
const COMPONENTS: Readonly<Record<string, PartKind>> = { compact: "compactors", receive: "receives" };

/**
 * What a container runs, where it runs a component of those kinds. Its image is one of Thanos: `quay.io/thanos/thanos:v0.42.4`, a mirror's
 * `.../thanos@sha256:...`. The first argument decides before the others are read, since one of those may be unknown.
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
 * Which blocks a compactor owns. Bucket and prefix are inside a Secret and often unknown at preview, so: the label `thanos-fleet/stream`, which
 * this project sets; else the Secret that its objstore file comes from, since who mounts the same file works on the same blocks; else its own name.
 */
function streamOf(name: string, workload: Workload, { flags }: CommandLine): string {
    const labelled = workload.labels[STREAM_LABEL];
    if (labelled !== undefined) return labelled;
    const file = flags.get("objstore.config-file")?.at(-1);
    const secret = file === undefined ? undefined : workload.secretAt(file);
    return secret === undefined ? name : `the blocks of Secret ${workload.namespace}/${secret}`;
}

function assemble(parts: readonly Part[], complete: boolean): ThanosModel {
    const receives = parts.flatMap((p) => (p.kind === "receives" ? [p.part] : []));
    return {
        ...NOTHING,
        compactors: parts.flatMap((p) => (p.kind === "compactors" ? [p.part] : [])),
        receives: rings(receives, complete),
        prometheuses: parts.flatMap((p) => (p.kind === "prometheuses" ? [p.part] : [])),
    };
}

/** Each forwarder with the ingesters of its namespace; ingesters that nobody forwards to store every sample once. */
function rings(receives: readonly ReceivePart[], complete: boolean): Receive[] {
    return receives
        .filter(({ forwards, namespace }) => forwards || !receives.some((other) => other.forwards && other.namespace === namespace))
        .map(({ path, namespace, forwards, replicationFactor }) => {
            const storing = receives.filter((other) => other.stores && other.namespace === namespace);
            const ingesters = storing.reduce((sum, { replicas }) => sum + replicas, 0);
            // None at all: they belong to another stack. Not all of them known: too few may be enough.
            const counted = complete && storing.length > 0;
            return { path, replicationFactor: forwards ? replicationFactor : 1, ...(counted && { ingesters }) };
        });
}
