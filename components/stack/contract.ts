import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { ConfigError } from "../../config/configError";
import { MODES } from "../../config/schema";
import type { ObjectStore } from "../blocks/objectStore";
import type { ObserveeCertificates } from "../tls/certificates";

/** Raised whenever an observee of the old version could not read what a new observer exports. */
export const CONTRACT_VERSION = 2;

const contract = z.object({
    version: z.literal(CONTRACT_VERSION),
    domain: z.string(),
    /** The observer's own Thanos: an observee runs the same. */
    thanos: z.string(),
    observees: z.array(
        z.object({
            name: z.string(),
            mode: z.enum(MODES),
            /** The AWS account that policies take its roles to be in. */
            account: z.string().optional(),
        }),
    ),
    receiveUrl: z.string(),
    /** Path of every role of the fleet, on AWS. */
    rolePath: z.string().optional(),
});

/** What the observer's stack exports and an observee's stack reads. What is secret travels beside it, in an output of its own. */
export type Contract = z.infer<typeof contract>;

/** What only one observee may see: where its blocks go, and its certificates. */
export interface ObserveeAccess {
    objectStore: pulumi.UnwrappedObject<ObjectStore>;
    /** The role that it assumes for that, where the store is another account's and does not name its own. */
    role?: string;
    certificates: pulumi.UnwrappedObject<ObserveeCertificates>;
}

/** The observer's outputs. */
export interface ContractOutputs {
    contract: pulumi.Output<Contract>;
    /** By cluster. */
    access: pulumi.Output<Record<string, ObserveeAccess>>;
}

/** What one observee knows from the observer. */
export interface FromObserver {
    contract: Contract;
    /** Its own entry in the observer's list. */
    own: Contract["observees"][number];
    access: ObserveeAccess;
}

/** Reads the contract of the observer's stack. Awaited before any resource is declared, so that a wrong one changes nothing. */
export async function readContract(stack: string, cluster: string, domain: string): Promise<FromObserver> {
    const reference = new pulumi.StackReference(stack);
    const [found, access] = await Promise.all([reference.getOutputDetails("contract"), reference.getOutputDetails("access")]);
    const contract = checkContract(found.value, { stack, cluster, domain });
    return {
        contract,
        own: contract.observees.find(({ name }) => name === cluster) as FromObserver["own"],
        access: (access.secretValue as Record<string, ObserveeAccess>)[cluster] as ObserveeAccess,
    };
}

/** The contract, typed, or a ConfigError that says which of the two stacks has to move. Pure. */
export function checkContract(found: unknown, reader: { stack: string; cluster: string; domain: string }): Contract {
    const refuse = (path: string, problem: string, remedy: string): never => {
        throw new ConfigError(`contract between ${reader.stack} and ${reader.cluster}`, [{ path, problem, remedy }]);
    };
    if (found === undefined)
        return refuse("contract", `${reader.stack} exports none.`, "Deploy the observer first: `pulumi up` on its stack.");
    const version = (found as { version?: unknown }).version;
    if (version !== CONTRACT_VERSION)
        return refuse(
            "contract.version",
            `${reader.stack} exports version ${JSON.stringify(version)}, ${reader.cluster} reads version ${CONTRACT_VERSION}.`,
            typeof version === "number" && version > CONTRACT_VERSION
                ? `Update this checkout of thanos-fleet to the one that deployed ${reader.stack}.`
                : `Run \`pulumi up\` on ${reader.stack} with this checkout first.`,
        );
    const result = contract.safeParse(found);
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
