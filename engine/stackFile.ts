import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../config/configError";
import { SECRET_VALUE } from "../config/secretValue";
import { isMap } from "../rules/isMap";
import type { Problem } from "../rules/problem";
import { readYamlFile, type YamlFile } from "./yamlFile";

/** The project's name in Pulumi.yaml. */
export const PROJECT = "thanos-fleet";

/** The names of the stacks that have a file Pulumi.<name>.yaml in the directory. Throws a ConfigError where there is none. */
export function stackNames(directory: string): string[] {
    const names = readdirSync(directory).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
    if (names.length > 0) return names;
    throw new ConfigError("stack files", [
        {
            path: "Pulumi.<name>.yaml",
            problem: "does not exist, whatever the name.",
            remedy: "Copy Pulumi.observer.yaml or Pulumi.observee.yaml, or name another directory with --cwd.",
        },
    ]);
}

/** A stack file, as the engine and its reader see it. */
export interface StackFile {
    /**
     * The configuration that the engine passes to the program: the defaults of Pulumi.yaml, overridden by the stack file. Encrypted values
     * (`pulumi config set --secret`) are placeholders: only the engine has the key.
     */
    config: Record<string, string>;
    /** The same problem with the line of the stack file beside its setting: `query.replicas Pulumi.blue.yaml:7`. */
    locate(problem: Problem): Problem;
}

/** The sections of a stack file (`ProjectStack` in sdk/go/common/workspace/project.go of Pulumi). The engine ignores any other, with all settings in it. */
export const SECTIONS = ["config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt"];

/** Reads a stack file. Throws a ConfigError where it cannot be read; what is wrong with its settings is for `loadConfig` to say. */
export function openStackFile(directory: string, stack: string): StackFile {
    const name = `Pulumi.${stack}.yaml`;
    if (!existsSync(join(directory, name)))
        throw new ConfigError(`stack ${stack}`, [
            { path: name, problem: "does not exist.", remedy: "Copy Pulumi.observer.yaml or Pulumi.observee.yaml, or name another stack." },
        ]);
    const defaults = projectDefaults(directory);
    const file = readYamlFile(join(directory, name), `stack ${stack}`);
    const problems = structureProblems(file);
    if (problems.length > 0) throw new ConfigError(`stack ${stack}`, problems);
    const own = (file.value.config ?? {}) as Record<string, unknown>;
    const readable = Object.fromEntries(Object.entries(own).map(([key, value]) => [key, withoutSecrets(value, key)]));
    return {
        config: toEngineConfig({ ...defaults, ...readable }),
        locate: (problem) => {
            const keys = keysOf(problem.path, own);
            return keys.length === 0 ? problem : { ...problem, path: `${problem.path} ${file.whereIs(["config", ...keys])}` };
        },
    };
}

/** The configuration of a stack file alone. */
export const readStackFile = (directory: string, stack: string): Record<string, string> => openStackFile(directory, stack).config;

/** The defaults that Pulumi.yaml has for settings of a stack. */
function projectDefaults(directory: string): Record<string, unknown> {
    const file = join(directory, "Pulumi.yaml");
    if (!existsSync(file))
        throw new ConfigError("project", [
            { path: "Pulumi.yaml", problem: "does not exist.", remedy: "Name the folder of Pulumi.yaml and the stack files with --cwd." },
        ]);
    const { value } = readYamlFile(file, "project");
    const settings = Object.entries(isMap(value.config) ? value.config : {});
    return Object.fromEntries(
        settings.flatMap(([key, setting]) => (isMap(setting) && setting.default !== undefined ? [[key, setting.default]] : [])),
    );
}

/** What makes a stack file no stack file. */
function structureProblems({ value, whereIs }: YamlFile): Problem[] {
    const unknown = Object.keys(value)
        .filter((key) => !SECTIONS.includes(key))
        .map((key) => ({
            path: `${key} ${whereIs([key])}`,
            problem: "is no section of a stack file.",
            remedy: `Write settings under config:, each as ${PROJECT}:NAME.`,
        }));
    // `pulumi stack init` writes a file without a configuration.
    if (value.config === undefined || value.config === null) return unknown;
    if (!isMap(value.config))
        return [
            ...unknown,
            {
                path: `config ${whereIs(["config"])}`,
                problem: `is ${Array.isArray(value.config) ? "a list" : "a single value"}, not a map of settings.`,
                remedy: `Write each setting as ${PROJECT}:NAME: VALUE.`,
            },
        ];
    const empty = Object.entries(value.config)
        .filter(([, setting]) => setting === null)
        .map(([key]) => ({
            path: `${key} ${whereIs(["config", key])}`,
            problem: "has no value.",
            remedy: "Write one, or remove the line.",
        }));
    return [...unknown, ...empty];
}

/** The keys of a setting in the stack file: `observees[2].name` is at `thanos-fleet:observees`, 2, `name`. As many of them as the file has. */
function keysOf(path: string, config: Record<string, unknown>): (string | number)[] {
    const keys: (string | number)[] = [];
    let at: unknown = Object.fromEntries(Object.entries(config).flatMap(([key, value]) => [[key.replace(`${PROJECT}:`, ""), value]]));
    for (let rest = path; rest !== ""; ) {
        const key = Array.isArray(at) ? /^\[\d+\]/.exec(rest)?.[0] : nextKey(rest, at);
        if (key === undefined) break;
        const index = Array.isArray(at) ? Number(key.slice(1, -1)) : key;
        at = (at as Record<string | number, unknown>)[index];
        keys.push(keys.length === 0 && !(index in config) ? `${PROJECT}:${index}` : index);
        rest = rest.slice(key.length).replace(/^\./, "");
    }
    return keys;
}

/** The key of a map that a path begins with. A key may have dots: labels and tags have. */
const nextKey = (path: string, map: unknown): string | undefined =>
    isMap(map)
        ? Object.keys(map)
              .filter((key) => path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`))
              .sort((a, b) => b.length - a.length)[0]
        : undefined;

/** What stands for an encrypted `objectStore`. The resources of a stack do not depend on the type of its store, only on there being one. */
const SECRET_STORE = { type: "S3", config: { bucket: SECRET_VALUE, endpoint: SECRET_VALUE } };

/** A value of a stack file as the engine passes it, with placeholders for what is encrypted. The engine writes `{secure: <ciphertext>}`, for a whole setting or for a value in it. */
function withoutSecrets(value: unknown, key: string): unknown {
    if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, ""));
    // JSON has no such number, and would make nothing of it.
    if (typeof value === "number" && !Number.isFinite(value)) return String(value);
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
