import * as pulumi from "@pulumi/pulumi";
import semver from "semver";
import { z } from "zod";
import { ConfigError } from "../../config/configError";
import { activeOf, MODES, type ObserveeConfig, type ObserverConfig, STORES_BLOCKS } from "../../config/schema";
import { stackConfigError } from "../../config/stackConfigError";
import { keptFor, storesOf } from "../../config/stores";
import { streamOf } from "../../config/streams";
import { parseDuration } from "../../rules/duration";
import { type Problem, Problems } from "../../rules/problem";
import { VERSIONS } from "../../upstream/versions";
import type { StreamStore } from "../blocks/objectStore";
import type { ContractFacts, Stores } from "../cloud/cloud";
import { alertmanagerUrl, receiveUrl } from "../naming/names";
import type { ObserveeCertificates } from "../tls/certificates";

/** The version of what an observer exports. Raised with each change of it. */
export const CONTRACT_VERSION = 6;

/**
 * The oldest version whose readers understand a contract. Those before 6 derive the prefix from the stream's name, those before 3 know no stream but their own
 * cluster's: they would upload to a prefix that nobody reads.
 */
function oldestReader(observees: Contract["observees"], streams: ObserverConfig["streams"]): number {
    const used = observees.map(({ name, stream = name }) => stream);
    if (streams.some(({ name, prefix }) => prefix !== undefined && used.includes(name))) return 6;
    return observees.some(({ stream }) => stream !== undefined) ? 3 : 2;
}

const observeeSchema = z.object({
    name: z.string(),
    mode: z.enum(MODES),
    /** The AWS account of its roles, as the observer's policies name them. */
    account: z.string().optional(),
    /** The stream that it uploads to, where that is not its own. */
    stream: z.string().optional(),
    /** How long its Prometheus must keep samples, a duration, where Stores leave recent ones to it and to Receive (`store.minAge`). */
    keptFor: z.string().optional(),
});

const contractSchema = z.object({
    version: z.number(),
    /** The oldest version whose readers understand this contract. */
    oldestReader: z.number().optional(),
    /** DNS domain of the fleet. */
    domain: z.string(),
    /** Thanos version of the observer. An observee runs the same or an older one. */
    thanos: z.string().refine((version) => semver.valid(version) !== null, "is not a version"),
    /** Each observee reads its own entry only (`observeeSchema`): an older checkout may not know the mode of another one. */
    observees: z.array(z.looseObject({ name: z.string() })),
    /** URL that observees write to. */
    receiveUrl: z.string(),
    /** URLs of every pod of the fleet's Alertmanager, if there is one. */
    alertmanagers: z.array(z.string()).optional(),
    /** IAM path of every role of the fleet, on AWS. */
    rolePath: z.string().optional(),
});

/** What every observee may know of the fleet. */
type FleetTerms = Omit<z.infer<typeof contractSchema>, "observees">;

/** What the observer's stack exports and every observee's stack reads. Secrets are in an output of their own, `access`. */
export type Contract = FleetTerms & { observees: z.infer<typeof observeeSchema>[] };

/** What only one observee may see: the store of its blocks, and its certificates. */
export interface ObserveeAccess {
    /** Where its blocks are, with access keys if the store has any. Absent for an agent, which uploads none. */
    objectStore?: pulumi.UnwrappedObject<StreamStore>;
    /** ARN of the role that it assumes to reach its blocks. Absent where the bucket's policy names its own role. */
    role?: string;
    /** Its certificates and their private keys, PEM. */
    certificates: pulumi.UnwrappedObject<ObserveeCertificates>;
}

/** Outputs of the observer's stack that observees read. */
export interface ContractOutputs {
    contract: Contract;
    /** By observee. Secret. */
    access: pulumi.Output<Record<string, ObserveeAccess>>;
}

/** What one observee reads from the observer's stack. */
export interface ObserveeContract {
    contract: FleetTerms;
    /** This observee's entry in `contract.observees`. */
    entry: z.infer<typeof observeeSchema>;
    access: ObserveeAccess;
}

