import { ConfigError } from "../config/configError";
import { parseConfig } from "../config/engineConfig";
import { loadConfig } from "../config/load";
import { PROJECT } from "../engine/stackFile";
import { type AwsStack, ZONE_TO_MAKE } from "./bootstrapCommands";
import type { StackInput } from "./model";

/** The stack with its configuration checked; nothing where it is not on AWS. */
export function awsStack({ name, config: given }: StackInput): AwsStack | undefined {
    const config = loadConfig(parseConfig(given, PROJECT), `configuration of stack ${name}`);
    return config.cloud === "aws" ? { name, config } : undefined;
}

const AWS = `${PROJECT}:aws`;
const ZONE = "aws.zoneId";

/**
 * A stack that lacks nothing but the id of its zone, with a placeholder for it: the plan can be looked at before the zone is made, and says how it
 * is made. Any other stack as it is.
 */
export function withZone(stack: StackInput): StackInput {
    try {
        awsStack(stack);
        return stack;
    } catch (error) {
        const aws = JSON.parse(stack.config[AWS] ?? "{}") as { zoneId?: string };
        if (!(error instanceof ConfigError) || aws.zoneId !== undefined || error.problems.some(({ path }) => path !== ZONE)) return stack;
        return {
            ...stack,
            config: { ...stack.config, [AWS]: JSON.stringify({ ...aws, zoneId: ZONE_TO_MAKE }) },
            warnings: [`${ZONE} is missing: planned with ${ZONE_TO_MAKE} in its place. \`pulumi up\` refuses it until the zone is made.`],
        };
    }
}
