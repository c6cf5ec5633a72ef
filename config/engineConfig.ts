import * as pulumi from "@pulumi/pulumi";

/** The raw configuration of this stack, from the engine. */
export const rawConfig = () => parseConfig(pulumi.runtime.allConfig(), pulumi.getProject());

/**
 * Whether something in a setting of this stack is encrypted; the engine does not tell what. The SDK exports this function, but its types
 * leave it out (sdk/nodejs/runtime/config.ts).
 */
export const isEncrypted = (setting: string): boolean =>
    (pulumi.runtime as unknown as { isConfigSecret(key: string): boolean }).isConfigSecret(`${pulumi.getProject()}:${setting}`);

/** The keys of `project` without their prefix. Every value arrives as text: lists, maps and booleans are parsed. */
export function parseConfig(all: Record<string, string>, project: string): Record<string, unknown> {
    const own = `${project}:`;
    const entries = Object.entries(all).filter(([key]) => key.startsWith(own));
    return Object.fromEntries(entries.map(([key, value]) => [key.slice(own.length), isJson(value) ? parsed(value) : value]));
}

const isJson = (value: string) => /^\s*[[{]|^(true|false)$/.test(value);

/** Text may begin like a list: `[draft] blue`. The schema says what it thinks of it. */
function parsed(value: string): unknown {
    try {
        return JSON.parse(value);
    } catch {
        return value;
    }
}
