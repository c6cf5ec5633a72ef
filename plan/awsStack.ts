import { M7G } from "../components/cloud/aws/cluster/instanceType";
import { ConfigError } from "../config/configError";
import { parseConfig } from "../config/engineConfig";
import { loadConfig } from "../config/load";
import type { StackConfig } from "../config/schema";
import { PROJECT } from "../engine/stackFile";
import { isMap } from "../rules/isMap";
import type { StackInput } from "./model";

/** A stack on AWS, with its configuration checked. */
export interface AwsStack {
    name: string;
    config: Extract<StackConfig, { cloud: "aws" }>;
}

/** Checks the configuration of a stack. Returns undefined if the stack is not on AWS. */
export function toAwsStack({ name, config }: StackInput): AwsStack | undefined {
    const checked = loadConfig(parseConfig(config, PROJECT), `configuration of stack ${name}`);
    return checked.cloud === "aws" ? { name, config: checked } : undefined;
}

/** What a plan without an account cannot know of a stack's instance types: it has only the default family's sizes. */
export const assumedInstanceTypes = ({ config: { aws } }: AwsStack): string[] =>
    (["stateful", "general"] as const).flatMap((pool) => {
        const type = aws.nodeGroups?.[pool].instanceType;
        return type === undefined || type in M7G
            ? []
            : [`aws.nodeGroups.${pool}.instanceType: whether all pods fit on ${type} is checked by \`pulumi preview\`, which asks EC2.`];
    });

/** Stands for the id of a private zone that does not exist yet, so that everything else can be planned. */
export const PLACEHOLDER_ZONE = "ZTOBEMADE";

const AWS_KEY = `${PROJECT}:aws`;
const ZONE_PATH = "aws.zoneId";

/** Puts a placeholder into a stack that lacks only the id of its zone: it can be planned before the zone exists. Returns any other stack as it is. */
export function withPlaceholderZone(stack: StackInput): StackInput {
    try {
        toAwsStack(stack);
        return stack;
    } catch (error) {
        const { aws } = parseConfig(stack.config, PROJECT);
        const onlyZoneMissing =
            error instanceof ConfigError &&
            isMap(aws) &&
            aws.zoneId === undefined &&
            error.problems.every(({ path }) => path === ZONE_PATH);
        if (!onlyZoneMissing) return stack;
        return {
            ...stack,
            config: { ...stack.config, [AWS_KEY]: JSON.stringify({ ...aws, zoneId: PLACEHOLDER_ZONE }) },
            warnings: [
                `${ZONE_PATH} is missing: planned with ${PLACEHOLDER_ZONE} in its place. \`pulumi up\` refuses the stack until the zone exists.`,
            ],
        };
    }
}
