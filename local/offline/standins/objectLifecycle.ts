/** Names Kubernetes objects, creates and applies them, waits for them and deletes them. */

import { createHash } from "node:crypto";
import { isMap } from "../../../rules/isMap";
import { until } from "../until";
import { ApiError, type ApiServer, isNotFound, type ObjectRef } from "./apiServer";
import { AUTONAMED, type ChangeRules, decide } from "./diff";
import { explainTrouble } from "./podTrouble";
import { pruned } from "./pruned";
import { annotation, type KubeObject, type ManagedFields, readiness, type SeenEndpoints, selectsPods, waitsFor } from "./readiness";
import { type Bag, keepSecrets, revealBag, SIGNATURE, secret } from "./secretValues";
import { NotReady, type Request } from "./server";

/** Seconds to wait for an object, unless `customTimeouts` or an annotation say otherwise. The official provider's default. */
const TIMEOUT = 600;

/** Seconds for which a namespace or definition may be missing: the same update may be making it. */
const MISSING_TIMEOUT = 30;

/** Kinds whose readiness the official provider checks when it reads them (`awaitRead`, provider/pkg/await/awaiters.go). */
const CHECKED_ON_READ = new Set(["DaemonSet", "Deployment", "StatefulSet", "Job", "Pod", "Service", "Ingress"]);

const metadataOf = (inputs: Bag): Bag => (isMap(inputs.metadata) ? inputs.metadata : {});
const hash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 8);

/** The field manager under which every object is created, as the official provider does since 4.29 (provider/pkg/await/await.go). */
const CREATOR = "pulumi-kubernetes";

/** The field manager under which a resource's object is updated. The official provider's has random digits; this one is derived from the URN. */
export const fieldManagerOf = (urn: string) => `pulumi-kubernetes-${hash(urn)}`;

/** Managers whose fields an update takes over, by the beginning of their names (`fixCSAFieldManagers`). So it undoes edits by hand. */
const TAKEN_OVER: [operation: string, manager: RegExp][] = [
    ["Apply", /^kubectl/],
    ["Update", /^(kubectl|before-first-apply|pulumi-kubernetes|pulumi-resource-kubernetes)/],
];

/** The managed fields once `manager` has taken over those of the creation and of `kubectl`; undefined if there is nothing to take over. */
export function takenOver(fields: ManagedFields[], manager: string): ManagedFields[] | undefined {
    const taken = fields.filter(
        (f) => !f.subresource && f.manager !== manager && TAKEN_OVER.some(([op, name]) => f.operation === op && name.test(f.manager)),
    );
    const [first] = taken;
    if (first === undefined) return undefined;
    const own = fields.filter((f) => f.manager === manager && f.operation === "Apply" && !f.subresource);
    const fieldsV1 = [...own, ...taken].map((f) => f.fieldsV1 ?? {}).reduce(merged, {});
    return [...fields.filter((f) => !taken.includes(f) && !own.includes(f)), { ...first, manager, operation: "Apply", fieldsV1 }];
}

const merged = (a: Bag, b: Bag): Bag =>
    Object.fromEntries(
        [...new Set([...Object.keys(a), ...Object.keys(b)])].map((key) => {
            const [left, right] = [a[key], b[key]];
            return [key, isMap(left) && isMap(right) ? merged(left, right) : (left ?? right)];
        }),
    );

/** Names an object that has no name: its earlier name, else the resource's name and eight hexadecimal digits. */
export function checkObject({ inputs, oldInputs, name, urn }: Request, now: number): Bag {
    const plain = metadataOf(revealBag(inputs));
    if (plain.generateName !== undefined)
        throw new Error("metadata.generateName cannot be applied server-side. Leave it and the name out, or set the name.");
    if (!isMap(inputs.metadata ?? {}) || plain.name !== undefined) return inputs;
    if (SIGNATURE in metadataOf(inputs))
        throw new Error("metadata is a secret as a whole, so no name can be added to it. Set metadata.name.");
    const old = metadataOf(revealBag(oldInputs));
    const kept = annotation({ metadata: old }, AUTONAMED) === "true" ? old.name : undefined;
    const annotations = { ...(isMap(plain.annotations) ? (metadataOf(inputs).annotations as Bag) : {}), [AUTONAMED]: "true" };
    return { ...inputs, metadata: { ...metadataOf(inputs), name: kept ?? `${name}-${hash(`${urn} ${now}`)}`, annotations } };
}

