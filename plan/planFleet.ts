import { CONTRACT_VERSION } from "../components/stack/contract";
import type { Mode } from "../config/schema";
import { runInProcess, type StackOutputs } from "../engine/runInProcess";
import { PROJECT } from "../engine/stackFile";
import type { FleetPlan, StackInput, StackPlan } from "./model";

/**
 * Plans every stack, observers first: what they export is what observees read. `lookUp` finds the configuration of an observer that is
 * not among them.
 */
export async function planFleet(
    stacks: readonly StackInput[],
    lookUp: (stack: string) => StackInput | undefined = () => undefined,
): Promise<FleetPlan> {
    const exported = new Map<string, Record<string, unknown>>();
    const roleOf = (stack: StackInput) => stack.config[`${PROJECT}:role`] ?? "";
    const plans: StackPlan[] = [];
    for (const stack of [...stacks].sort((a, b) => Number(roleOf(b) === "observer") - Number(roleOf(a) === "observer"))) {
        const warnings = [...(stack.warnings ?? [])];
        const reference = observerOf(stack) ?? "";
        const observer = exported.has(reference) ? undefined : lookUp(reference);
        if (observer) exported.set(reference, (await runInProcess(observer.name, observer.config)).outputs);
        const others: StackOutputs = (reference) => {
            const known = exported.get(lastPart(reference));
            if (known) return known;
            warnings.push(
                `${reference} is not among the stacks planned here: a contract is assumed in which ${stack.name} has mode sidecar.`,
            );
            return assumedOutputs(stack.config);
        };
        const { resources, outputs } = await runInProcess(stack.name, stack.config, others);
        exported.set(stack.name, outputs);
        plans.push({
            name: stack.name,
            role: roleOf(stack),
            ...(outputs.mode !== undefined && { mode: outputs.mode as Mode }),
            resources: resources.map(({ type, name, parent, props }) => ({ type, name, ...(parent !== undefined && { parent }), props })),
            warnings,
        });
    }
    return { stacks: plans };
}

/** Name of the stack of an observee's observer. */
export function observerOf({ config }: StackInput): string | undefined {
    const reference = config[`${PROJECT}:observer`];
    return reference === undefined ? undefined : lastPart(reference);
}

const lastPart = (reference: string) => reference.slice(reference.lastIndexOf("/") + 1);

/** What an observer would export if it were there, for an observee that is planned alone. */
function assumedOutputs(config: Record<string, string>): Record<string, unknown> {
    const own = (key: string) => config[`${PROJECT}:${key}`] ?? "";
    const ofTheObserver = "<of the observer>";
    const tls = { cert: ofTheObserver, key: ofTheObserver, ca: ofTheObserver };
    return {
        contract: {
            version: CONTRACT_VERSION,
            domain: own("domain"),
            thanos: ofTheObserver,
            observees: [{ name: own("cluster"), mode: "sidecar" }],
            receiveUrl: ofTheObserver,
            rolePath: "/",
        },
        access: {
            [own("cluster")]: {
                objectStore: {
                    type: "S3",
                    config: { bucket: ofTheObserver },
                    iam: { bucketArn: "<of the bucket>", kmsKeyArn: "<of the bucket's key>" },
                },
                certificates: { leaf: tls, writer: tls },
            },
        },
    };
}
