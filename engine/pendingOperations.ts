/**
 * Settles what a killed operation left. Before the engine creates, updates or deletes a resource it writes into the checkpoint that it is about to; an
 * engine that is killed leaves that entry in `pending_operations`, and whether the work was done is unknown. The next `up` does not look:
 *
 * - It creates again what was being created. The Kubernetes plugin then fails with "already exists" (4.29 and newer), and so does every later run.
 * - It drops entries of updates and deletions (pkg/backend/snapshot.go of pulumi 3.259) and goes on from the state before. That state may be wrong:
 *   if the program no longer wants the update or the deletion, nothing is done, though the cluster has half of it.
 *
 * So each entry is looked up. What exists and is provably this stack's goes into the state as a resource, what does not exist is dropped, and
 * everything interrupted is refreshed. `pulumi refresh --import-pending-creates` would only rename the entry to "importing", which nothing reads
 * (pkg/cmd/pulumi/operations/refresh.go, 3.259): the object would be forgotten.
 */
import { isDeepStrictEqual } from "node:util";
import type { Stack } from "@pulumi/pulumi/automation";
import { specialSigKey } from "@pulumi/pulumi/runtime/rpc";
import { ConfigError } from "../config/configError";
import { isMap } from "../rules/isMap";
import { type Checkpoint, exportState, importState, type PendingOperation, type StateResource } from "./checkpoint";
import { resourceName } from "./resourceName";

type Bag = Record<string, unknown>;

/** Names an object in a cluster. */
export interface ObjectRef {
    apiVersion: string;
    kind: string;
    name: string;
    /** @default none: the kind has no namespaces, or the object is in the default one of the provider */
    namespace?: string;
}

/** What an object in a cluster shows of its origin. */
export interface LiveObject {
    /** The namespace that it is in. @default none: the kind has no namespaces */
    namespace?: string;
    createdAt: Date;
    /** Whether it is being deleted. */
    deleting: boolean;
    /** Who has set fields of it (`metadata.managedFields`). */
    managers: string[];
    labels: Record<string, string>;
    annotations: Record<string, string>;
}

export interface ReleaseRef {
    name: string;
    namespace: string;
}

/** The last revision of a Helm release. */
export interface LiveRelease {
    /** As Helm names it: `deployed`, `failed`, `pending-install`, `pending-upgrade`, `pending-rollback`, `uninstalling`, ... */
    status: string;
    /** When Helm wrote this revision. */
    updatedAt: Date;
    /** The values that Helm was given. */
    values: unknown;
}

/** The cluster of a Kubernetes provider. */
export interface Cluster {
    findObject(ref: ObjectRef): Promise<LiveObject | undefined>;
    findRelease(ref: ReleaseRef): Promise<LiveRelease | undefined>;
    /** Makes the last complete revision the current one. */
    rollBackRelease(ref: ReleaseRef): Promise<void>;
    removeRelease(ref: ReleaseRef): Promise<void>;
}

/** Where a Kubernetes provider finds its cluster: its own settings, as the state has them. */
export interface ClusterSettings {
    /** Path or content. @default the one that `kubectl` uses */
    kubeconfig?: string;
    /** @default the kubeconfig's current one */
    context?: string;
    /** The namespace of objects that name none. @default the context's */
    namespace?: string;
}

export interface SettleOptions {
    openCluster: (settings: ClusterSettings) => Cluster;
    /** Ids, by URN, of resources whose creation a person has confirmed. @default none */
    created?: Record<string, string>;
    /** URNs of resources of which a person has confirmed that they do not exist. @default none */
    absent?: readonly string[];
    /** Receives what is being looked up, for `Step.update`. */
    onDoing?: (text: string) => void;
    signal?: AbortSignal;
}

/** What was done about one interrupted operation. */
export interface Settled {
    urn: string;
    did: "imported" | "cleared" | "refreshed";
    /** The sentence for people: "Service query was created before the kill: imported". */
    text: string;
}

/** Resources that exist in the state only: nothing is left outside of it. */
const ONLY_IN_STATE = /^(pulumi|random|tls):/;
const KUBERNETES_OBJECT = /^kubernetes:(?!helm\.sh\/)/;
const HELM_RELEASE = "kubernetes:helm.sh/v3:Release";

/** The API server counts in seconds, and its clock may differ from that of this machine. */
const CLOCKS_DIFFER_MS = 60_000;

