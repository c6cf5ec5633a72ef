/**
 * Whether a live object is ready. The criteria are those of the official provider (provider/pkg/await), so that a program that waits for ever
 * there waits for ever here too.
 */

import { type JSONValue, query } from "json-p3";
import { isMap } from "../../../rules/isMap";
import type { Bag } from "./secretValues";

/** Who manages which fields of an object. */
export interface ManagedFields {
    manager: string;
    operation?: string;
    /** Set for fields of a subresource, such as the status. */
    subresource?: string;
    /** A tree of the fields, as nested objects. */
    fieldsV1?: Bag;
}

export interface KubeObject {
    apiVersion: string;
    kind: string;
    metadata: {
        name: string;
        namespace?: string;
        uid?: string;
        resourceVersion?: string;
        generation?: number;
        deletionTimestamp?: string;
        finalizers?: string[];
        annotations?: Record<string, string>;
        labels?: Record<string, string>;
        managedFields?: ManagedFields[];
    };
    spec?: Bag;
    status?: Bag;
    [field: string]: unknown;
}

/** `volumeBindingMode` of a persistent volume claim's storage class. */
type BindingMode = string | undefined;

/** The Endpoints object of a Service. */
export interface SeenEndpoints {
    object: KubeObject;
    /** Seconds since it was seen to change. */
    unchanged: number;
}

type Readiness = { state: "ready" } | { state: "waiting"; for: string } | { state: "failed"; why: string };

const READY: Readiness = { state: "ready" };
const waiting = (what: string): Readiness => ({ state: "waiting", for: what });

export const annotation = (object: Bag, name: string): string | undefined => {
    const annotations = isMap(object.metadata) && isMap(object.metadata.annotations) ? object.metadata.annotations : {};
    return typeof annotations[name] === "string" ? annotations[name] : undefined;
};

const number = (bag: Bag | undefined, key: string, otherwise = 0) => (typeof bag?.[key] === "number" ? (bag[key] as number) : otherwise);
/** The objects of a list; none if there is no list. */
export const objectsIn = (value: unknown): Bag[] => (Array.isArray(value) ? value.filter(isMap) : []);
const condition = (object: KubeObject, type: string) => objectsIn(object.status?.conditions).find((c) => c.type === type);
const isTrue = (object: KubeObject, type: string) => condition(object, type)?.status === "True";

const ingress = (object: KubeObject) => (isMap(object.status?.loadBalancer) ? objectsIn(object.status.loadBalancer.ingress) : []);

/** The controller has not seen the newest spec yet, so the status is about the one before. */
const unseen = (object: KubeObject) => number(object.status, "observedGeneration") < (object.metadata.generation ?? 0);

/** Seconds without a change after which a Service's endpoints count as settled; the official provider's (await/service.go). */
const SETTLED = 10;

/** Whether a Service leads to pods that it selects: the official provider waits for those of no other. */
export const selectsPods = ({ spec = {} }: KubeObject) =>
    spec.type !== "ExternalName" && spec.clusterIP !== "None" && isMap(spec.selector) && Object.keys(spec.selector).length > 0;

function endpointsReady(endpoints: SeenEndpoints | undefined): Readiness {
    if (endpoints === undefined) return waiting("its endpoints");
    const unready = objectsIn(endpoints.object.subsets).flatMap((subset) => objectsIn(subset.notReadyAddresses)).length;
    if (unready > 0) return waiting(`${unready} selected pods to be ready`);
    return endpoints.unchanged < SETTLED ? waiting("its endpoints to settle") : READY;
}

type Criterion = (object: KubeObject, bindingMode: BindingMode, endpoints: SeenEndpoints | undefined) => Readiness;

