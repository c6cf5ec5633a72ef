import * as pulumi from "@pulumi/pulumi";

/** This stack's configuration as the engine hands it over: every key of the project, structured values parsed. */
export function rawConfig(): Record<string, unknown> {
    const own = `${pulumi.getProject()}:`;
    const entries = Object.entries(pulumi.runtime.allConfig()).filter(([key]) => key.startsWith(own));
    return Object.fromEntries(entries.map(([key, value]) => [key.slice(own.length), /^\s*[[{]/.test(value) ? JSON.parse(value) : value]));
}
