import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ConfigError } from "../config/configError";

export const PROJECT = "thanos-fleet";

/** The text values that the engine would hand to the program for a stack file: defaults of Pulumi.yaml below what the stack sets. */
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
    return asText({ ...Object.fromEntries(defaults), ...own });
}

/** Pulumi's own form of a configuration: every key with its namespace, structured values as JSON; a setting that is undefined is left out. */
export function asText(config: Record<string, unknown>): Record<string, string> {
    return Object.fromEntries(
        Object.entries(config)
            .filter(([, value]) => value !== undefined)
            .map(([key, value]) => [
                key.includes(":") ? key : `${PROJECT}:${key}`,
                typeof value === "string" ? value : JSON.stringify(value),
            ]),
    );
}