export const diffObject = ({ inputs, oldInputs }: Request, rules: ChangeRules) => decide(revealBag(oldInputs), revealBag(inputs), rules);

/** The body to apply: without secret wrappers, and with `stringData` as `data`, since server-side apply never removes a key of `stringData`. */
export function bodyOf(inputs: Bag): Bag {
    const { stringData, ...body } = revealBag(inputs);
    if (!isMap(stringData)) return body;
    const encoded = Object.entries(stringData).map(([k, v]) => [k, Buffer.from(String(v)).toString("base64")]);
    return { ...body, data: { ...(isMap(body.data) ? body.data : {}), ...Object.fromEntries(encoded) } };
}

/**
 * The live object, in which values stay secret that are secret in the inputs, and all data of a Secret. Without `managedFields`: they are half of
 * every object, and no program reads them.
 */
export function outputsOf(inputs: Bag, live: KubeObject, manager: string): Bag {
    const { managedFields: _, ...metadata } = live.metadata;
    const outputs: Bag = { ...live, metadata, __fieldManager: manager };
    if (live.apiVersion === "v1" && live.kind === "Secret" && live.data !== undefined) outputs.data = secret(live.data);
    return keepSecrets(outputs, inputs) as Bag;
}

/** Whether a resource patches an object that something else made, or makes it: `PersistentVolumeClaimPatch` of a `PersistentVolumeClaim`. */
export const isPatch = ({ type }: Pick<Request, "type">, { kind }: Bag) => type.endsWith(`:${String(kind)}Patch`);

const idOf = (live: KubeObject) => (live.metadata.namespace ? `${live.metadata.namespace}/${live.metadata.name}` : live.metadata.name);

const existsMessage = (urn: string, error: ApiError) =>
    `resource "${urn}" was not successfully created by the Kubernetes API server: ${error.message}\n` +
    "The resource already exists in the cluster. If it was renamed in the program, give it an alias; if it is to be managed from now on, use `pulumi import`.";

const title = (ref: ObjectRef) => `${ref.kind} ${ref.namespace}/${ref.name}`;

/** Seconds: the program's custom timeout, else the annotation, else ten minutes. */
function timeoutOf(request: Request, inputs: Bag): number {
    return request.timeout || Number(annotation(inputs, "pulumi.com/timeoutSeconds")) || TIMEOUT;
}

export class ObjectLifecycle {
    constructor(
        private readonly apiServer: ApiServer,
        private readonly cancelled: AbortSignal,
        /** The provider's setting `enablePatchForce`: take over fields that another manager owns. */
        private readonly force: boolean,
    ) {}

    /**
     * Refuses to create an object that exists, as the official provider does: a renamed resource would else take over its own old object and then delete it.
     * A Patch makes what is missing and takes over what exists.
     */
    async create(request: Request): Promise<{ id: string; outputs: Bag }> {
        const body = bodyOf(request.inputs);
        const ref = this.refOf(body);
        let missing = "";
        const wait = { seconds: MISSING_TIMEOUT, signal: this.cancelled, late: () => `${title(ref)} cannot be created: ${missing}.` };
        const manager = fieldManagerOf(request.urn);
        const create = () => (isPatch(request, body) ? this.apply(ref, body, manager) : this.apiServer.create(ref, body, CREATOR));
        const created = await until(wait, async () => {
            return create().catch((error: Error) => {
                if (error instanceof ApiError && error.code === 409) throw new Error(existsMessage(request.urn, error));
                missing = error.message;
                return ignoreMissing(error);
            });
        });
        const live = await this.ready(request, body, created, manager);
        return { id: idOf(live), outputs: outputsOf(request.inputs, live, manager) };
    }

