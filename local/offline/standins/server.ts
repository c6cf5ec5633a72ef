/**
 * Serves a stand-in for an official provider plugin over Pulumi's provider protocol (gRPC), with the SDK's own messages.
 *
 * Not by `provider.main` of `@pulumi/pulumi/provider`: that server (SDK 3.248) answers Configure itself, so a provider never sees its
 * kubeconfig, and it drops custom timeouts, the old inputs and the paths of a diff.
 */
import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import * as status from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Decision } from "./diff";
import type { Bag } from "./secretValues";

/** One resource of one request. Bags may hold secrets (see secretValues.ts). */
export interface Request {
    urn: string;
    /** The type token, as in `kubernetes:apps/v1:Deployment`. */
    type: string;
    /** The resource's name in the program. */
    name: string;
    id: string;
    /** Empty for a read or delete. */
    inputs: Bag;
    /** Inputs of the last create or update. */
    oldInputs: Bag;
    /** Outputs of the last create or update. */
    oldOutputs: Bag;
    /** The program's custom timeout, seconds; 0 if it sets none. */
    timeout: number;
    /** Shows beside the resource what a long wait waits for. Not stored. */
    say(text: string): void;
}

/** A provider plugin, as the engine calls it. Errors that it throws are shown to the user. */
export interface StandIn {
    /** Version of the official plugin. */
    version: string;
    configure(config: Bag): Promise<void>;
    /** Validates the inputs and returns them with defaults filled in. */
    check(request: Request): Promise<Bag>;
    diff(request: Request): Promise<Decision>;
    create(request: Request): Promise<{ id: string; outputs: Bag }>;
    update(request: Request): Promise<Bag>;
    /** Undefined if the resource no longer exists. */
    read(request: Request): Promise<{ id: string; outputs: Bag; inputs: Bag } | undefined>;
    delete(request: Request): Promise<void>;
    /** Calls a function of the provider. @default the provider has no functions */
    invoke?(token: string, args: Bag): Promise<Bag>;
    /** The user cancels the operation: end every wait soon. */
    cancel(): void;
}

/** The resource exists but is not ready: the engine keeps it in the state, and the next update waits again. */
export class NotReady extends Error {
    constructor(
        message: string,
        readonly id: string,
        readonly outputs: Bag,
        /** What a read returns as inputs. @default none: it is no read */
        readonly inputs?: Bag,
    ) {
        super(message);
    }
}

const struct = (bag: Bag) => Struct.fromJavaScript(JSON.parse(JSON.stringify(bag)) as Record<string, JavaScriptValue>);
const bag = (value?: Struct): Bag => (value?.toJavaScript() ?? {}) as Bag;

/** A gRPC handler from an async function. Of an error, users see the message and no stack trace. */
function handler<Q, R>(work: (request: Q) => Promise<R>): grpc.handleUnaryCall<Q, R> {
    return (call, callback) => {
        work(call.request).then(
            (result) => callback(null, result),
            (error: Error) => callback(failure(error)),
        );
    };
}

function failure(error: Error): Partial<grpc.StatusObject> {
    const metadata = new grpc.Metadata();
    if (error instanceof NotReady) {
        const detail = new pb.ErrorResourceInitFailed();
        detail.setId(error.id);
        detail.setProperties(struct(error.outputs));
        if (error.inputs) detail.setInputs(struct(error.inputs));
        detail.setReasonsList([error.message]);
        const any = new Any();
        any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
        const packed = new status.Status();
        packed.setCode(grpc.status.UNKNOWN);
        packed.setMessage(error.message);
        packed.addDetails(any);
        metadata.add("grpc-status-details-bin", Buffer.from(packed.serializeBinary()));
    }
    return { code: grpc.status.UNKNOWN, details: error.message, metadata };
}

