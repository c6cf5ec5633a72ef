import type { z } from "zod";
import type { Problem } from "../rules/problem";
import { crossChecks } from "./checks";
import { ConfigError } from "./configError";
import { type StackConfig, schemas } from "./schema";

type Raw = Record<string, unknown>;
type Issue = z.core.$ZodIssue;

/** Valid values for what has no default: they stand in for a wrong value, so that the rest can still be checked. */
const STAND_INS = {
    cluster: "stand-in",
    domain: "stand.in",
    observer: "stand/in/observer",
    aws: { region: "eu-west-1", cluster: { name: "stand-in" } },
};

/** Turns a stack's raw configuration into a typed one, or throws one ConfigError that names every problem. */
export function loadConfig(raw: Raw, subject = "configuration"): StackConfig {
    const choices = chooseSchema(raw);
    const given = { ...raw, role: choices.role, cloud: choices.cloud };
    const result = choices.schema.safeParse(given, { error: inOurWords });
    if (result.success && choices.problems.length === 0) {
        const problems = crossChecks(result.data);
        if (problems.length > 0) throw new ConfigError(subject, problems);
        return result.data;
    }
    const issues = result.success ? [] : result.error.issues;
    const problems = [...choices.problems, ...issues.flatMap((issue) => explain(issue, raw, choices.schema))];
    const rest = choices.schema.safeParse(repaired(given, issues, choices.role, choices.cloud));
    if (rest.success) problems.push(...crossChecks(rest.data).filter((found) => !problems.some((p) => p.path === found.path)));
    throw new ConfigError(subject, problems);
}

/** `role` and `cloud` decide what else is valid. Where they are wrong, the likeliest ones are assumed for the rest of the check. */
function chooseSchema(raw: Raw) {
    const problems: Problem[] = [];
    const choose = <T extends string>(key: string, known: readonly T[], likeliest: T): T => {
        const given = raw[key];
        const found = known.find((k) => k === given);
        if (found === undefined)
            problems.push({
                path: key,
                problem: given === undefined ? "is missing." : `${JSON.stringify(given)} is not known.`,
                remedy: `Write ${known.join(" or ")}.`,
            });
        return found ?? likeliest;
    };
    const role = choose("role", ["observer", "observee"], "observer" in raw ? "observee" : "observer");
    const cloud = choose("cloud", ["aws", "local"], "aws" in raw ? "aws" : "local");
    return { role, cloud, schema: schemas[`${role} on ${cloud}`] as z.ZodType<StackConfig> & { shape: Raw }, problems };
}

function explain(issue: Issue, raw: Raw, schema: { shape: Raw }): Problem[] {
    const path = pathText(issue.path);
    if (issue.code === "unrecognized_keys")
        return issue.keys.map((key) => ({
            path: pathText([...issue.path, key]),
            problem: "is not a setting here.",
            remedy: suggestion(key, issue, schema),
        }));
    const given = issue.path.reduce<unknown>((at, key) => (at as Raw | undefined)?.[key as string], raw);
    if (given === undefined)
        return [{ path, problem: "is missing.", remedy: MISSING[path] ?? (issue.code === "custom" ? issue.message : "Set it.") }];
    if (issue.code === "invalid_value")
        return [{ path, problem: `${JSON.stringify(given)} is not known.`, remedy: `Write ${issue.values.join(" or ")}.` }];
    // A wrong key is a key all the same.
    return [{ path, problem: path.startsWith("objectStore.config.") ? "(not shown)" : JSON.stringify(given), remedy: issue.message }];
}

/** How zod calls what a setting has to be. */
const KINDS: Record<string, string> = {
    string: "text. Put it in quotes.",
    int: "a whole number.",
    number: "a number.",
    boolean: "true or false.",
    array: "a list.",
    object: "a map of settings.",
    record: "a map.",
};

/** For what the schema has no words of its own for. */
function inOurWords(issue: z.core.$ZodRawIssue): string | undefined {
    if (issue.code === "invalid_type") return `is not ${KINDS[issue.expected] ?? `${issue.expected}.`}`;
    if (issue.code === "too_small")
        return issue.origin === "array"
            ? `has too few entries: write at least ${issue.minimum}.`
            : `is too small: write at least ${issue.minimum}.`;
    if (issue.code === "invalid_key") return issue.issues.map(({ message }) => message).join(" ");
    return undefined;
}

/** What to write for each setting that has no default. */
const MISSING: Record<string, string> = {
    cluster: "Name this cluster, for instance blue: `pulumi config set cluster blue`.",
    domain: "Set the fleet's DNS domain, the same in every stack: `pulumi config set domain fleet.example.internal`.",
    observer: "Name the observer's stack: `pulumi config set observer organization/thanos-fleet/observer`.",
    "objectStore.type": "Write S3, GCS, AZURE, SWIFT, COS, ALIYUNOSS, BOS, OBS, OCI or FILESYSTEM.",
    aws: "Set at least aws.region and aws.cluster.name: `pulumi config set --path aws.region eu-west-1`.",
    "aws.region": "Set it: `pulumi config set --path aws.region eu-west-1`.",
    "aws.cluster": "Name the EKS cluster to deploy to: `pulumi config set --path aws.cluster.name NAME`.",
    "aws.cluster.name": "Name the EKS cluster to deploy to: `pulumi config set --path aws.cluster.name NAME`.",
    "aws.cluster.create.admins": "List the IAM roles that administer the cluster, the one that runs `pulumi up` among them.",
};

function suggestion(key: string, issue: Issue, schema: { shape: Raw }): string {
    const known = issue.path.length === 0 ? Object.keys(schema.shape) : [];
    const near = known.find((k) => k.toLowerCase() === key.toLowerCase() || k.startsWith(key) || key.startsWith(k));
    return near === undefined ? "Remove it, or look at docs/configuration.md for its name." : `Did you mean ${near}?`;
}

function pathText(path: readonly PropertyKey[]): string {
    return path.reduce<string>(
        (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
        "",
    );
}

/** The raw configuration without its wrong parts; what has no default gets a stand-in. */
function repaired(raw: Raw, issues: readonly Issue[], role: string, cloud: string): Raw {
    const copy = structuredClone(raw);
    for (const issue of [...issues].reverse()) {
        for (const path of issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path])
            remove(copy, path);
    }
    const { observer, aws, ...always } = STAND_INS;
    return {
        ...always,
        ...(role === "observee" && { observer }),
        ...copy,
        ...(cloud === "aws" && { aws: { ...aws, ...(copy.aws as Raw | undefined) } }),
    };
}

/** Removes what is at `path`; inside a list the whole entry goes, since an entry without its wrong part is not the entry the user meant. */
function remove(root: Raw, path: readonly PropertyKey[]): void {
    const list = path.findIndex((key) => typeof key === "number");
    const to = list === -1 ? path : path.slice(0, list);
    const parent = to.slice(0, -1).reduce<Raw | undefined>((at, key) => at?.[key as string] as Raw | undefined, root);
    const last = to.at(-1);
    if (parent === undefined || last === undefined) return;
    const here = parent[last as string];
    if (list !== -1 && Array.isArray(here)) parent[last as string] = here.filter((_, i) => i !== path[list]);
    else delete parent[last as string];
}
