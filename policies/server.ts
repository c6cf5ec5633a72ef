/**
 * Serves policies over Pulumi's analyzer protocol (gRPC), with the SDK's own messages.
 *
 * Not by `@pulumi/policy` (1.21): it decodes each resource once for every policy, needs the whole SDK, and drops the configuration of the stack,
 * which an executable pack gets in no other way. docs/adr/0004 has the figures.
 */
import { type handleUnaryCall, Server, ServerCredentials, type ServiceDefinition, status } from "@grpc/grpc-js";
import { AnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/analyzer_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Registered } from "../rules/reading/manifest";
import type { Overrides } from "../rules/rule";
import type { Policy } from "./policy";
import { propertiesOf, UnknownValueError } from "./properties";

/** A pack as the engine shows it. */
export interface Pack {
    readonly name: string;
    readonly version: string;
    readonly description: string;
    /** The policies for a stack with this configuration, by its keys: `thanos-fleet:cluster`. Called without one where there is no stack. */
    policies(config: ReadonlyMap<string, string>): readonly Policy[];
    /** Called when the engine has heard all that it waits for, and begins to run the program. */
    onReady(): void;
}

const { ADVISORY, MANDATORY, DISABLED } = pb.EnforcementLevel;
const LEVELS = { advisory: ADVISORY, mandatory: MANDATORY };
const SCOPES = { part: pb.PolicyType.POLICY_TYPE_RESOURCE, deployment: pb.PolicyType.POLICY_TYPE_STACK };
const SEVERITIES = {
    medium: pb.PolicySeverity.POLICY_SEVERITY_MEDIUM,
    high: pb.PolicySeverity.POLICY_SEVERITY_HIGH,
    critical: pb.PolicySeverity.POLICY_SEVERITY_CRITICAL,
};

/** The engine offers each resource to Remediate first. What no policy looks at is not decoded: that takes as long as to check it. */
const SERVICE = {
    ...AnalyzerService,
    remediate: { ...AnalyzerService.remediate, requestDeserialize: () => new pb.AnalyzeRequest() },
} as unknown as ServiceDefinition;

/** Serves until the engine ends it. Prints the port on stdout, and nothing else: there the engine looks for it. */
export async function serve(pack: Pack): Promise<void> {
    let policies = pack.policies(new Map());
    /** What the configuration of the pack says, by the name of the policy. */
    let configured = new Map<string, { level: pb.EnforcementLevel; settings: Overrides }>();
    const find = (scope: Policy["scope"], resources: readonly Registered[]) =>
        policies.flatMap((policy) => {
            const { level = LEVELS[policy.level], settings = {} } = configured.get(policy.name) ?? {};
            if (policy.scope !== scope || level === DISABLED) return [];
            return violations(pack, policy, level === ADVISORY ? ADVISORY : MANDATORY, resources, settings);
        });
    const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
    // The engine takes it that what is not here is not offered: Handshake, Remediate and Cancel.
    server.addService(SERVICE, {
        configureStack: handler((request: pb.AnalyzerStackConfigureRequest) => {
            policies = pack.policies(new Map(request.getConfigMap().entries()));
            return new pb.AnalyzerStackConfigureResponse();
        }),
        getAnalyzerInfo: handler(() =>
            new pb.AnalyzerInfo()
                .setName(pack.name)
                .setVersion(pack.version)
                .setDescription(pack.description)
                .setSupportsconfig(true)
                .setPoliciesList(policies.map(infoOf)),
        ),
        getPluginInfo: handler(() => new PluginInfo().setVersion(pack.version)),
        configure: handler((request: pb.ConfigureAnalyzerRequest) => {
            const configs = [...request.getPolicyconfigMap().entries()];
            configured = new Map(
                configs.map(([name, config]) => [
                    name,
                    { level: config.getEnforcementlevel(), settings: config.getProperties()?.toJavaScript() ?? {} },
                ]),
            );
            setImmediate(pack.onReady);
            return new Empty();
        }),
        analyze: handler((request: pb.AnalyzeRequest) => new pb.AnalyzeResponse().setDiagnosticsList(find("part", [registered(request)]))),
        analyzeStack: handler((request: pb.AnalyzeStackRequest) =>
            new pb.AnalyzeResponse().setDiagnosticsList(find("deployment", request.getResourcesList().map(registered))),
        ),
    });
    const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    endWithTheEngine();
    process.stdout.write(`${port}\n`);
}

/** One that was killed cannot end its plugins. */
function endWithTheEngine(): void {
    const engine = process.ppid;
    setInterval(() => process.ppid !== engine && process.exit(1), 1000);
}

/** A gRPC handler from a function. Of an error, users see the stack trace: it is a fault of the pack. */
const handler =
    <Q, R>(work: (request: Q) => R): handleUnaryCall<Q, R> =>
    ({ request }, callback) => {
        try {
            callback(null, work(request));
        } catch (error) {
            callback({ code: status.UNKNOWN, details: (error as Error).stack ?? String(error) });
        }
    };

function registered(resource: pb.AnalyzeRequest | pb.AnalyzerResource): Registered {
    const provider = resource.getProvider();
    return {
        type: resource.getType(),
        name: resource.getName(),
        urn: resource.getUrn(),
        props: propertiesOf(resource.getProperties()),
        ...(provider && { provider: { urn: provider.getUrn() } }),
    };
}

function infoOf(policy: Policy): pb.PolicyInfo {
    const settings = Struct.fromJavaScript(policy.settings);
    return new pb.PolicyInfo()
        .setName(policy.name)
        .setDisplayname(policy.displayName)
        .setDescription(policy.description)
        .setEnforcementlevel(LEVELS[policy.level])
        .setSeverity(SEVERITIES[policy.severity])
        .setPolicyType(SCOPES[policy.scope])
        .setRemediationSteps(policy.remediation)
        .setUrl(policy.url)
        .setTagsList([...policy.tags])
        .setConfigschema(new pb.PolicyConfigSchema().setProperties(settings));
}

/** What a policy says of resources, in the engine's words. */
function violations(
    pack: Pack,
    policy: Policy,
    level: pb.EnforcementLevel,
    resources: readonly Registered[],
    settings: Overrides,
): pb.AnalyzeDiagnostic[] {
    const found: pb.AnalyzeDiagnostic[] = [];
    const add = (message: string, of: pb.EnforcementLevel, urn = "") =>
        void found.push(
            new pb.AnalyzeDiagnostic()
                .setPolicyname(policy.name)
                .setPolicypackname(pack.name)
                .setPolicypackversion(pack.version)
                .setDescription(policy.description)
                .setMessage(message)
                .setEnforcementlevel(of)
                .setSeverity(SEVERITIES[policy.severity])
                .setUrn(urn),
        );
    try {
        policy.validate(resources, settings, (message, urn) => add(`${policy.description}\n${message}`, level, urn));
    } catch (error) {
        if (!(error instanceof UnknownValueError)) throw error;
        // In the words of @pulumi/policy, which people know.
        add(
            `can't run policy '${policy.name}' from policy pack '${pack.name}@v${pack.version}' during preview: ${error.message}`,
            ADVISORY,
        );
    }
    return found;
}
