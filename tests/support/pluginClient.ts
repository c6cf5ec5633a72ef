import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";

type Bag = Record<string, unknown>;
type Call<R> = (done: (error: grpc.ServiceError | null, response: R) => void) => void;

const struct = (bag: Bag) => Struct.fromJavaScript(bag as Record<string, JavaScriptValue>);
const answer = <R>(call: Call<R>) =>
    new Promise<R>((resolve, reject) => call((error, response) => (error ? reject(error) : resolve(response))));

export const urnOf = (type: string, name: string) => `urn:pulumi:observer::thanos-fleet::${type}::${name}`;

/** A plugin in a process of its own, called as the engine calls it. */
export class PluginClient {
    private constructor(
        private readonly plugin: ChildProcess,
        private readonly client: ResourceProviderClient,
    ) {}

    static async start(command: string, args: string[] = []): Promise<PluginClient> {
        const plugin = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
        const [port] = (await once(plugin.stdout, "data")) as [Buffer];
        return new PluginClient(
            plugin,
            new ResourceProviderClient(`127.0.0.1:${port.toString().trim()}`, grpc.credentials.createInsecure()),
        );
    }

    stop(): void {
        this.client.close();
        this.plugin.kill();
    }

    configure(args: Bag): Promise<pb.ConfigureResponse> {
        const request = new pb.ConfigureRequest();
        request.setArgs(struct(args));
        return answer<pb.ConfigureResponse>((done) => this.client.configure(request, done));
    }

    async create(type: string, name: string, inputs: Bag): Promise<{ id: string; outputs: Bag }> {
        const request = new pb.CreateRequest();
        request.setUrn(urnOf(type, name));
        request.setProperties(struct(inputs));
        const response = await answer<pb.CreateResponse>((done) => this.client.create(request, done));
        return { id: response.getId(), outputs: (response.getProperties()?.toJavaScript() ?? {}) as Bag };
    }

    /** What the plugin says of new inputs, compared with those of the last update. */
    async diff(type: string, name: string, oldInputs: Bag, news: Bag) {
        const request = new pb.DiffRequest();
        request.setId(name);
        request.setUrn(urnOf(type, name));
        request.setOlds(struct(oldInputs));
        request.setOldInputs(struct(oldInputs));
        request.setNews(struct(news));
        const response = await answer<pb.DiffResponse>((done) => this.client.diff(request, done));
        return { replaces: response.getReplacesList(), deleteBeforeReplace: response.getDeletebeforereplace() };
    }

    async update(type: string, name: string, oldOutputs: Bag, news: Bag): Promise<Bag> {
        const request = new pb.UpdateRequest();
        request.setUrn(urnOf(type, name));
        request.setOlds(struct(oldOutputs));
        request.setNews(struct(news));
        const response = await answer<pb.UpdateResponse>((done) => this.client.update(request, done));
        return (response.getProperties()?.toJavaScript() ?? {}) as Bag;
    }

    async invoke(token: string, args: Bag): Promise<Bag | undefined> {
        const request = new pb.InvokeRequest();
        request.setTok(token);
        request.setArgs(struct(args));
        const response = await answer<pb.InvokeResponse>((done) => this.client.invoke(request, done));
        return response.getReturn()?.toJavaScript() as Bag | undefined;
    }
}