    async update(request: Request): Promise<Bag> {
        const body = bodyOf(request.inputs);
        const ref = this.refOf(body);
        const manager =
            typeof request.oldOutputs.__fieldManager === "string" ? request.oldOutputs.__fieldManager : fieldManagerOf(request.urn);
        const fields = isPatch(request, body)
            ? undefined
            : takenOver((await this.apiServer.get(ref)).metadata.managedFields ?? [], manager);
        if (fields !== undefined) await this.apiServer.setManagedFields(ref, fields);
        const applied = await this.apply(ref, body, manager);
        return outputsOf(request.inputs, await this.ready(request, body, applied, manager), manager);
    }

    /**
     * Returns as inputs what the live object has of the fields that were declared, so that a refresh finds what others have changed. An object that is
     * not ready is reported as `NotReady`: the next update then waits for it.
     */
    async read(request: Request): Promise<{ id: string; outputs: Bag; inputs: Bag } | undefined> {
        const ref = this.refOfState(request);
        const live = await this.find(ref);
        if (live === undefined) return undefined;
        const inState = Object.keys(request.oldInputs).length > 0;
        const inputs = inState
            ? pruned(request.oldInputs, live)
            : { apiVersion: live.apiVersion, kind: live.kind, metadata: { name: live.metadata.name } };
        const manager = request.oldOutputs.__fieldManager ?? fieldManagerOf(request.urn);
        const found = { id: idOf(live), outputs: outputsOf(inputs, live, String(manager)), inputs };
        if (!inState || !CHECKED_ON_READ.has(live.kind)) return found;
        const endpoints = await this.endpointsOf(live);
        const settled = endpoints && { object: endpoints, unchanged: Number.POSITIVE_INFINITY };
        const now = readiness(revealBag(request.oldInputs), live, undefined, settled);
        if (now.state === "ready") return found;
        const why = now.state === "waiting" ? `waiting for ${now.for}` : now.why;
        throw new NotReady(`${title(ref)} is not ready: ${why}.`, found.id, found.outputs, inputs);
    }

    /** Deletes in the foreground, as the official provider does: dependents first. A missing object counts as deleted. */
    async delete(request: Request): Promise<void> {
        const ref = this.refOfState(request);
        const live = await this.find(ref);
        if (live === undefined) return;
        if (isPatch(request, request.oldInputs))
            throw new Error(`${title(ref)}: the stand-in provider does not take a Patch back. Set the resource option retainOnDelete.`);
        const policy = annotation(request.oldInputs, "pulumi.com/deletionPropagationPolicy")?.toLowerCase();
        const policies: Record<string, string> = { orphan: "Orphan", background: "Background" };
        await this.apiServer.delete(ref, policies[policy ?? ""] ?? "Foreground").catch(ignoreMissing);
        await this.gone(ref, live, timeoutOf(request, request.oldInputs));
    }

    private refOf(object: Bag): ObjectRef {
        const { name, namespace } = metadataOf(object);
        return {
            apiVersion: String(object.apiVersion),
            kind: String(object.kind),
            name: String(name),
            namespace: String(namespace ?? this.apiServer.namespace),
        };
    }