/** The Kubernetes plugin creates objects under this field manager (provider/pkg/await/await.go); no other program writes it. */
const PLUGINS_MANAGER = /^pulumi-kubernetes(-|$)/;

/** What to do about an interrupted operation. */
interface Answer extends Pick<Settled, "did" | "text"> {
    /** Of what was created. */
    id?: string;
    /** What to do in the cluster first. @default nothing */
    first?: () => Promise<void>;
}

/** Something that a person has to decide. */
interface Question {
    problem: string;
    remedy: string;
}

/**
 * Settles what the last operation of this stack left, if it was killed; otherwise it reads the state and does nothing. Throws a ConfigError, and changes
 * nothing, where something exists that is not provably of this stack.
 */
export async function settlePendingOperations(stack: Stack, options: SettleOptions): Promise<Settled[]> {
    const exported = await exportState(stack);
    const { resources = [], pending_operations: pending = [] } = exported.deployment;
    const unread = resources.filter(isUnread);
    if (pending.length === 0 && unread.length === 0) return [];

    // Secrets are readable in this copy, which stays in memory. The encrypted one is edited.
    const readable = pending.length === 0 ? {} : reveal((await stack.exportStack()).deployment as Checkpoint);
    const operations = new Map((readable.pending_operations ?? []).map((operation) => [operation.resource.urn, operation]));
    const found: (Answer & { urn: string })[] = [];
    const problems: { path: string; problem: string; remedy: string }[] = [];
    const look = new Look(stack.name, readable.resources ?? [], options);
    for (const [urn, operation] of operations) {
        options.signal?.throwIfAborted();
        options.onDoing?.(`looking up ${resourceName(urn)}, which was interrupted`);
        const answer = await look.at(operation);
        if ("problem" in answer) problems.push({ path: resourceName(urn), ...answer });
        else found.push({ urn, ...answer });
    }
    if (problems.length > 0) throw new ConfigError(`interrupted operations of stack ${stack.name}`, problems);
    for (const { first } of found) await first?.();

    const imports = found.flatMap(({ urn, id }) => {
        const operation = pending.find((p) => p.resource.urn === urn);
        return id !== undefined && operation !== undefined ? [{ ...operation.resource, id }] : [];
    });
    if (pending.length > 0) {
        exported.deployment.resources = imports.reduce(withImported, resources);
        exported.deployment.pending_operations = [];
        await importState(stack, exported);
    }
    const interrupted = found.filter(({ did }) => did === "refreshed").map(({ urn }) => urn);
    const inState = interrupted.filter((urn) => resources.some((r) => r.urn === urn));
    const target = [...new Set([...imports, ...unread].map(({ urn }) => urn).concat(inState))];
    if (target.length > 0) {
        options.onDoing?.(`reading ${target.length === 1 ? resourceName(target[0] as string) : `${target.length} resources`} anew`);
        await stack.refresh({ target, ...(options.signal && { signal: options.signal }) });
    }
    return found.map(({ urn, did, text }) => ({ urn, did, text }));
}

/** Imported by a recovery that was killed before it read the object: the Kubernetes plugin cannot compare such a state. */
const isUnread = ({ custom, id, type, outputs = {} }: StateResource) =>
    custom && id !== undefined && id !== "" && type.startsWith("kubernetes:") && Object.keys(outputs).length === 0;

/**
 * Puts an imported resource where the engine would have put it: at the place of the one that it replaces, since others depend on it there, else
 * last. A replaced one that still exists is marked for deletion.
 */
function withImported(resources: StateResource[], imported: StateResource): StateResource[] {
    const at = resources.findIndex((r) => r.urn === imported.urn && !r.delete);
    const old = resources[at];
    if (old === undefined) return [...resources, imported];
    return [...resources.slice(0, at), imported, ...(old.pendingReplacement ? [] : [{ ...old, delete: true }]), ...resources.slice(at + 1)];
}

/** Looks up one interrupted operation after the other. */
class Look {
    private readonly clusters = new Map<string, Cluster>();

    constructor(
        private readonly stackName: string,
        private readonly resources: StateResource[],
        private readonly options: SettleOptions,
    ) {}

