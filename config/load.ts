import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { type Problem, Problems } from "../rules/problem";
import { crossChecks } from "./checks";
import { unusedSettings } from "./checks/existingPrometheus";
import { ConfigError } from "./configError";
import { messageOf, pathText } from "./issues";
import { type StackConfig, schemas } from "./schema";
import { SECRET_VALUE } from "./secretValue";
import { SIZES, withSize } from "./sizes";

type Raw = Record<string, unknown>;
type Issue = z.core.$ZodIssue;

/** Valid values for settings without a default. They replace wrong values, so that the other settings can still be checked. */
const PLACEHOLDERS = {
    cluster: "stand-in",
    domain: "stand.in",
    observer: "stand/in/observer",
    aws: { region: "eu-west-1", cluster: { name: "stand-in" } },
};

/** A stack's typed configuration, with defaults. Throws a ConfigError with every problem of `raw`. */
export function loadConfig(raw: Raw, subject = "configuration"): StackConfig {
    const { role, cloud, schema, problems } = chooseSchema(raw);
    const size = SIZES.find((known) => known === raw.size) ?? "S";
    const input = withSize(size, role, { ...raw, role, cloud });
    const result = schema.safeParse(input, { error: messageOf });
    const issues = result.success ? [] : withoutLooserLimits(result.error.issues);
    problems.add(issues.flatMap((issue) => problemsOf(issue, raw, schema))).add(role === "observee" ? unusedSettings(raw) : []);
    const known = problems.all();
    // The cross-checks run even if some values are wrong, but report neither a path twice, nor a list that lacks its wrong entries, nor what is missing in
    // a value that is no map. What will be missing in one that is not there yet is told with it.
    const checked = result.success ? result : schema.safeParse(withPlaceholders(input, issues, role, cloud));
    if (checked.success)
        problems.add(
            crossChecks(checked.data).filter(
                ({ path }) =>
                    !known.some(
                        (problem) =>
                            problem.path === path ||
                            problem.path.startsWith(`${path}[`) ||
                            (problem.path in raw && path.startsWith(`${problem.path}.`)),
                    ),
            ),
        );
    if (problems.all().length > 0 || !result.success) throw new ConfigError(subject, problems.all());
    return result.data;
}

/** A number beyond what JSON counts exactly is beyond the limit of its setting, too: one of the two says it. */
const withoutLooserLimits = (issues: readonly Issue[]): Issue[] =>
    issues.filter(
        (issue) =>
            issue.code !== "too_big" ||
            !issues.some((other) => other.code === "too_big" && other.maximum < issue.maximum && isDeepStrictEqual(other.path, issue.path)),
    );

/** `role` and `cloud` decide which schema applies. A wrong one is a problem, and the likeliest one is assumed for the rest of the validation. */
function chooseSchema(raw: Raw) {
    const problems = new Problems();
    const choose = <T extends string>(key: string, choices: readonly T[], likeliest: T): T => {
        const value = raw[key];
        const choice = choices.find((candidate) => candidate === value);
        problems.when(
            choice === undefined,
            key,
            value === undefined ? "is missing." : `${JSON.stringify(value)} is not known.`,
            `Write ${eitherOf(choices)}.`,
        );
        return choice ?? likeliest;
    };
    const role = choose("role", ["observer", "observee"], "observer" in raw ? "observee" : "observer");
    const cloud = choose("cloud", ["aws", "local"], "aws" in raw ? "aws" : "local");
    return { role, cloud, schema: schemas[`${role} on ${cloud}`] as z.ZodType<StackConfig> & { shape: Raw }, problems };
}

/** `a, b or c`. */
const eitherOf = (choices: readonly string[]) => [choices.slice(0, -1).join(", "), choices.at(-1)].filter(Boolean).join(" or ");

