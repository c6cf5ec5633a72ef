/** What a running cluster has of Thanos and Prometheus, as manifests. Only lists objects, and never Secrets, which hold keys. */
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";
import type { KubeConfig } from "@kubernetes/client-node";
import { loadKubeConfig } from "./kubernetes";

/** The kinds that rules read (lint/deployments.ts), by where an API server lists them. */
const KINDS = {
    "apps/v1": { deployments: "Deployment", statefulsets: "StatefulSet", daemonsets: "DaemonSet", replicasets: "ReplicaSet" },
    "batch/v1": { jobs: "Job", cronjobs: "CronJob" },
    v1: { pods: "Pod", configmaps: "ConfigMap", services: "Service" },
    "networking.k8s.io/v1": { ingresses: "Ingress" },
    "traefik.io/v1alpha1": { ingressroutes: "IngressRoute" },
    "gateway.networking.k8s.io/v1": { httproutes: "HTTPRoute" },
    "monitoring.coreos.com/v1": { prometheuses: "Prometheus", thanosrulers: "ThanosRuler" },
    "monitoring.coreos.com/v1alpha1": { prometheusagents: "PrometheusAgent" },
} as const;

/** Objects of one answer: a ConfigMap may have a mebibyte. */
const PAGE = 250;
const WITHIN_MS = 30_000;

export interface LiveObjects {
    readonly objects: readonly LiveObject[];
    /** What this user may not list. */
    readonly forbidden: readonly string[];
}

/** An object without its status and without what the API server notes for itself. */
export interface LiveObject {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace: string };
}

interface Listed {
    readonly metadata: {
        readonly name: string;
        readonly namespace?: string;
        readonly uid: string;
        readonly labels?: object;
        readonly annotations?: Readonly<Record<string, string>>;
        readonly ownerReferences?: readonly { readonly uid: string }[];
    };
    readonly status?: object;
}

/** Why a cluster could not be read at all. */
export class ClusterUnread extends Error {}

/**
 * The objects of a context of the user's kubeconfig: those that people or tools have made, not those that these make in turn, as the pods of a StatefulSet.
 * `namespaces`: only these; none stand for all.
 */
export async function liveObjects(context: string, namespaces: readonly string[]): Promise<LiveObjects> {
    const config = loadKubeConfig({ context });
    const known = config.getContexts().map(({ name }) => name);
    if (!known.includes(context))
        throw new ClusterUnread(`there is no such context${known.length > 0 ? `; there are ${known.join(", ")}` : " in the kubeconfig"}`);
    const found: (Listed & { apiVersion: string; kind: string })[] = [];
    const forbidden: string[] = [];
    for (const [apiVersion, kinds] of Object.entries(KINDS))
        for (const [plural, kind] of Object.entries(kinds))
            for (const namespace of namespaces.length > 0 ? namespaces : [undefined]) {
                const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
                const listed = await list(config, `${group}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${plural}`);
                if (listed === "forbidden") forbidden.push(namespace === undefined ? plural : `${plural} of ${namespace}`);
                // The items of a list name neither version nor kind.
                else found.push(...listed.map((object) => ({ ...object, apiVersion, kind })));
            }
    const ids = new Set(found.map(({ metadata }) => metadata.uid));
    const isMade = ({ metadata }: Listed) => metadata.ownerReferences?.some(({ uid }) => ids.has(uid)) ?? false;
    return { objects: found.filter((object) => !isMade(object)).map(asManifest), forbidden };
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

function asManifest(object: Listed & { apiVersion: string; kind: string }): LiveObject {
    const { apiVersion, kind, metadata, status: _, ...rest } = object;
    const { name, namespace = "", labels } = metadata;
    const { [LAST_APPLIED]: __, ...annotations } = metadata.annotations ?? {};
    return { apiVersion, kind, metadata: { name, namespace, ...(labels && { labels }), annotations }, ...rest } as LiveObject;
}

/** Every object of a list, page by page. None, where the API server does not have the kind. */
async function list(config: KubeConfig, path: string): Promise<Listed[] | "forbidden"> {
    const found: Listed[] = [];
    for (let next = ""; ; ) {
        const { status, body } = await get(
            config,
            `${path}?${new URLSearchParams({ limit: String(PAGE), ...(next && { continue: next }) })}`,
        );
        if (status === 404) return [];
        if (status === 403) return "forbidden";
        const answer = jsonOf(body);
        if (status !== 200) throw new ClusterUnread(`its API server answers ${status}${answer?.message ? `: ${answer.message}` : ""}`);
        found.push(...(answer?.items ?? []));
        next = answer?.metadata?.continue ?? "";
        if (next === "") return found;
    }
}

interface Answer {
    readonly items?: Listed[] | null;
    readonly metadata?: { readonly continue?: string };
    /** Of an error. */
    readonly message?: string;
}

/** Undefined for what is no JSON, as the page of a proxy. */
function jsonOf(body: string): Answer | undefined {
    try {
        return JSON.parse(body) as Answer;
    } catch {
        return undefined;
    }
}

/** Not by the client's own methods: they give some fields other names, and drop the place where the next page begins. */
async function get(config: KubeConfig, path: string): Promise<{ status: number; body: string }> {
    try {
        const url = new URL(`${config.getCurrentCluster()?.server.replace(/\/$/, "")}${path}`);
        const options: https.RequestOptions = { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(WITHIN_MS) };
        await config.applyToHTTPSOptions(options);
        const answer = await new Promise<IncomingMessage>((resolve, reject) => {
            const request = url.protocol === "http:" ? http.get(url, options, resolve) : https.get(url, options, resolve);
            request.on("error", reject);
        });
        return { status: answer.statusCode ?? 0, body: await text(answer) };
    } catch (error) {
        const { name, message } = error as Error;
        throw new ClusterUnread(name === "AbortError" ? `its API server is silent for ${WITHIN_MS / 1000} s` : message);
    }
}