/** The contract of an observer. */
export function contractOf(
    config: Pick<ObserverConfig, "cluster" | "domain" | "observees" | "streams" | "store" | "compact" | "alerting">,
    facts: ContractFacts,
): Contract {
    const { domain, observees, streams, store, alerting } = config;
    const stores = storesOf(config);
    const entries = activeOf(observees).map(({ name, mode, account = facts.account }) => {
        const stream = streamOf(streams, { name, mode });
        const minAge = STORES_BLOCKS[mode] ? stores.find((ofStream) => ofStream.stream === stream)?.minAge : undefined;
        return {
            name,
            mode,
            ...(account && { account }),
            ...(stream !== name && { stream }),
            ...(minAge && { keptFor: keptFor({ ...store, minAge }) }),
        };
    });
    return {
        version: CONTRACT_VERSION,
        oldestReader: oldestReader(entries, streams),
        domain,
        thanos: VERSIONS.thanos,
        observees: entries,
        receiveUrl: receiveUrl(domain),
        ...(alerting.alertmanager === "fleet" && {
            alertmanagers: Array.from({ length: alerting.replicas }, (_, pod) => alertmanagerUrl(pod, domain)),
        }),
        ...(facts.rolePath !== undefined && { rolePath: facts.rolePath }),
    };
}

/** What each observee may see of the observer's stores and certificates. */
export const accessOf = (
    { observees, streams }: Pick<ObserverConfig, "observees" | "streams">,
    { stores, roles }: Stores,
    certificates: Record<string, ObserveeCertificates>,
): ContractOutputs["access"] =>
    pulumi.secret(
        Object.fromEntries(
            activeOf(observees).map(({ name, mode }) => [
                name,
                {
                    ...(STORES_BLOCKS[mode] && { objectStore: stores[streamOf(streams, { name, mode })] }),
                    certificates: certificates[name],
                    ...(roles[name] && { role: roles[name] }),
                },
            ]),
        ),
    ) as ContractOutputs["access"];

/** Reads the observer's outputs. Awaited before any resource is declared, so nothing changes where they are refused. */
export async function readContract(config: ObserveeConfig): Promise<ObserveeContract> {
    const { observer: stack, cluster, domain } = config;
    const reference = new pulumi.StackReference(stack);
    const [contractOutput, accessOutput] = await Promise.all([
        reference.getOutputDetails("contract"),
        reference.getOutputDetails("access"),
    ]);
    const { contract, entry } = checkContract(contractOutput.value, { stack, cluster, domain });
    const access = accessIn((accessOutput.secretValue as Record<string, unknown>)[cluster], entry.stream ?? cluster);
    const problems = [
        ...accessProblems(config, access),
        ...retentionProblems(config, entry),
        ...keptAgentProblems(config, entry),
        ...alertmanagerProblems(config, contract, entry),
    ];
    if (problems.length > 0) throw stackConfigError(problems);
    return { contract, entry, access };
}

/** What the observer lets this observee see. An observer of an older checkout names no prefix where that is the stream's name. */
function accessIn(output: unknown, stream: string): ObserveeAccess {
    const { objectStore, ...access } = output as Omit<ObserveeAccess, "objectStore"> & {
        objectStore?: Omit<NonNullable<ObserveeAccess["objectStore"]>, "prefix"> & { prefix?: string };
    };
    return objectStore ? { ...access, objectStore: { ...objectStore, prefix: objectStore.prefix ?? stream } } : access;
}

/** The contract and this observee's entry in it, typed. Throws a ConfigError that says which of the two stacks has to change. */
export function checkContract(
    output: unknown,
    reader: { stack: string; cluster: string; domain: string },
): Pick<ObserveeContract, "contract" | "entry"> {
    const { stack, cluster } = reader;
    const refuse = (problems: Problem[]): never => {
        throw new ConfigError(`contract between ${stack} and ${cluster}`, problems);
    };
    if (output === undefined)
        return refuse([
            { path: "contract", problem: `${stack} exports none.`, remedy: "Deploy the observer first: `pulumi up` on its stack." },
        ]);
    const unreadable = versionProblems(output as Partial<FleetTerms>, reader);
    if (unreadable.length > 0) return refuse(unreadable);
    const contract = contractSchema.safeParse(output);
    if (!contract.success) return refuse(shapeProblems("contract", contract.error, stack));
    const problems = disagreements(contract.data, reader);
    if (problems.length > 0) return refuse(problems);
    const own = contract.data.observees.findIndex(({ name }) => name === cluster);
    const entry = observeeSchema.safeParse(contract.data.observees[own]);
    if (!entry.success) return refuse(shapeProblems(`contract.observees[${own}]`, entry.error, stack));
    return { contract: contract.data, entry: entry.data };
}

/** A contract of this version or of the one before can be read, and a later one that says so. */
function versionProblems(
    { version, oldestReader }: Partial<FleetTerms>,
    { stack, cluster }: { stack: string; cluster: string },
): Problem[] {
    const later = typeof version === "number" && version > CONTRACT_VERSION;
    const readable = later
        ? (oldestReader ?? version) <= CONTRACT_VERSION
        : version === CONTRACT_VERSION || version === CONTRACT_VERSION - 1;
    return new Problems()
        .when(
            !readable,
            "contract.version",
            `${stack} exports version ${JSON.stringify(version)}, ${cluster} reads version ${CONTRACT_VERSION}.`,
            later
                ? `Update this checkout of thanos-fleet to the one that deployed ${stack}.`
                : `Run \`pulumi up\` on ${stack} with this checkout first.`,
        )
        .all();
}

