import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ConfigError } from "../config/configError";
import { SECRET_VALUE } from "../config/secretValue";

/** The project's name in Pulumi.yaml. */
export const PROJECT = "thanos-fleet";

/**
 * The configuration that the engine passes to the program for a stack file: the defaults of Pulumi.yaml, overridden by the stack file. Encrypted values
 * (`pulumi config set --secret`) are placeholders: only the engine has the key.
 */
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
    const readable = Object.fromEntries(Object.entries(own).map(([key, value]) => [key, withoutSecrets(value, key)]));
    return toEngineConfig({ ...Object.fromEntries(defaults), ...readable });
}

/** What stands for an encrypted `objectStore`. The resources of a stack do not depend on the type of its store, only on there being one. */
const SECRET_STORE = { type: "S3", config: { bucket: SECRET_VALUE, endpoint: SECRET_VALUE } };

/** A value of a stack file with placeholders for what is encrypted. The engine writes `{secure: <ciphertext>}`, for a whole setting or for a value in it. */
function withoutSecrets(value: unknown, key: string): unknown {
    if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, ""));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    if (entries.length === 1 && typeof (value as { secure?: unknown }).secure === "string")
        return key === `${PROJECT}:objectStore` ? SECRET_STORE : SECRET_VALUE;
    return Object.fromEntries(entries.map(([name, inner]) => [name, withoutSecrets(inner, "")]));
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
