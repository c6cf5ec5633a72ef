import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ConfigError } from "../config/configError";

/** The project's name in Pulumi.yaml. */
export const PROJECT = "thanos-fleet";

/** The configuration that the engine passes to the program for a stack file: the defaults of Pulumi.yaml, overridden by the stack file. */
export function readStackFile(directory: string, stack: string): Record<string, string> {
    const file = join(directory, `Pulumi.${stack}.yaml`);
    if (!existsSync(file))
        throw new ConfigError(`stack ${stack}`, [
            {
                path: `Pulumi.${stack}.yaml`,
                problem: "does not exist.",
                remedy: "Copy Pulumi.observer.yaml or Pulumi.observee.yaml, or name another stack.",
            },
        ]);
    const project = parse(readFileSync(join(directory, "Pulumi.yaml"), "utf8")) as { config: Record<string, { default?: unknown }> };
    const defaults = Object.entries(project.config).flatMap(([key, { default: value }]) => (value === undefined ? [] : [[key, value]]));
    const own = (parse(readFileSync(file, "utf8")) as { config?: Record<string, unknown> }).config ?? {};
    return toEngineConfig({ ...Object.fromEntries(defaults), ...own });
}

/** A configuration in the engine's form: a key without a namespace gets the project's, structured values become JSON, undefined ones are left out. */
export function toEngineConfig(config: Record<string, unknown>): Record<string, string> {
    return Object.fromEntries(
        Object.entries(config)
            .filter(([, value]) => value !== undefined)
            .map(([key, value]) => [
                key.includes(":") ? key : `${PROJECT}:${key}`,
                typeof value === "string" ? value : JSON.stringify(value),
            ]),
    );
}