    async at({ type, resource }: PendingOperation): Promise<Answer | Question> {
        const { urn } = resource;
        const name = resourceName(urn);
        const created = this.options.created?.[urn];
        if (created !== undefined) return { did: "imported", id: created, text: `${name} was imported as ${created}, as you said` };
        if (this.options.absent?.includes(urn)) return { did: "cleared", text: `${name} was forgotten, as you said` };
        // A Patch takes whatever is there. Not read anew: the state would have the size that a volume is to get, and nobody would wait until it has it.
        if (resource.type.endsWith(`:${String(resource.inputs?.kind)}Patch`)) return { did: "cleared", text: `${name} is applied again` };
        if (type === "updating" || type === "deleting") {
            // It is in the state, and so of this stack.
            const live = resource.type === HELM_RELEASE ? await this.clusterOf(resource).findRelease(releaseOf(resource)) : undefined;
            const completion = live && this.completion(resource, live);
            const done = completion ? ` (${live.status}: ${completion.done})` : "";
            const text = `${name} was being ${type === "updating" ? "updated" : "deleted"}${done}: read anew`;
            return { did: "refreshed", text, ...(completion && { first: completion.first }) };
        }
        if (type !== "creating" || !resource.custom || ONLY_IN_STATE.test(resource.type))
            return { did: "cleared", text: `${name} exists only in the state, and is made anew` };
        if (resource.type === HELM_RELEASE) return this.atRelease(resource);
        if (KUBERNETES_OBJECT.test(resource.type)) return this.atObject(resource);
        return {
            problem: "was being created, and this command cannot look it up.",
            remedy: `Look for it in its service. If it is there, run \`${this.command("--import", `${urn}=ID`)}\`; if not, \`${this.command("--clear", urn)}\`.`,
        };
    }

    private async atObject(resource: StateResource): Promise<Answer | Question> {
        const inputs = resource.inputs ?? {};
        const metadata = bagIn(inputs, "metadata");
        const ref = {
            apiVersion: String(inputs.apiVersion),
            kind: String(inputs.kind),
            name: String(metadata.name),
            ...(typeof metadata.namespace === "string" && { namespace: metadata.namespace }),
        };
        const name = resourceName(resource.urn);
        const live = await this.clusterOf(resource).findObject(ref);
        if (live === undefined) return { did: "cleared", text: `${name} was not created before the kill` };
        const id = live.namespace ? `${live.namespace}/${ref.name}` : ref.name;
        // The engine keeps the entry of a creation until a refresh, also after a later update has created the object.
        if (this.isInState(resource.urn, id)) return { did: "cleared", text: `${name} is in the state since` };
        const why = notOurs(live, metadata, this.earliest(resource));
        if (why === undefined) return { did: "imported", id, text: `${name} was created before the kill: imported` };
        return {
            problem: `exists in the cluster, but is not provably of this stack: ${why}.`,
            remedy: this.remedy(
                resource.urn,
                id,
                `kubectl delete ${ref.kind.toLowerCase()} ${ref.name}${live.namespace ? ` -n ${live.namespace}` : ""}`,
            ),
        };
    }

    private async atRelease(resource: StateResource): Promise<Answer | Question> {
        const ref = releaseOf(resource);
        const name = resourceName(resource.urn);
        const id = `${ref.namespace}/${ref.name}`;
        const cluster = this.clusterOf(resource);
        const live = await cluster.findRelease(ref);
        if (live === undefined) return { did: "cleared", text: `${name} was not created before the kill` };
        if (this.isInState(resource.urn, id)) return { did: "cleared", text: `${name} is in the state since` };
        const why = notOurRelease(live, resource.inputs ?? {}, this.earliest(resource));
        if (why !== undefined)
            return {
                problem: `exists in the cluster, but is not provably of this stack: ${why}.`,
                remedy: this.remedy(resource.urn, id, `helm uninstall ${ref.name} -n ${ref.namespace}`),
            };
        const completion = this.completion(resource, live);
        const first = completion && { first: completion.first };
        return completion?.done === "removed"
            ? { did: "cleared", text: `${name} was ${live.status}: removed, to be installed anew`, ...first }
            : { did: "imported", id, text: `${name} was created before the kill (${live.status}): imported`, ...first };
    }

    /** Helm refuses a release that is in the middle of an operation: "another operation (install/upgrade/rollback) is in progress". */
    private completion(
        resource: StateResource,
        { status }: LiveRelease,
    ): { done: "removed" | "rolled back"; first: () => Promise<void> } | undefined {
        const [cluster, ref] = [this.clusterOf(resource), releaseOf(resource)];
        if (status === "pending-install" || status === "uninstalling")
            return { done: "removed", first: () => this.say(`removing Helm release ${ref.name} (${status})`, cluster.removeRelease(ref)) };
        if (status.startsWith("pending-"))
            return {
                done: "rolled back",
                first: () => this.say(`rolling back Helm release ${ref.name} (${status})`, cluster.rollBackRelease(ref)),
            };
        return undefined;
    }