const KINDS: Record<string, Criterion> = {
    "apps/v1/Deployment": (object) => {
        if (unseen(object)) return waiting("the controller to see the new spec");
        const want = number(object.spec, "replicas", 1);
        const updated = number(object.status, "updatedReplicas");
        const available = number(object.status, "availableReplicas");
        const old = number(object.status, "replicas") - updated;
        if (updated < want) return waiting(`${updated} of ${want} replicas updated`);
        if (old > 0) return waiting(`${old} old replicas to end`);
        return available < updated ? waiting(`${available} of ${want} replicas available`) : READY;
    },
    "apps/v1/StatefulSet": (object) => {
        if (unseen(object)) return waiting("the controller to see the new spec");
        const want = number(object.spec, "replicas", 1);
        const ready = number(object.status, "readyReplicas");
        if (ready < want) return waiting(`${ready} of ${want} replicas ready`);
        if (isMap(object.spec?.updateStrategy) && object.spec.updateStrategy.type === "OnDelete") return READY;
        const updated = number(object.status, "updatedReplicas");
        if (updated < want) return waiting(`${updated} of ${want} replicas updated`);
        return object.status?.currentRevision === object.status?.updateRevision ? READY : waiting("the rollout to end");
    },
    "apps/v1/DaemonSet": (object) => {
        if (unseen(object)) return waiting("the controller to see the new spec");
        const want = number(object.status, "desiredNumberScheduled");
        const updated = number(object.status, "updatedNumberScheduled");
        const available = number(object.status, "numberAvailable");
        if (updated < want) return waiting(`${updated} of ${want} nodes updated`);
        return available < want ? waiting(`${available} of ${want} nodes available`) : READY;
    },
    "batch/v1/Job": (object) => {
        const failed = condition(object, "Failed");
        if (failed?.status === "True") return { state: "failed", why: `${failed.reason}: ${failed.message}` };
        return isTrue(object, "Complete") ? READY : waiting(`${number(object.status, "succeeded")} completions`);
    },
    "v1/Pod": (object) => {
        if (object.status?.phase === "Failed") return { state: "failed", why: String(object.status.message ?? "the pod failed") };
        return object.status?.phase === "Succeeded" || isTrue(object, "Ready") ? READY : waiting("the pod to be ready");
    },
    "v1/Service": (object, _, endpoints) => {
        if (object.spec?.type === "LoadBalancer" && ingress(object).length === 0) return waiting("an address from the load balancer");
        return selectsPods(object) ? endpointsReady(endpoints) : READY;
    },
    "v1/PersistentVolumeClaim": (object, bindingMode) => {
        const phase = object.status?.phase;
        if (phase === "Bound") return READY;
        // Such a claim is bound when its first pod is scheduled, and that pod may be created only after this wait.
        if (bindingMode === "WaitForFirstConsumer" && phase === "Pending") return READY;
        return waiting("the claim to be bound");
    },
    "v1/PersistentVolume": (object) =>
        object.status?.phase === "Available" || object.status?.phase === "Bound" ? READY : waiting("the volume to be available"),
    "networking.k8s.io/v1/Ingress": (object) => (ingress(object).length > 0 ? READY : waiting("an address from the ingress controller")),
    "apiextensions.k8s.io/v1/CustomResourceDefinition": (object) => {
        const names = condition(object, "NamesAccepted");
        if (names?.status === "False") return { state: "failed", why: String(names.message) };
        return isTrue(object, "Established") ? READY : waiting("the definition to be established");
    },
};

const kindOf = (object: Bag) => `${object.apiVersion}/${object.kind}`;

/** Whether to wait for an object at all. `inputs` have the user's annotations. */
export const waitsFor = (inputs: Bag): boolean =>
    annotation(inputs, "pulumi.com/skipAwait") !== "true" &&
    (kindOf(inputs) in KINDS || annotation(inputs, "pulumi.com/waitFor") !== undefined);

/** `inputs`: the object as declared, whose annotations say what to wait for. `object`: the live one. */
export function readiness(inputs: Bag, object: KubeObject, bindingMode?: string, endpoints?: SeenEndpoints): Readiness {
    if (!waitsFor(inputs)) return READY;
    const expression = annotation(inputs, "pulumi.com/waitFor");
    return expression === undefined ? (KINDS[kindOf(inputs)]?.(object, bindingMode, endpoints) ?? READY) : custom(expression, object);
}

function custom(expression: string, object: KubeObject): Readiness {
    const path = /^jsonpath=\{\s*(.*?)\s*\}$/.exec(expression)?.[1];
    if (path !== undefined) return selects(path, object);
    const wanted = /^condition=([^=]+)(?:=(.+))?$/.exec(expression);
    if (wanted?.[1] === undefined) {
        const why = `the stand-in provider reads pulumi.com/waitFor only as "condition=Type", "condition=Type=Status" or "jsonpath={...}", not "${expression}"`;
        return { state: "failed", why };
    }
    const found = condition(object, wanted[1]);
    const status = wanted[2] ?? "True";
    if (String(found?.status).toLowerCase() === status.toLowerCase()) return READY;
    return waiting(`condition ${wanted[1]}=${status}${found?.message ? ` (${found.message})` : ""}`);
}

/** Whether a JSONPath of RFC 9535, which the official provider reads too, selects anything. Without `$` it begins at the root. */
const selects = (path: string, object: KubeObject): Readiness =>
    query(path.startsWith("$") ? path : `$${path}`, object as unknown as JSONValue).values().length > 0 ? READY : waiting(path);
