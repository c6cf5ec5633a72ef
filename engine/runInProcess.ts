import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import type { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import type { Contract } from "../components/stack/contract";
import { ConfigError } from "../config/configError";
import { awsAnswer, awsOutputs, expectedCaller } from "./awsPlaceholders";
import { PROJECT } from "./stackFile";

/**
 * Runs the program against the SDK's own in-process monitor: no engine, no plugin, no cluster. What only a provider knows (an ARN, a generated
 * password) becomes a readable placeholder.
 */

/** A resource as the program registers it. */
export interface Planned {
    urn: string;
    type: string;
    name: string;
    /** Name of the resource it belongs to. */
    parent?: string;
    /** Inputs; secret values are "[secret]". */
    props: Record<string, unknown>;
    /** The secret values, by their path in `props`. For tests: nothing prints them. */
    secrets: Record<string, unknown>;
    protect: boolean;
    retainOnDelete: boolean;
    /** Names of what has to exist before it, other than through its values. */
    dependsOn: string[];
    /** Name of the explicit provider. */
    provider?: string;
    ignoreChanges: string[];
    /** Every other option that is set, by its name in the SDK. */
    otherOptions: Record<string, unknown>;
}

export interface Run {
    resources: Planned[];
    outputs: Record<string, unknown>;
    /** Names of the outputs that are secret. */
    secretOutputs: string[];
}

/** The outputs of another stack, for `StackReference`s. */
export type StackOutputs = (stack: string) => Record<string, unknown>;

type Program = () => Promise<Record<string, unknown>>;

export async function runInProcess(stack: string, config: Record<string, string>, others: StackOutputs = noOthers): Promise<Run> {
    // The stack itself has no past here.
    const known: StackOutputs = (reference) => (reference === `organization/${PROJECT}/${stack}` ? {} : others(reference));
    const { region = "", cluster } = JSON.parse(config[`${PROJECT}:aws`] ?? "{}") as AwsSettings;
    const caller = expectedCaller(texts(cluster?.create?.admins), accountOf(config, known));
    const mocks: pulumi.runtime.Mocks = {
        newResource: (args) => created(args, known, region),
        call: ({ token, inputs }) => awsAnswer(token, inputs, region, caller),
    };
    await pulumi.runtime.setMocks(mocks, PROJECT, stack, false, "organization");
    pulumi.runtime.setAllConfig(config, []);
    const requests = recorded(pulumi.runtime.getMonitor() as unknown as MockMonitor);

    // A failure inside an `apply` would otherwise only make its resource disappear.
    const failures: unknown[] = [];
    const onFailure = (error: unknown) => void failures.push(error);
    process.on("unhandledRejection", onFailure);
    try {
        const program = require("..") as Program;
        const exported = await program();
        const outputs = await plain(exported);
        const secretOutputs = await secretNames(exported);
        await pulumi.runtime.disconnect();
        if (failures.length > 0) throw failures[0];
        return { resources: requests.map(({ urn, request }) => planned(urn, request)), outputs, secretOutputs };
    } catch (error) {
        throw (error as Error).cause instanceof ConfigError ? (error as Error).cause : error;
    } finally {
        process.off("unhandledRejection", onFailure);
    }
}

/** The part of the settings of an account that says as whom a stack is run. */
interface AwsSettings {
    region?: string;
    /** As it was written: not checked yet. */
    cluster?: { create?: { admins?: unknown } };
}

const texts = (list: unknown): string[] => (Array.isArray(list) ? list.filter((item) => typeof item === "string") : []);

/** The account that an observee's observer has for it. */
function accountOf(config: Record<string, string>, others: StackOutputs): string | undefined {
    const observer = config[`${PROJECT}:observer`];
    const contract = observer === undefined ? undefined : (others(observer).contract as Contract | undefined);
    return contract?.observees?.find(({ name }) => name === config[`${PROJECT}:cluster`])?.account;
}

function noOthers(stack: string): never {
    throw new Error(`stack ${stack} is not known here`);
}

const plain = (outputs: Record<string, unknown>) =>
    new Promise<Record<string, unknown>>(
        (resolve) => void pulumi.unsecret(pulumi.output(outputs)).apply((value) => resolve(value as Record<string, unknown>)),
    );

async function secretNames(outputs: Record<string, unknown>): Promise<string[]> {
    const names = Object.keys(outputs).map(async (name) => ((await pulumi.isSecret(pulumi.output(outputs[name]))) ? [name] : []));
    return (await Promise.all(names)).flat();
}

/** The mock monitor tells tests only a resource's inputs; its requests carry the parent, protection and dependencies too. */
function recorded(monitor: MockMonitor): { urn: string; request: RegisterResourceRequest }[] {
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

function planned(urn: string, request: RegisterResourceRequest): Planned {
    const parent = request.getParent();
    const provider = request.getProvider();
    const secrets: Record<string, unknown> = {};
    return {
        urn,
        type: request.getType(),
        name: request.getName(),
        ...(parent && !parent.includes("pulumi:pulumi:Stack::") && { parent: nameOf(parent) }),
        props: masked(request.getObject()?.toJavaScript() ?? {}, "", secrets) as Record<string, unknown>,
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
    // A provider's SDK gives older types of a resource as aliases; an alias of ours has another name or another parent.
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

/** Dependencies that were declared, without those that follow from values. */
function dependsOn(request: RegisterResourceRequest): string[] {
    const fromValues = new Set<string>();
    request.getPropertydependenciesMap().forEach((of) => {
        for (const urn of of.getUrnsList()) fromValues.add(urn);
    });
    return [...new Set(request.getDependenciesList())].filter((urn) => !fromValues.has(urn));
}

/** The SDK's markers for values that are more than JSON (sdk/nodejs/runtime/rpc.ts). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** The value as JSON; what is secret in it goes to `secrets`, by its path. */
function masked(value: unknown, path: string, secrets: Record<string, unknown>): unknown {
    if (Array.isArray(value)) return value.map((item, i) => masked(item, `${path}[${i}]`, secrets));
    if (typeof value !== "object" || value === null) return value;
    const object = value as Record<string, unknown>;
    if (object[SIGNATURE] === SECRET) {
        secrets[path] = masked(object.value, path, {});
        return "[secret]";
    }
    if (SIGNATURE in object) return masked(object.value ?? object.urn, path, secrets);
    return Object.fromEntries(
        Object.entries(object).map(([key, inner]) => [key, masked(inner, path === "" ? key : `${path}.${key}`, secrets)]),
    );
}

function created(args: pulumi.runtime.MockResourceArgs, others: StackOutputs, region: string): pulumi.runtime.MockResourceResult {
    const { type, name, inputs } = args;
    if (type === "pulumi:pulumi:StackReference") {
        const outputs = others(inputs.name as string);
        return { id: inputs.name as string, state: { ...inputs, outputs, secretOutputNames: "access" in outputs ? ["access"] : [] } };
    }
    if (type.startsWith("aws:")) {
        const { id, outputs } = awsOutputs(type, name, inputs, region);
        return { id, state: outputs };
    }
    return { id: inputs.name ?? name, state: { ...generated(name), ...inputs } };
}

/** What the plugins random and tls would make. */
const generated = (name: string) => ({
    result: `<generated for ${name}>`,
    privateKeyPem: `<key of ${name}>`,
    certRequestPem: `<request of ${name}>`,
    certPem: `<certificate of ${name}>`,
    validityEndTime: "<a year from now>",
});