const shapeProblems = (path: string, error: z.ZodError, stack: string): Problem[] =>
    error.issues.map((issue) => ({
        path: [path, ...issue.path].join("."),
        problem: `${issue.message}.`,
        remedy: `Run \`pulumi up\` on ${stack} again, or update this checkout to the one that deployed it.`,
    }));

/** Where the two stacks do not describe the same fleet. */
function disagreements(
    contract: z.infer<typeof contractSchema>,
    { stack, cluster, domain }: { stack: string; cluster: string; domain: string },
): Problem[] {
    const names = contract.observees.map(({ name }) => name);
    return new Problems()
        .when(
            contract.domain !== domain,
            "domain",
            `${JSON.stringify(domain)} is not the fleet's: ${stack} has ${JSON.stringify(contract.domain)}.`,
            "Write the same domain in both stacks.",
        )
        .when(
            !names.includes(cluster),
            "cluster",
            `${JSON.stringify(cluster)} is not among the observees of ${stack} (${names.join(", ")}).`,
            "Add it to `observees` there, without `archived`, and run `pulumi up` on that stack first.",
        )
        .when(
            semver.gt(VERSIONS.thanos, contract.thanos),
            "contract.thanos",
            `this checkout deploys Thanos ${VERSIONS.thanos}, ${stack} runs ${contract.thanos}: a Query may be newer than what it asks, not older.`,
            `Run \`pulumi up\` on ${stack} with this checkout first.`,
        )
        .all();
}

/** Settings of an observee with which it could not reach its blocks in the way that the observer allows. */
export function accessProblems(config: ObserveeConfig, access: Pick<ObserveeAccess, "role">): Problem[] {
    if (access.role === undefined || config.cloud !== "aws" || config.aws.identity.by !== "irsa") return [];
    return [
        {
            path: "aws.identity.by",
            problem:
                "irsa cannot reach the blocks: the observer lets this cluster in through a role (via: role), and Thanos's objstore file names no role to assume.",
            remedy: "Write pod-identity here, or via: bucket-policy in the observer's observees.",
        },
    ];
}

/** A Prometheus that is kept, where the observer expects an agent. */
export function keptAgentProblems({ prometheus, observer }: ObserveeConfig, { mode }: Pick<ObserveeContract["entry"], "mode">): Problem[] {
    if (prometheus.existing === undefined || STORES_BLOCKS[mode]) return [];
    return [
        {
            path: "prometheus.existing",
            problem: `keeps a Prometheus that stores blocks and evaluates rules, but ${observer} lists this cluster with mode ${mode}: Receive would upload what its sidecars upload too.`,
            remedy: `Write mode: sidecar-remote-write in the observees of ${observer}, or remove it: the stack then installs an agent beside it.`,
        },
    ];
}

/** Alerts that would go to an Alertmanager that the observer does not run. */
export function alertmanagerProblems(
    { alerting, observer }: Pick<ObserveeConfig, "alerting" | "observer">,
    { alertmanagers }: Pick<FleetTerms, "alertmanagers">,
    { mode }: Pick<ObserveeContract["entry"], "mode">,
): Problem[] {
    // An agent has no alerts.
    if (alerting.alertmanager !== "fleet" || alertmanagers !== undefined || !STORES_BLOCKS[mode]) return [];
    return [
        {
            path: "alerting.alertmanager",
            problem: `is fleet, but ${observer} runs no Alertmanager for the fleet: alerts would reach nobody.`,
            remedy: `Write alerting.alertmanager: fleet in ${observer} and run \`pulumi up\` there first, or write install here.`,
        },
    ];
}

/** A Prometheus that deletes samples before the observer's Stores answer for them. Receive may lack those of the time for which it could not be reached. */
export function retentionProblems(
    { prometheus, observer }: ObserveeConfig,
    { keptFor }: Pick<ObserveeContract["entry"], "keptFor">,
): Problem[] {
    // One that is kept has a retention of its own, which is compared when it is read.
    if (keptFor === undefined || prometheus.existing || parseDuration(prometheus.retention) >= parseDuration(keptFor)) return [];
    return [
        {
            path: "prometheus.retention",
            problem: `${prometheus.retention} is shorter than the ${keptFor} after which Stores answer for this cluster: what Receive missed in between could not be queried.`,
            remedy: `Write ${keptFor} or longer, or a shorter store.minAge in ${observer}.`,
        },
    ];
}