    private async say(doing: string, work: Promise<void>): Promise<void> {
        this.options.onDoing?.(doing);
        await work;
    }

    private clusterOf({ provider = "" }: StateResource): Cluster {
        const opened = this.clusters.get(provider);
        if (opened !== undefined) return opened;
        const inputs = this.resources.find((r) => `${r.urn}::${r.id}` === provider)?.inputs ?? {};
        const settings = (["kubeconfig", "context", "namespace"] as const).flatMap((key) =>
            typeof inputs[key] === "string" && inputs[key] !== "" ? [[key, inputs[key]]] : [],
        );
        const cluster = this.options.openCluster(Object.fromEntries(settings) as ClusterSettings);
        this.clusters.set(provider, cluster);
        return cluster;
    }

    private isInState = (urn: string, id: string) => this.resources.some((r) => r.urn === urn && r.id === id);

    /** The creation of what a resource needs: nothing that the resource made can be older. */
    private earliest({ provider = "", parent, dependencies = [] }: StateResource): Date | undefined {
        const needed = this.resources.filter((r) => `${r.urn}::${r.id}` === provider || r.urn === parent || dependencies.includes(r.urn));
        const times = needed.flatMap(({ created }) => (created === undefined ? [] : [Date.parse(created)]));
        return times.length === 0 ? undefined : new Date(Math.max(...times));
    }

    private command = (flag: string, value: string) => `npm run recover -- --stack ${this.stackName} ${flag} '${value}'`;

    private remedy = (urn: string, id: string, removal: string) =>
        `If it is of this stack, run \`${this.command("--import", `${urn}=${id}`)}\`. If nobody needs it, run \`${removal}\`. Otherwise give one of them another name.`;
}

const releaseOf = ({ inputs = {} }: StateResource): ReleaseRef => ({ name: String(inputs.name), namespace: String(inputs.namespace) });

function tooOld(at: Date, earliest: Date | undefined): string | undefined {
    if (earliest === undefined) return "the state has no time to compare its age with";
    return at.getTime() < earliest.getTime() - CLOCKS_DIFFER_MS
        ? `it is of ${at.toISOString()}, and what it needs was only made at ${earliest.toISOString()}`
        : undefined;
}

/**
 * Why an object may not be the one whose creation was interrupted; undefined if it is. Name and kind are the same; besides, it must come from the
 * Kubernetes plugin, be no older than what it needs, and have every label and annotation that was declared. Other fields are not compared: the API
 * server and controllers rewrite them.
 */
export function notOurs(live: LiveObject, declared: Bag, earliest: Date | undefined): string | undefined {
    if (live.deleting) return "it is being deleted; try again when it is gone";
    if (!live.managers.some((manager) => PLUGINS_MANAGER.test(manager)))
        return `it was made by ${live.managers.join(", ") || "an unknown program"}, not by Pulumi's Kubernetes plugin`;
    for (const kind of ["labels", "annotations"] as const)
        for (const [key, value] of Object.entries(bagIn(declared, kind)))
            if (live[kind][key] !== value)
                return `its ${kind.slice(0, -1)} ${key} is ${live[kind][key] ?? "missing"}, not ${String(value)}`;
    return tooOld(live.createdAt, earliest);
}

/** The same for a Helm release: it was made with exactly the values that were declared. */
export function notOurRelease(live: LiveRelease, declared: Bag, earliest: Date | undefined): string | undefined {
    if (!isDeepStrictEqual(withoutNulls(live.values ?? {}), withoutNulls(declared.values ?? {})))
        return "it was made with other values than those of the program";
    return tooOld(live.updatedAt, earliest);
}

const bagIn = (bag: Bag, key: string): Bag => (isMap(bag[key]) ? (bag[key] as Bag) : {});

function withoutNulls(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(withoutNulls);
    if (!isMap(value)) return value;
    return Object.fromEntries(Object.entries(value).flatMap(([k, v]) => (v === null || v === undefined ? [] : [[k, withoutNulls(v)]])));
}

/** `pulumi stack export --show-secrets` writes a secret as an object with its JSON text in `plaintext`. */
function reveal<T>(value: T): T;
function reveal(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(reveal);
    if (!isMap(value)) return value;
    if (specialSigKey in value && typeof value.plaintext === "string") return reveal(JSON.parse(value.plaintext));
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, reveal(v)]));
}
