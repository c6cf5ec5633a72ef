import { CONTRACT_VERSION } from "../components/stack/contract";
import { ConfigError } from "../config/configError";
import type { Mode } from "../config/schema";
import { type Run, runInProcess, type StackOutputs } from "../engine/runInProcess";
import { PROJECT } from "../engine/stackFile";
import { EASED_RULES, type Easing, easingText } from "../rules/easing";
import { VERSIONS } from "../upstream/versions";
import { assumedInstanceTypes, toAwsStack } from "./awsStack";
import type { FleetPlan, StackInput, StackPlan } from "./model";
import { askRuleTools } from "./ruleTools";

/**
 * Plans every stack, observers first, because observees read the observer's outputs. `findStack` returns the configuration of an observer that
 * is not among `stacks`.
 */
export async function planFleet(
    stacks: readonly StackInput[],
    findStack: (stack: string) => StackInput | undefined = () => undefined,
): Promise<FleetPlan> {
    const exported = new Map<string, Record<string, unknown>>();
    const roleOf = (stack: StackInput) => stack.config[`${PROJECT}:role`] ?? "";
    const plans: StackPlan[] = [];
    for (const stack of [...stacks].sort((a, b) => Number(roleOf(b) === "observer") - Number(roleOf(a) === "observer"))) {
        // A set: the program asks for the outputs of its observer more than once.
        const warnings = new Set(stack.warnings);
        const reference = observerStackName(stack) ?? "";
        const observer = exported.has(reference) ? undefined : findStack(reference);
        if (observer) exported.set(reference, (await runStack(observer)).outputs);
        const outputsOf: StackOutputs = (reference) => {
            const outputs = exported.get(lastPart(reference));
            if (outputs) return outputs;
            warnings.add(`${reference} has no stack file here: the plan assumes a contract in which ${stack.name} has mode sidecar.`);
            return assumedOutputs(stack.config);
        };
        const { resources, outputs } = await runStack(stack, outputsOf);
        exported.set(stack.name, outputs);
        for (const { type, props } of resources)
            if (type.endsWith(":ScrapeConfig") && (props.spec as { params?: object }).params)
                warnings.add(federates((props.metadata as { name: string }).name));
        if (resources.some(({ type }) => type.endsWith(":ExistingPrometheus"))) warnings.add(NOT_READ);
        for (const warning of toolsAccept(stack)) warnings.add(warning);
        for (const easing of easingsOf(stack)) warnings.add(`rule ${easing.rule} is eased ${easingText(easing)}`);
        const aws = toAwsStack(stack);
        if (aws) for (const warning of assumedInstanceTypes(aws)) warnings.add(warning);
        plans.push({
            name: stack.name,
            role: roleOf(stack),
            ...(outputs.mode !== undefined && { mode: outputs.mode as Mode }),
            resources: resources.map(({ type, name, parent, props }) => ({ type, name, ...(parent !== undefined && { parent }), props })),
            warnings: [...warnings],
        });
    }
    return { stacks: plans };
}

/** Runs the program for a stack. What is wrong with its settings is told with the lines of its file. */
async function runStack({ name, config, locate }: StackInput, outputsOf?: StackOutputs): Promise<Run> {
    try {
        return await runInProcess(name, config, outputsOf);
    } catch (error) {
        throw error instanceof ConfigError && locate ? new ConfigError(error.subject, error.problems.map(locate)) : error;
    }
}

/** Throws where promtool or Thanos refuses a rule file. Answers what they could not check. */
function toolsAccept({ name, config, locate = (problem) => problem }: StackInput): string[] {
    const { problems, warnings } = askRuleTools(JSON.parse(config[`${PROJECT}:rule`] ?? "{}"));
    if (problems.length > 0) throw new ConfigError(`configuration of stack ${name}`, problems.map(locate));
    return warnings;
}

/** The rules that a stack eases; its program has checked them. */
const easingsOf = ({ config }: StackInput) => JSON.parse(config[`${PROJECT}:${EASED_RULES}`] ?? "[]") as Easing[];

/** What a federation cannot do. */
const federates = (name: string) =>
    `scrape config ${name} federates: each scrape copies the newest sample of a series only, and nothing fills the gap when a scrape is missed. ` +
    "To have every sample of a cluster, make it an observee.";

/** What a plan does not know of a Prometheus that a stack keeps. */
const NOT_READ =
    "prometheus.existing is not read, since a plan asks no cluster: it assumes 2 pods with the operator's defaults. `pulumi preview` names every value that has to be set.";

/** Name of the observer's stack, for the stack of an observee. */
export function observerStackName({ config }: StackInput): string | undefined {
    const reference = config[`${PROJECT}:observer`];
    return reference === undefined ? undefined : lastPart(reference);
}

const lastPart = (reference: string) => reference.slice(reference.lastIndexOf("/") + 1);

/** Placeholders for the outputs of an observer whose configuration is unknown. */
function assumedOutputs(config: Record<string, string>): Record<string, unknown> {
    const setting = (key: string) => config[`${PROJECT}:${key}`] ?? "";
    const placeholder = "<of the observer>";
    const tls = { cert: placeholder, key: placeholder, ca: placeholder };
    return {
        contract: {
            version: CONTRACT_VERSION,
            domain: setting("domain"),
            thanos: VERSIONS.thanos,
            observees: [{ name: setting("cluster"), mode: "sidecar" }],
            receiveUrl: placeholder,
            rolePath: "/",
        },
        access: {
            [setting("cluster")]: {
                objectStore: {
                    type: "S3",
                    config: { bucket: placeholder },
                    iam: { bucketArn: "<of the bucket>", kmsKeyArn: "<of the bucket's key>" },
                },
                certificates: { leaf: tls, writer: tls },
            },
        },
    };
}
