import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { ConfigError } from "../../config/configError";
import { MODES, type ObserveeConfig, type ObserverConfig } from "../../config/schema";
import { stackConfigError } from "../../config/stackConfigError";
import type { Problem } from "../../rules/problem";
import { VERSIONS } from "../../upstream/versions";
import type { ObjectStore } from "../blocks/objectStore";
import type { ContractFacts, Stores } from "../cloud/cloud";
import { receiveUrl } from "../naming/names";
import type { ObserveeCertificates } from "../tls/certificates";

/** Raised whenever an observee of the old version could not read what a new observer exports. */
export const CONTRACT_VERSION = 2;

const contractSchema = z.object({
    version: z.literal(CONTRACT_VERSION),
    /** DNS domain of the fleet. */
    domain: z.string(),
    /** Thanos version of the observer. Observees run the same. */
    thanos: z.string(),
    observees: z.array(
        z.object({
            name: z.string(),
            mode: z.enum(MODES),
            /** The AWS account of its roles, as the observer's policies name them. */
            account: z.string().optional(),
        }),
    ),
    /** URL that observees write to. */
    receiveUrl: z.string(),
    /** IAM path of every role of the fleet, on AWS. */
    rolePath: z.string().optional(),
});

/** What the observer's stack exports and every observee's stack reads. Secrets are in an output of their own, `access`. */
export type Contract = z.infer<typeof contractSchema>;

/** What only one observee may see: the store of its blocks, and its certificates. */
export interface ObserveeAccess {
    /** Where its blocks are, with access keys if the store has any. */
    objectStore: pulumi.UnwrappedObject<ObjectStore>;
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
    contract: Contract;
    /** This observee's entry in `contract.observees`. */
    entry: Contract["observees"][number];
    access: ObserveeAccess;
}

/** The contract of an observer. */
export const contractOf = ({ domain, observees }: Pick<ObserverConfig, "domain" | "observees">, facts: ContractFacts): Contract => ({
    version: CONTRACT_VERSION,
    domain,
    thanos: VERSIONS.thanos,
    observees: observees.map(({ name, mode, account = facts.account }) => ({ name, mode, ...(account && { account }) })),
    receiveUrl: receiveUrl(domain),
    ...(facts.rolePath !== undefined && { rolePath: facts.rolePath }),
});

/** What each observee may see of the observer's stores and certificates. */
export const accessOf = (
    observees: ObserverConfig["observees"],
    { stores, roles }: Stores,
    certificates: Record<string, ObserveeCertificates>,
): ContractOutputs["access"] =>
    pulumi.secret(
        Object.fromEntries(
            observees.map(({ name }) => [
                name,
                { objectStore: stores[name], certificates: certificates[name], ...(roles[name] && { role: roles[name] }) },
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
    const contract = checkContract(contractOutput.value, { stack, cluster, domain });
    const access = (accessOutput.secretValue as Record<string, ObserveeAccess>)[cluster] as ObserveeAccess;
    const problems = accessProblems(config, access);
    if (problems.length > 0) throw stackConfigError(problems);
    return { contract, entry: contract.observees.find(({ name }) => name === cluster) as ObserveeContract["entry"], access };
}

/** The contract, typed. Throws a ConfigError that says which of the two stacks has to change. */
export function checkContract(output: unknown, reader: { stack: string; cluster: string; domain: string }): Contract {
    const refuse = (path: string, problem: string, remedy: string): never => {
        throw new ConfigError(`contract between ${reader.stack} and ${reader.cluster}`, [{ path, problem, remedy }]);
    };
    if (output === undefined)
        return refuse("contract", `${reader.stack} exports none.`, "Deploy the observer first: `pulumi up` on its stack.");
    const version = (output as { version?: unknown }).version;
    if (version !== CONTRACT_VERSION)
        return refuse(
            "contract.version",
            `${reader.stack} exports version ${JSON.stringify(version)}, ${reader.cluster} reads version ${CONTRACT_VERSION}.`,
            typeof version === "number" && version > CONTRACT_VERSION
                ? `Update this checkout of thanos-fleet to the one that deployed ${reader.stack}.`
                : `Run \`pulumi up\` on ${reader.stack} with this checkout first.`,
        );
    const result = contractSchema.safeParse(output);
    if (!result.success)
        return refuse(
            "contract",
            result.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; "),
            `Run \`pulumi up\` on ${reader.stack} again.`,
        );
    if (result.data.domain !== reader.domain)
        return refuse(
            "domain",
            `${JSON.stringify(reader.domain)} is not the fleet's: ${reader.stack} has ${JSON.stringify(result.data.domain)}.`,
            "Write the same domain in both stacks.",
        );
    if (!result.data.observees.some((o) => o.name === reader.cluster))
        return refuse(
            "cluster",
            `${JSON.stringify(reader.cluster)} is not among the observees of ${reader.stack} (${result.data.observees.map((o) => o.name).join(", ")}).`,
            "Add it to `observees` there and run `pulumi up` on that stack first.",
        );
    return result.data;
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