    /** Namespace and name are in the id (`namespace/name` or `name`); the kind is in the state or, for a `.get()`, in the type token. */
    private refOfState(request: Request): ObjectRef {
        const [first = "", second] = request.id.split("/");
        const [, groupVersion = "", kind = ""] = request.type.split(":");
        const state = revealBag(request.oldOutputs);
        return {
            apiVersion: String(state.apiVersion ?? groupVersion.replace(/^core\//, "")),
            kind: String(state.kind ?? kind),
            name: second ?? first,
            namespace: second === undefined ? this.apiServer.namespace : first,
        };
    }

    private async find(ref: ObjectRef): Promise<KubeObject | undefined> {
        return this.apiServer.get(ref).catch(ignoreMissing);
    }

    private apply(ref: ObjectRef, body: Bag, manager: string): Promise<KubeObject> {
        const force = this.force || annotation(body, "pulumi.com/patchForce") === "true";
        return this.apiServer.apply(ref, body, manager, force).catch((error: Error) => {
            if (!(error instanceof ApiError && error.code === 409)) throw error;
            throw new Error(`${error.message}. Leave the field out, or take it over with the annotation pulumi.com/patchForce: "true".`);
        });
    }

    /**
     * Waits until the object is ready. It exists by now, so whatever ends the wait (deadline, failure, the user) is reported as `NotReady`: the
     * engine then keeps the object in the state, and the next update applies it and waits again.
     */
    private async ready(request: Request, body: Bag, applied: KubeObject, manager: string): Promise<KubeObject> {
        if (!waitsFor(body)) return applied;
        const ref = this.refOf(body);
        const seconds = timeoutOf(request, body);
        let live = applied;
        let last = "";
        let endpoints: SeenEndpoints | undefined;
        let changed = Date.now();
        try {
            return await until(
                {
                    seconds,
                    signal: this.cancelled,
                    late: () => `${title(ref)} is not ready after ${seconds} s: still waiting for ${last}.`,
                },
                async () => {
                    const found = await this.endpointsOf(live);
                    if (found?.metadata.resourceVersion !== endpoints?.object.metadata.resourceVersion) changed = Date.now();
                    endpoints = found && { object: found, unchanged: (Date.now() - changed) / 1000 };
                    const now = readiness(body, live, await this.bindingMode(live), endpoints);
                    if (now.state === "ready") return live;
                    if (now.state === "failed") throw new Error(`${title(ref)} failed: ${now.why}`);
                    if (now.for !== last) request.say(`waiting for ${now.for}`);
                    last = now.for;
                    // A restarting API server does not fail the rollout; the deadline does.
                    live = await this.apiServer.get(ref).catch((error) => (isNotFound(error) ? Promise.reject(error) : live));
                    return undefined;
                },
            );
        } catch (error) {
            const why = this.cancelled.aborted ? [] : await explainTrouble(this.apiServer, live, selectorOf(live));
            const message = [(error as Error).message, ...why].join("\n  ");
            throw new NotReady(message, idOf(live), outputsOf(request.inputs, live, manager));
        }
    }

    private async bindingMode(live: KubeObject): Promise<string | undefined> {
        const name = live.kind === "PersistentVolumeClaim" ? live.spec?.storageClassName : undefined;
        if (typeof name !== "string" || name === "") return undefined;
        const found = await this.find({ apiVersion: "storage.k8s.io/v1", kind: "StorageClass", name, namespace: "" });
        return typeof found?.volumeBindingMode === "string" ? found.volumeBindingMode : undefined;
    }

    private async endpointsOf(live: KubeObject): Promise<KubeObject | undefined> {
        if (live.apiVersion !== "v1" || live.kind !== "Service" || !selectsPods(live)) return undefined;
        return this.find({
            apiVersion: "v1",
            kind: "Endpoints",
            name: live.metadata.name,
            namespace: live.metadata.namespace ?? "default",
        });
    }

    private async gone(ref: ObjectRef, live: KubeObject, seconds: number): Promise<void> {
        let left = live;
        const late = () => {
            const held = left.metadata.finalizers?.join(", ");
            return `${title(ref)} is still there ${seconds} s after its deletion${held ? `, held by its finalizers (${held})` : ""}.`;
        };
        await until({ seconds, signal: this.cancelled, late }, async () => {
            // Without an answer the object counts as still there.
            const found = await this.find(ref).catch(() => left);
            if (found === undefined || found.metadata.uid !== live.metadata.uid) return true;
            left = found;
            return undefined;
        });
    }
}

/** The labels of the pods that a workload makes. */
function selectorOf(live: KubeObject): Record<string, string> | undefined {
    const selector = live.spec?.selector;
    const labels = isMap(selector) && isMap(selector.matchLabels) ? selector.matchLabels : undefined;
    return labels as Record<string, string> | undefined;
}

const ignoreMissing = (error: unknown): undefined => {
    if (isNotFound(error)) return undefined;
    throw error;
};