/** Serves until the engine ends. Prints the port on stdout, and nothing else. */
export async function serve(standIn: StandIn, engineAddress: string | undefined): Promise<void> {
    const say = statusLine(engineAddress);
    const request = (urn: string, fields: Partial<Request>): Request => ({
        urn,
        type: urn.split("::")[2]?.split("$").pop() ?? "",
        name: urn.split("::").slice(3).join("::"),
        id: "",
        inputs: {},
        oldInputs: {},
        oldOutputs: {},
        timeout: 0,
        say: (text) => say(urn, text),
        ...fields,
    });

    const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
    server.addService(ResourceProviderService as unknown as grpc.ServiceDefinition, {
        getPluginInfo: handler(async () => pluginInfo(standIn.version)),
        attach: handler(async () => new Empty()),
        cancel: handler(async () => {
            standIn.cancel();
            return new Empty();
        }),
        configure: handler(async (q: pb.ConfigureRequest) => {
            await standIn.configure(bag(q.getArgs()));
            const response = new pb.ConfigureResponse();
            response.setAcceptsecrets(true);
            return response;
        }),
        check: handler(async (q: pb.CheckRequest) => {
            const response = new pb.CheckResponse();
            const inputs = await standIn.check(request(q.getUrn(), { inputs: bag(q.getNews()), oldInputs: bag(q.getOlds()) }));
            response.setInputs(struct(inputs));
            return response;
        }),
        diff: handler(async (q: pb.DiffRequest) => diffResponse(await standIn.diff(request(q.getUrn(), olds(q))))),
        create: handler(async (q: pb.CreateRequest) => {
            const fields = { inputs: bag(q.getProperties()), timeout: q.getTimeout() };
            const { id, outputs } = await standIn.create(request(q.getUrn(), fields));
            const response = new pb.CreateResponse();
            response.setId(id);
            response.setProperties(struct(outputs));
            return response;
        }),
        update: handler(async (q: pb.UpdateRequest) => {
            const outputs = await standIn.update(request(q.getUrn(), { ...olds(q), timeout: q.getTimeout() }));
            const response = new pb.UpdateResponse();
            response.setProperties(struct(outputs));
            return response;
        }),
        read: handler(async (q: pb.ReadRequest) => {
            const fields = { id: q.getId(), oldInputs: bag(q.getInputs()), oldOutputs: bag(q.getProperties()) };
            const found = await standIn.read(request(q.getUrn(), fields));
            const response = new pb.ReadResponse();
            if (found === undefined) return response;
            response.setId(found.id);
            response.setProperties(struct(found.outputs));
            response.setInputs(struct(found.inputs));
            return response;
        }),
        delete: handler(async (q: pb.DeleteRequest) => {
            const fields = { id: q.getId(), oldInputs: bag(q.getOldInputs()), oldOutputs: bag(q.getProperties()), timeout: q.getTimeout() };
            await standIn.delete(request(q.getUrn(), fields));
            return new Empty();
        }),
        invoke: handler(async (q: pb.InvokeRequest) => {
            const token = q.getTok();
            if (standIn.invoke === undefined) throw new Error(`The stand-in provider does not support the function ${token}.`);
            const response = new pb.InvokeResponse();
            response.setReturn(struct(await standIn.invoke(token, bag(q.getArgs()))));
            return response;
        }),
    });
    const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
            error ? reject(error) : resolve(bound),
        );
    });
    endWithTheEngine(standIn);
    process.stdout.write(`${port}\n`);
}

const olds = (q: pb.DiffRequest | pb.UpdateRequest) => ({
    id: q.getId(),
    inputs: bag(q.getNews()),
    oldInputs: bag(q.getOldInputs()),
    oldOutputs: bag(q.getOlds()),
});

function pluginInfo(version: string): PluginInfo {
    const info = new PluginInfo();
    info.setVersion(version);
    return info;
}

function diffResponse({ changes, replaces, deleteBeforeReplace }: Decision): pb.DiffResponse {
    const { Kind } = pb.PropertyDiff;
    const kinds = { add: Kind.ADD, delete: Kind.DELETE, update: Kind.UPDATE };
    const replacing = { add: Kind.ADD_REPLACE, delete: Kind.DELETE_REPLACE, update: Kind.UPDATE_REPLACE };
    const response = new pb.DiffResponse();
    const { DiffChanges } = pb.DiffResponse;
    response.setChanges(changes.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
    response.setReplacesList(replaces);
    response.setDeletebeforereplace(deleteBeforeReplace);
    response.setHasdetaileddiff(true);
    for (const { path, kind } of changes) {
        const detail = new pb.PropertyDiff();
        detail.setKind((replaces.includes(path) ? replacing : kinds)[kind]);
        detail.setInputdiff(true);
        response.getDetaileddiffMap().set(path, detail);
    }
    return response;
}

/** Sends status messages to the engine, which passes them on as ephemeral diagnostic events. */
function statusLine(engineAddress: string | undefined): (urn: string, text: string) => void {
    if (engineAddress === undefined) return () => {};
    const engine = new EngineClient(engineAddress, grpc.credentials.createInsecure());
    return (urn, text) => {
        const message = new LogRequest();
        message.setSeverity(LogSeverity.INFO);
        message.setUrn(urn);
        message.setMessage(text);
        message.setEphemeral(true);
        engine.log(message, () => {});
    };
}

/** Ends this process after the engine: one that was killed cannot end its plugins, which would go on waiting for rollouts. */
function endWithTheEngine(standIn: StandIn): void {
    const engine = process.ppid;
    const watch = setInterval(() => {
        if (process.ppid === engine) return;
        clearInterval(watch);
        standIn.cancel();
        setTimeout(() => process.exit(1), 1000);
    }, 1000);
}
