import * as pulumi from "@pulumi/pulumi";

/** The raw configuration of this stack, from the engine. */
export const rawConfig = () => parseConfig(pulumi.runtime.allConfig(), pulumi.getProject());

/** The keys of `project` without their prefix. Every value arrives as text: lists, maps and booleans are parsed. */
export function parseConfig(all: Record<string, string>, project: string): Record<string, unknown> {
    const own = `${project}:`;
    const entries = Object.entries(all).filter(([key]) => key.startsWith(own));
    return Object.fromEntries(entries.map(([key, value]) => [key.slice(own.length), isJson(value) ? JSON.parse(value) : value]));
}

const isJson = (value: string) => /^\s*[[{]|^(true|false)$/.test(value);
