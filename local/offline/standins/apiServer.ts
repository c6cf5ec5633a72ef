/**
 * A client of one API server that sends and returns objects as they are. `@kubernetes/client-node` finds the server and the credentials (token,
 * certificate, exec plugin, proxy). The rest of the project uses its typed requests; here its KubernetesObjectApi would change what a program
 * declares, because it copies every object through a model that it picks by version and kind alone (1.3.0, dist/object.js:407
 * `getSerializationType`, dist/gen/models/ObjectSerializer.js:2243). Tried with that version:
 *
 * - A NetworkPolicy loses `from` (the model calls it `_from`) and so admits every peer; a CustomResourceDefinition loses all
 *   `x-kubernetes-...`; any kind loses the fields that are newer than the library.
 * - A custom resource of the kind of a built-in one (`example.com/v1` Service) loses everything that the built-in kind lacks.
 * - An object with a time in it (`creationTimestamp`) cannot be sent at all, and answers have Date objects in place of the text.
 * - Names are lower-cased in paths (dist/object.js:358), though names of RBAC objects may have capitals.
 * - Requests take no AbortSignal and have no time limit, and each opens a connection of its own.
 */

import https, { type RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { isContent, type KubeSettings } from "../../../clients/kubeSettings";
import { isMap } from "../../../rules/isMap";
import type { PodReader } from "./podTrouble";
import type { KubeObject, ManagedFields } from "./readiness";
import type { Bag } from "./secretValues";

/** Identifies an object. */
export interface ObjectRef {
    apiVersion: string;
    kind: string;
    name: string;
    /** Ignored for kinds without namespaces. */
    namespace: string;
}

/** A request that the API server refused. `code`: the HTTP status. */
export class ApiError extends Error {
    constructor(
        readonly code: number,
        message: string,
    ) {
        super(message);
    }
}

export const isNotFound = (error: unknown) => error instanceof ApiError && error.code === 404;

/** An API server, too, ends a request after a minute. */
const REQUEST_MS = 60_000;

interface ApiResource {
    name: string;
    kind: string;
    namespaced: boolean;
}

export class ApiServer implements PodReader {
    private readonly resources = new Map<string, Promise<ApiResource[]>>();
    private readonly server: string;
    private agent: https.Agent | undefined;

    private constructor(
        private readonly config: KubeConfig,
        /** The namespace of objects that set none. */
        readonly namespace: string,
    ) {
        this.server = config.getCurrentCluster()?.server ?? "";
    }

    static async connect(settings: KubeSettings): Promise<ApiServer> {
        // Loading it takes half a second or more, and a stand-in that only checks and compares never needs it.
        const { KubeConfig } = await import("@kubernetes/client-node");
        const config = new KubeConfig();
        const { kubeconfig } = settings;
        if (!kubeconfig) config.loadFromDefault();
        else if (isContent(kubeconfig)) config.loadFromString(kubeconfig);
        else config.loadFromFile(kubeconfig);
        if (settings.context) config.setCurrentContext(settings.context);
        if (!config.getCurrentCluster()) {
            const contexts = config.getContexts().map((c) => c.name);
            const name = config.getCurrentContext() || "(none)";
            throw new Error(
                `The kubeconfig has no context "${name}" with a cluster. It has: ${contexts.join(", ") || "none"}. Set the provider's context.`,
            );
        }
        return new ApiServer(config, settings.namespace || config.getContextObject(config.getCurrentContext())?.namespace || "default");
    }

    async get(ref: ObjectRef): Promise<KubeObject> {
        return (await this.request("GET", await this.path(ref))) as unknown as KubeObject;
    }

    /** Creates an object; the API server refuses one that exists. `manager` becomes the manager of the fields in `body`. */
    async create(ref: ObjectRef, body: Bag, manager: string): Promise<KubeObject> {
        const path = `${(await this.path(ref)).replace(/\/[^/]*$/, "")}?fieldManager=${manager}`;
        return (await this.request("POST", path, body)) as unknown as KubeObject;
    }

    /** Rewrites who manages which fields. */
    async setManagedFields(ref: ObjectRef, value: ManagedFields[]): Promise<void> {
        const patch = [{ op: "replace", path: "/metadata/managedFields", value }];
        await this.request("PATCH", await this.path(ref), patch, "application/json-patch+json");
    }

    /** Server-side apply: creates or updates, and from then on `manager` owns exactly the fields in `body`. */
    async apply(ref: ObjectRef, body: Bag, manager: string, force: boolean): Promise<KubeObject> {
        const path = `${await this.path(ref)}?fieldManager=${manager}&force=${force}`;
        return (await this.request("PATCH", path, body, "application/apply-patch+yaml")) as unknown as KubeObject;
    }

    async delete(ref: ObjectRef, propagationPolicy: string): Promise<void> {
        await this.request("DELETE", await this.path(ref), { propagationPolicy });
    }

    async pods(namespace: string, labels: Record<string, string>): Promise<KubeObject[]> {
        const selector = Object.entries(labels).map(([k, v]) => `${k}=${v}`);
        return this.items(`/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector.join(","))}`);
    }

    async warnings(object: KubeObject): Promise<string[]> {
        const fields = `involvedObject.uid=${object.metadata.uid},type=Warning`;
        const path = `/api/v1/namespaces/${object.metadata.namespace ?? "default"}/events?fieldSelector=${encodeURIComponent(fields)}`;
        return (await this.items(path)).map((e) => `${object.kind ?? "Pod"} ${object.metadata.name}: ${e.reason}: ${e.message}`);
    }

    async lastLogLine(pod: KubeObject, container: string, previous: boolean): Promise<string> {
        const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}/log`;
        const log = await this.text("GET", `${path}?container=${container}&tailLines=1&previous=${previous}`).catch(() => "");
        return log.trim().slice(0, 300);
    }

    private async items(path: string): Promise<KubeObject[]> {
        // Only explanations of an error are read this way: a list that cannot be read must not hide that error.
        const answer = await this.request("GET", path).catch((): Bag => ({}));
        return Array.isArray(answer.items) ? (answer.items as KubeObject[]) : [];
    }

    private async path(ref: ObjectRef): Promise<string> {
        const group = ref.apiVersion.includes("/") ? `/apis/${ref.apiVersion}` : `/api/${ref.apiVersion}`;
        const find = async () => (await this.discover(group)).find((r) => r.kind === ref.kind && !r.name.includes("/"));
        let resource = await find();
        if (resource === undefined) {
            // The same update may just have made the kind's definition.
            this.resources.delete(group);
            resource = await find();
        }
        if (resource === undefined) throw new ApiError(404, `the API server has no kind ${ref.kind} in ${ref.apiVersion}`);
        const namespace = resource.namespaced ? `/namespaces/${ref.namespace}` : "";
        return `${group}${namespace}/${resource.name}/${encodeURIComponent(ref.name)}`;
    }

    private discover(group: string): Promise<ApiResource[]> {
        const cached = this.resources.get(group);
        if (cached !== undefined) return cached;
        const resources = this.request("GET", group).then((answer) => answer.resources as ApiResource[]);
        this.resources.set(group, resources);
        resources.catch(() => this.resources.delete(group));
        return resources;
    }

    private async request(method: string, path: string, body?: object, type = "application/json"): Promise<Bag> {
        const answer: unknown = JSON.parse(await this.text(method, path, body, type));
        return isMap(answer) ? answer : {};
    }

    private async text(method: string, path: string, body?: object, type = "application/json"): Promise<string> {
        const options: RequestOptions = { method };
        await this.config.applyToHTTPSOptions(options);
        options.headers = { ...options.headers, accept: "application/json", ...(body && { "content-type": type }) };
        this.agent ??= this.config.getCurrentCluster()?.proxyUrl
            ? (options.agent as https.Agent)
            : new https.Agent({ ...(options as https.AgentOptions), keepAlive: true, timeout: REQUEST_MS });
        options.agent = this.agent;
        // Of this request only: an agent with a signal gives it to every socket, and a minute later they fail at once.
        options.signal = AbortSignal.timeout(REQUEST_MS);
        const url = new URL(`${this.server.replace(/\/$/, "")}${path}`);
        return new Promise((resolve, reject) => {
            const sent = https.request(url, options, (response) => {
                const chunks: Buffer[] = [];
                response.on("data", (chunk: Buffer) => chunks.push(chunk));
                response.on("error", reject);
                response.on("end", () => {
                    const text = Buffer.concat(chunks).toString();
                    const code = response.statusCode ?? 0;
                    if (code < 400) resolve(text);
                    else reject(new ApiError(code, messageOf(text) ?? `${method} ${path} was answered with HTTP ${code}`));
                });
            });
            sent.on("error", (error) => {
                // The server closed a kept-alive connection just as this request took it, so it never saw the request.
                if (sent.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET")
                    resolve(this.text(method, path, body, type));
                else reject(new Error(`Cannot reach the API server at ${this.server}: ${error.message || "no answer"}`));
            });
            sent.end(body && JSON.stringify(body));
        });
    }
}

function messageOf(text: string): string | undefined {
    try {
        const status = JSON.parse(text) as Bag;
        return typeof status.message === "string" ? status.message : undefined;
    } catch {
        return undefined;
    }
}