/** The problems behind one issue of zod's. */
function problemsOf(issue: Issue, raw: Raw, schema: { shape: Raw }): Problem[] {
    const path = pathText(issue.path);
    if (issue.code === "unrecognized_keys")
        return issue.keys.map((key) => ({
            path: pathText([...issue.path, key]),
            problem: "is not a setting here.",
            remedy: suggestion(key, issue, schema),
        }));
    const value = issue.path.reduce<unknown>((at, key) => (at as Raw | undefined)?.[key as string], raw);
    if (value === undefined)
        return [{ path, problem: "is missing.", remedy: REMEDIES[path] ?? (issue.code === "custom" ? issue.message : "Set it.") }];
    if (issue.code === "invalid_value")
        return [{ path, problem: `${JSON.stringify(value)} is not known.`, remedy: `Write ${eitherOf(issue.values.map(String))}.` }];
    if (value === SECRET_VALUE)
        return [
            {
                path,
                problem: "is encrypted, but the plan depends on its value.",
                remedy: "Write it in the clear: `pulumi config set --plaintext`.",
            },
        ];
    // A malformed credential is still a credential, also where the whole store was given as one text.
    const isCredential = path === "objectStore" || /^objectStore\.config\b|\.cache\.password$/.test(path);
    return [{ path, problem: isCredential ? "(not shown)" : JSON.stringify(value), remedy: issue.message }];
}

/** What to do about a missing setting that has no default. */
const REMEDIES: Record<string, string> = {
    cluster: "Name this cluster, for instance blue: `pulumi config set cluster blue`.",
    domain: "Set the fleet's DNS domain, the same in every stack: `pulumi config set domain fleet.example.internal`.",
    observer: "Name the observer's stack: `pulumi config set observer organization/thanos-fleet/observer`.",
    "exposure.sourceRanges":
        "List the networks from which people may open the pages, for instance your VPN's: `pulumi config set --path 'exposure.sourceRanges[0]' 10.8.0.0/16`.",
    "exposure.login": "Write who asks people who they are: oauth2-proxy or alb. Whoever opens the pages reads every metric of the fleet.",
    "objectStore.type": "Write S3, GCS, AZURE, SWIFT, COS, ALIYUNOSS, BOS, OBS, OCI or FILESYSTEM.",
    aws: "Set at least aws.region and aws.cluster.name: `pulumi config set --path aws.region eu-west-1`.",
    "aws.region": "Set it: `pulumi config set --path aws.region eu-west-1`.",
    "aws.cluster": "Name the EKS cluster to deploy to: `pulumi config set --path aws.cluster.name NAME`.",
    "aws.cluster.name": "Name the EKS cluster to deploy to: `pulumi config set --path aws.cluster.name NAME`.",
    "aws.cluster.create.version":
        "Write the Kubernetes version of the new cluster, in quotes; `aws eks describe-cluster-versions --query 'clusterVersions[].[clusterVersion,endOfStandardSupportDate]' --output text` prints what EKS has.",
    "aws.cluster.create.admins": "List the IAM roles that administer the cluster, the one that runs `pulumi up` among them.",
};

/** A top-level setting of a similar name, if there is one. */
function suggestion(key: string, issue: Issue, schema: { shape: Raw }): string {
    const settings = issue.path.length === 0 ? Object.keys(schema.shape) : [];
    const similar = settings.find((name) => name.toLowerCase() === key.toLowerCase() || name.startsWith(key) || key.startsWith(name));
    return similar === undefined ? "Remove it, or look up its name in docs/configuration.md." : `Did you mean ${similar}?`;
}

/** The raw configuration without its wrong values, with placeholders for settings without a default. */
function withPlaceholders(raw: Raw, issues: readonly Issue[], role: string, cloud: string): Raw {
    const copy = structuredClone(raw);
    for (const issue of [...issues].reverse()) {
        for (const path of issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path])
            remove(copy, path);
    }
    const { observer, aws, ...always } = PLACEHOLDERS;
    return {
        ...always,
        ...(role === "observee" && { observer }),
        ...copy,
        ...(cloud === "aws" && { aws: { ...aws, ...(copy.aws as Raw | undefined) } }),
    };
}

/** Removes the value at `path`. Inside a list it removes the whole entry, since an entry without its wrong part is not what the user meant. */
function remove(root: Raw, path: readonly PropertyKey[]): void {
    const index = path.findIndex((key) => typeof key === "number");
    const target = index === -1 ? path : path.slice(0, index);
    const parent = target.slice(0, -1).reduce<Raw | undefined>((at, key) => at?.[key as string] as Raw | undefined, root);
    const key = target.at(-1) as string | undefined;
    if (parent === undefined || key === undefined) return;
    const value = parent[key];
    if (index !== -1 && Array.isArray(value)) parent[key] = value.filter((_, i) => i !== path[index]);
    else delete parent[key];
}
