import * as pulumi from "@pulumi/pulumi";

/** This stack's configuration as the engine hands it over. */
export const rawConfig = () => parsed(pulumi.runtime.allConfig(), pulumi.getProject());

/** Every key of the project, structured values parsed. Pure. */
export function parsed(all: Record<string, string>, project: string): Record<string, unknown> {
    const own = `${project}:`;
    const entries = Object.entries(all).filter(([key]) => key.startsWith(own));
    return Object.fromEntries(entries.map(([key, value]) => [key.slice(own.length), /^\s*[[{]/.test(value) ? JSON.parse(value) : value]));
}
