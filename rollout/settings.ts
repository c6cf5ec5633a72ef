import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { ConfigError } from "../config/configError";
import { parseDuration } from "../rules/duration";

/** The file of a fleet's rollout settings, beside Pulumi.yaml. Without it, every default holds. */
export const SETTINGS_FILE = "rollout.yaml";

const count = z.int().min(1);

const waveSchema = z.strictObject({
    /** Names of observee stacks, in which `*` stands for any characters. @default every one that no wave before has */
    stacks: z.array(z.string().min(1)).min(1).optional(),
    /** External labels of its observees (`prometheus.externalLabels`), all of them, with `*` as in `stacks`: `{tier: dev}`. @default any */
    labels: z.record(z.string().min(1), z.string().min(1)).default({}),
    /** At most so many stacks: a number, or a percentage of all observees, rounded up. @default 100% */
    size: z.union([count, z.string().regex(/^([1-9]\d?|100)%$/, 'must be a number or "1%" to "100%"')]).default("100%"),
});

/** In Prometheus's syntax. What is none is NaN, which compares as false. */
function milliseconds(text: string): number {
    try {
        return parseDuration(text);
    } catch {
        return Number.NaN;
    }
}

const duration = z.string().refine((text) => !Number.isNaN(milliseconds(text)), "must be a duration: 90s, 5m, 1h");

const gateSchema = z
    .strictObject({
        /** Base URL of Query or Query Frontend, as this machine reaches it: `http://10.0.0.1:9090`. */
        query: z.url({ protocol: /^https?$/ }),
        /** How long the fleet has to be well, without a pause. Alerts fire only after their own `for`. @default 5m */
        soak: duration.default("5m"),
        /** How long after the end of a wave the gate gives up. @default 30m */
        deadline: duration.default("30m"),
        /** Alerts whose whole name this regular expression of Prometheus matches have to be silent. @default those of this project (docs/runbooks/) */
        alerts: z
            .string()
            .regex(/^[^"\\]+$/, "must be a regular expression without quotes and backslashes")
            .default("Fleet.*"),
        /** Of these, alerts of these severities have to be silent. @default critical and warning */
        severities: z.array(z.string().regex(/^\w+$/)).min(1).default(["critical", "warning"]),
    })
    .refine(({ soak, deadline }) => !(milliseconds(soak) >= milliseconds(deadline)), {
        path: ["deadline"],
        error: "must be longer than soak",
    });

const settingsSchema = z.strictObject({
    /** The waves of observees, in their order. What they leave over follows in one more. @default one stack, then a tenth, then the rest */
    waves: z
        .array(waveSchema)
        .min(1)
        .prefault([{ size: 1 }, { size: "10%" }, { size: "100%" }]),
    /** How many stacks are changed at the same time. Each has a process and an engine, about 400 MB together. @default 4 */
    parallel: count.default(4),
    /** No wave has more stacks than this: so many clusters may be unhealthy before anybody has looked. @default 10 */
    maxUnhealthy: count.default(10),
    /** What Query has to answer after each wave, before the next one starts. @default none: the next wave starts when Pulumi is done */
    gate: gateSchema.optional(),
});

/** Which observees a wave is for. */
export type WaveSettings = z.infer<typeof waveSchema>;

export type RolloutSettings = z.infer<typeof settingsSchema>;

/** Checks rollout settings. Throws a ConfigError with every problem. */
export function checkSettings(raw: unknown): RolloutSettings {
    const checked = settingsSchema.safeParse(raw ?? {});
    if (checked.success) return checked.data;
    throw new ConfigError(
        SETTINGS_FILE,
        checked.error.issues.map(({ path, message }) => ({
            path: path.join(".") || SETTINGS_FILE,
            problem: `${message}.`,
            remedy: "docs/rollouts.md has every setting.",
        })),
    );
}

/** The settings of the fleet whose stack files are in this directory. */
export function readSettings(directory: string): RolloutSettings {
    const file = join(directory, SETTINGS_FILE);
    if (!existsSync(file)) return checkSettings({});
    return checkSettings(parsed(readFileSync(file, "utf8")));
}

function parsed(text: string): unknown {
    try {
        return parse(text);
    } catch (error) {
        throw new ConfigError(SETTINGS_FILE, [
            { path: SETTINGS_FILE, problem: (error as Error).message.split("\n")[0] ?? "", remedy: "Write it as YAML." },
        ]);
    }
}
