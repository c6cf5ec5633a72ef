import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import type { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import type { Contract } from "../components/stack/contract";
import { ConfigError } from "../config/configError";
import { parseConfig } from "../config/engineConfig";
import { isMap } from "../rules/isMap";
import { awsAnswer, awsOutputs, expectedCaller } from "./awsPlaceholders";
import { PROJECT } from "./stackFile";

/**
 * Runs the program against the SDK's in-process mock monitor: no engine, no plugin, no cluster. A value that only a provider knows (an ARN, a
 * generated password) becomes a readable placeholder.
 */

/** A resource as the program registers it. */
export interface PlannedResource {
    urn: string;
    /** Type token: "kubernetes:core/v1:Service". */
    type: string;
    /** The program's name for it, not the name in the cluster or at AWS. */
    name: string;
    /** Name of its parent; undefined where the stack is the parent. */
    parent?: string;
    /** Inputs; secret values are "[secret]". */
    props: Record<string, unknown>;
    /** The secret values, by their path in `props`. Only tests read them; nothing prints them. */
    secrets: Record<string, unknown>;
    protect: boolean;
    retainOnDelete: boolean;
    /** Names of the resources in its `dependsOn`, without those whose outputs are among its inputs. */
    dependsOn: string[];
    /** Name of the explicit provider; undefined for a default provider and for components. */
    provider?: string;
    ignoreChanges: string[];
    /** Every other resource option that is set, by its name in the SDK. */
    otherOptions: Record<string, unknown>;
}

export interface Run {
    resources: PlannedResource[];
    /** The stack's outputs, secret ones in the clear. */
    outputs: Record<string, unknown>;
    /** Names of the outputs that are secret. */
    secretOutputs: string[];
}

/** Returns the outputs of another stack, by the name in the `StackReference`: "organization/thanos-fleet/observer". */
export type StackOutputs = (stack: string) => Record<string, unknown>;

/** What index.ts exports. */
type Program = () => Promise<Record<string, unknown>>;

/** Runs the program for one stack. `config` is in the engine's form (`readStackFile`, `toEngineConfig`). The SDK runs one program at a time. */
export async function runInProcess(stack: string, config: Record<string, string>, others: StackOutputs = noOthers): Promise<Run> {
    // A stack that refers to itself gets no outputs, as before its first update.
    const outputsOf: StackOutputs = (reference) => (reference === `organization/${PROJECT}/${stack}` ? {} : others(reference));
    const { aws } = parseConfig(config, PROJECT);
    // Not validated yet: the program says what is wrong with it.
    const { region = "", cluster } = (isMap(aws) ? aws : {}) as AwsSettings;
    const caller = expectedCaller(stringsIn(cluster?.create?.admins), accountOf(config, outputsOf));
    const mocks: pulumi.runtime.Mocks = {
        newResource: (args) => mockedResource(args, outputsOf, region),
        call: ({ token, inputs }) => awsAnswer(token, inputs, region, caller, versionOf(cluster)),
    };
    // As a preview, which waits for nothing that only an update has to wait for.
    await pulumi.runtime.setMocks(mocks, PROJECT, stack, true, "organization");
    pulumi.runtime.setAllConfig(config, []);
    const requests = recordRequests(pulumi.runtime.getMonitor() as unknown as MockMonitor);

    // Without this, a failure inside an `apply` would only remove the resource from the result.
    const failures: unknown[] = [];
    const onFailure = (error: unknown) => void failures.push(error);
    process.on("unhandledRejection", onFailure);
    // The SDK formats a stack trace for every promise of a resource (runtime/debuggable.ts): half of the time of a plan.
    // An error keeps the line that threw it.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 1;
    try {
        const program = require("../index") as Program;
        const exported = await program();
        const outputs = await plainValues(exported);
        const secretOutputs = await secretNames(exported);
        await pulumi.runtime.disconnect();
        if (failures.length > 0) throw failures[0];
        return { resources: requests.map(({ urn, request }) => plannedResource(urn, request)), outputs, secretOutputs };
    } catch (error) {
        throw (error as Error).cause instanceof ConfigError ? (error as Error).cause : error;
    } finally {
        Error.stackTraceLimit = stackTraceLimit;
        process.off("unhandledRejection", onFailure);
    }
}

/** The part of the setting `aws` that decides the expected caller. */
interface AwsSettings {
    region?: string;
    /** Not validated yet: the user may have written anything. */
    cluster?: { create?: { admins?: unknown; version?: unknown } };
}

/** The version of the cluster as if the stack had created it: the configured one. */
const versionOf = (cluster: AwsSettings["cluster"]) => (typeof cluster?.create?.version === "string" ? cluster.create.version : undefined);

const stringsIn = (list: unknown): string[] => (Array.isArray(list) ? list.filter((item) => typeof item === "string") : []);

/** The account that the observer's contract has for this observee. */
function accountOf(config: Record<string, string>, others: StackOutputs): string | undefined {
    const observer = config[`${PROJECT}:observer`];
    const contract = observer === undefined ? undefined : (others(observer).contract as Contract | undefined);
    return contract?.observees?.find(({ name }) => name === config[`${PROJECT}:cluster`])?.account;
}

function noOthers(stack: string): never {
    throw new Error(`no outputs of stack ${stack} are given`);
}

const plainValues = (outputs: Record<string, unknown>) =>
    new Promise<Record<string, unknown>>(
        (resolve) => void pulumi.unsecret(pulumi.output(outputs)).apply((value) => resolve(value as Record<string, unknown>)),
    );

async function secretNames(outputs: Record<string, unknown>): Promise<string[]> {
    const names = Object.keys(outputs).map(async (name) => ((await pulumi.isSecret(pulumi.output(outputs[name]))) ? [name] : []));
    return (await Promise.all(names)).flat();
}

/** Collects the requests to the mock monitor. `Mocks` see a resource's inputs only; its request has the parent, protection and dependencies too. */
function recordRequests(monitor: MockMonitor): { urn: string; request: RegisterResourceRequest }[] {
    const requests: { urn: string; request: RegisterResourceRequest }[] = [];
    const original = monitor.registerResource.bind(monitor);
    monitor.registerResource = async (request: RegisterResourceRequest, callback: (error: unknown, response: unknown) => void) =>
        original(request, (error: unknown, response: { getUrn(): string }) => {
            if (!error) requests.push({ urn: response.getUrn(), request });
            callback(error, response);
        });
    return requests;
}

const nameOf = (urn: string) => urn.slice(urn.lastIndexOf("::") + 2);

function plannedResource(urn: string, request: RegisterResourceRequest): PlannedResource {
    const parent = request.getParent();
    const provider = request.getProvider();
    const secrets: Record<string, unknown> = {};
    return {
        urn,
        type: request.getType(),
        name: request.getName(),
        ...(parent && !parent.includes("pulumi:pulumi:Stack::") && { parent: nameOf(parent) }),
        props: withoutSecrets(request.getObject()?.toJavaScript() ?? {}, "", secrets) as Record<string, unknown>,
        secrets,
        protect: request.getProtect() ?? false,
        retainOnDelete: request.getRetainondelete() ?? false,
        dependsOn: dependsOn(request).map(nameOf).sort(),
        ...(provider && { provider: nameOf(provider.slice(0, provider.lastIndexOf("::"))) }),
        ignoreChanges: request.getIgnorechangesList(),
        otherOptions: otherOptions(request),
    };
}

function otherOptions(request: RegisterResourceRequest): Record<string, unknown> {
    // Provider SDKs register a resource's older types as aliases. An alias of this project has another name or another parent.
    const aliases = request.getAliasesList().flatMap((alias) => {
        const spec = alias.getSpec();
        const sdk = spec !== undefined && spec.getName() === "" && spec.getParenturn() === request.getParent();
        return sdk ? [] : [alias.getUrn() || spec?.toObject()];
    });
    const options = {
        aliases,
        additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
        customTimeouts: Object.entries(request.getCustomtimeouts()?.toObject() ?? {}).filter(([, limit]) => limit !== ""),
        deleteBeforeReplace: request.getDeletebeforereplace() ? ["true"] : [],
        replaceOnChanges: request.getReplaceonchangesList(),
        import: request.getImportid() ? [request.getImportid()] : [],
    };
    return Object.fromEntries(Object.entries(options).filter(([, values]) => values.length > 0));
}

/** The dependencies from `dependsOn`, without those that follow from input values. */
function dependsOn(request: RegisterResourceRequest): string[] {
    const fromValues = new Set<string>();
    request.getPropertydependenciesMap().forEach((dependencies) => {
        for (const urn of dependencies.getUrnsList()) fromValues.add(urn);
    });
    return [...new Set(request.getDependenciesList())].filter((urn) => !fromValues.has(urn));
}

/** The SDK's markers for values that JSON cannot express (sdk/nodejs/runtime/rpc.ts). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** Returns the value as JSON with "[secret]" for each secret, and adds the secrets to `secrets` by their path. */
function withoutSecrets(value: unknown, path: string, secrets: Record<string, unknown>): unknown {
    if (Array.isArray(value)) return value.map((item, i) => withoutSecrets(item, `${path}[${i}]`, secrets));
    if (typeof value !== "object" || value === null) return value;
    const object = value as Record<string, unknown>;
    if (object[SIGNATURE] === SECRET) {
        secrets[path] = withoutSecrets(object.value, path, {});
        return "[secret]";
    }
    if (SIGNATURE in object) return withoutSecrets(object.value ?? object.urn, path, secrets);
    return Object.fromEntries(
        Object.entries(object).map(([key, inner]) => [key, withoutSecrets(inner, path === "" ? key : `${path}.${key}`, secrets)]),
    );
}

function mockedResource(args: pulumi.runtime.MockResourceArgs, others: StackOutputs, region: string): pulumi.runtime.MockResourceResult {
    const { type, name, inputs } = args;
    if (type === "pulumi:pulumi:StackReference") {
        const outputs = others(inputs.name as string);
        return { id: inputs.name as string, state: { ...inputs, outputs, secretOutputNames: "access" in outputs ? ["access"] : [] } };
    }
    if (type.startsWith("aws:")) {
        const { id, outputs } = awsOutputs(type, name, inputs, region);
        return { id, state: outputs };
    }
    // It exists in a cluster, which a plan does not read.
    if (type === "kubernetes:monitoring.coreos.com/v1:Prometheus") return { id: name, state: { ...inputs, spec: null } };
    return { id: inputs.name ?? name, state: { ...generatedOutputs(name), ...inputs } };
}

/** Outputs that the plugins `random` and `tls` would generate. */
const generatedOutputs = (name: string) => ({
    result: `<generated for ${name}>`,
    privateKeyPem: `<key of ${name}>`,
    certRequestPem: `<request of ${name}>`,
    certPem: `<certificate of ${name}>`,
    validityEndTime: "<a year from now>",
});
