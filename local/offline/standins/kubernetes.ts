/**
 * A stand-in for the official Pulumi plugin `kubernetes`, for machines that can download it neither from get.pulumi.com nor from GitHub
 * (findPlugins.ts chooses). Run by bin/kubernetes/pulumi-resource-kubernetes.
 *
 * Objects of every kind of the SDK are created, applied server-side and waited for (objectLifecycle.ts); Helm releases go through the `helm` command
 * (helm.ts). Not supported: deletion of Patch resources, server-side previews, and the components yaml, kustomize and helm.sh/v4.
 */
import { version } from "@pulumi/kubernetes/package.json";
import { Helm, helmCommand } from "../../../clients/helm";
import { ApiServer } from "./apiServer";
import { decideRelease, HelmReleases } from "./helm";
import { checkObject, diffObject, isPatch, ObjectLifecycle } from "./objectLifecycle";
import { type Bag, revealBag } from "./secretValues";
import { type Request, type StandIn, serve } from "./server";

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

class Kubernetes implements StandIn {
    readonly version = version;
    private readonly cancelling = new AbortController();
    private settings: Bag = {};
    private connected: Promise<{ namespace: string; objects: ObjectLifecycle; releases: HelmReleases }> | undefined;

    async configure(config: Bag): Promise<void> {
        this.settings = revealBag(config);
    }

    async check(request: Request): Promise<Bag> {
        if (/:(yaml|kustomize|helm\.sh\/v4)/.test(request.type))
            throw new Error(`The stand-in provider does not support ${request.type}. Use other resources, or install the official plugin.`);
        if (!isRelease(request)) return checkObject(request, Date.now());
        return (await this.connect()).releases.check(request, Date.now());
    }

    async diff(request: Request) {
        if (isRelease(request)) return decideRelease(revealBag(request.oldInputs), revealBag(request.inputs));
        return diffObject(request, {
            namespace: (await this.connect()).namespace,
            configMapMutable: this.settings.enableConfigMapMutable === "true",
            secretMutable: this.settings.enableSecretMutable === "true",
            patch: isPatch(request, request.inputs),
        });
    }

    create = async (request: Request) => (await this.handlerOf(request)).create(request);
    update = async (request: Request) => (await this.handlerOf(request)).update(request);
    read = async (request: Request) => (await this.handlerOf(request)).read(request);
    delete = async (request: Request) => (await this.handlerOf(request)).delete(request);

    cancel(): void {
        this.cancelling.abort(new Error("Cancelled. The next update continues from here."));
    }

    private async handlerOf(request: Request): Promise<ObjectLifecycle | HelmReleases> {
        const { objects, releases } = await this.connect();
        return isRelease(request) ? releases : objects;
    }

    /** Not called by `configure`: a preview may not know the kubeconfig yet, and operations that need no cluster also work without one. */
    private connect() {
        this.connected ??= (async () => {
            const [kubeconfig, context, namespace] = [this.settings.kubeconfig, this.settings.context, this.settings.namespace].map(text);
            const settings = { ...(kubeconfig && { kubeconfig }), ...(context && { context }), ...(namespace && { namespace }) };
            const apiServer = await ApiServer.connect(settings);
            return {
                namespace: apiServer.namespace,
                objects: new ObjectLifecycle(apiServer, this.cancelling.signal, this.settings.enablePatchForce === "true"),
                releases: new HelmReleases(apiServer, this.cancelling.signal, new Helm(helmCommand(), settings, this.cancelling.signal)),
            };
        })();
        return this.connected;
    }
}

const isRelease = (request: Request) => request.type === "kubernetes:helm.sh/v3:Release";

if (require.main === module) void serve(new Kubernetes(), process.argv.at(-1));
