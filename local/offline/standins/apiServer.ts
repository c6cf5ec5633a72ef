/**
 * One API server, spoken to in plain JSON. `@kubernetes/client-node` finds the server and the credentials (token, certificate,
 * exec plugin, proxy); its typed requests are not used because they drop fields their models do not know.
 */
import https, { type RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Reader } from "./podTrouble";
import type { KubeObject } from "./readiness";
import { type Bag, isBag } from "./secretValues";

export interface Ref {
    apiVersion: string;
    kind: string;
    name: string;
    namespace: string;
}

/** What an API server answers to a request it refuses. `code`: the HTTP status. */
export class ApiError extends Error {
    constructor(
        readonly code: number,
        message: string,
    ) {
        super(message);
    }
}

export const isNotFound = (error: unknown) => error instanceof ApiError && error.code === 404;

/** No request of ours takes longer; an API server ends its own after a minute. */
const REQUEST_MS = 60_000;

interface ApiResource {
    name: string;
    kind: string;
    namespaced: boolean;
}

export class Cluster implements Reader {
    private readonly resources = new Map<string, Promise<ApiResource[]>>();
    private readonly server: string;
    private agent: https.Agent | undefined;

    private constructor(
        private readonly config: KubeConfig,
        /** The namespace of objects that name none. */
        readonly namespace: string,
    ) {
        this.server = config.getCurrentCluster()?.server ?? "";
    }

    /** `kubeconfig`: content, or the path of a file; without it the usual places are searched ($KUBECONFIG, ~/.kube/config). */
    static async connect(settings: { kubeconfig?: string; context?: string; namespace?: string }): Promise<Cluster> {
        // Half a second to load, so not before it is needed.
        const { KubeConfig } = await import("@kubernetes/client-node");
        const config = new KubeConfig();
        const { kubeconfig } = settings;
        if (!kubeconfig) config.loadFromDefault();
        else if (/[\n{]/.test(kubeconfig)) config.loadFromString(kubeconfig);
        else config.loadFromFile(kubeconfig);
        if (settings.context) config.setCurrentContext(settings.context);
        if (!config.getCurrentCluster()) {
            const contexts = config.getContexts().map((c) => c.name);
            const name = config.getCurrentContext() || "(none)";
            throw new Error(
                `The kubeconfig has no context "${name}" with a cluster. It has: ${contexts.join(", ") || "none"}. Set the provider's context.`,
            );
        }
        return new Cluster(config, settings.namespace || config.getContextObject(config.getCurrentContext())?.namespace || "default");
    }

    async get(ref: Ref): Promise<KubeObject> {
        return (await this.request("GET", await this.path(ref))) as unknown as KubeObject;
    }

    /** Server-side apply: creates or updates, and from then on `manager` owns exactly the fields in `body`. */
    async apply(ref: Ref, body: Bag, manager: string, force: boolean): Promise<KubeObject> {
        const path = `${await this.path(ref)}?fieldManager=${manager}&force=${force}`;
        return (await this.request("PATCH", path, body, "application/apply-patch+yaml")) as unknown as KubeObject;
    }

    async delete(ref: Ref, propagationPolicy: string): Promise<void> {
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
        // Only explanations are read this way: a list that cannot be read must not hide the error it would explain.
        const answer = await this.request("GET", path).catch((): Bag => ({}));
        return Array.isArray(answer.items) ? (answer.items as KubeObject[]) : [];
    }

    private async path(ref: Ref): Promise<string> {
        const group = ref.apiVersion.includes("/") ? `/apis/${ref.apiVersion}` : `/api/${ref.apiVersion}`;
        const find = async () => (await this.discover(group)).find((r) => r.kind === ref.kind && !r.name.includes("/"));
        let resource = await find();
        if (resource === undefined) {
            // The kind may be as new as the definition this same update made.
            this.resources.delete(group);
            resource = await find();
        }
        if (resource === undefined) throw new ApiError(404, `the API server has no kind ${ref.kind} in ${ref.apiVersion}`);
        const within = resource.namespaced ? `/namespaces/${ref.namespace}` : "";
        return `${group}${within}/${resource.name}/${encodeURIComponent(ref.name)}`;
    }

    private discover(group: string): Promise<ApiResource[]> {
        const known = this.resources.get(group);
        if (known !== undefined) return known;
        const asked = this.request("GET", group).then((answer) => answer.resources as ApiResource[]);
        this.resources.set(group, asked);
        asked.catch(() => this.resources.delete(group));
        return asked;
    }

    private async request(method: string, path: string, body?: Bag, type = "application/json"): Promise<Bag> {
        const answer: unknown = JSON.parse(await this.text(method, path, body, type));
        return isBag(answer) ? answer : {};
    }

    private async text(method: string, path: string, body?: Bag, type = "application/json"): Promise<string> {
        const options: RequestOptions = { method, signal: AbortSignal.timeout(REQUEST_MS) };
        await this.config.applyToHTTPSOptions(options);
        options.headers = { ...options.headers, accept: "application/json", ...(body && { "content-type": type }) };
        this.agent ??= this.config.getCurrentCluster()?.proxyUrl
            ? (options.agent as https.Agent)
            : new https.Agent({ ...(options as https.AgentOptions), keepAlive: true, timeout: REQUEST_MS });
        options.agent = this.agent;
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
                // The server closed a kept connection just as it was taken for this request, which it therefore never saw.
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
