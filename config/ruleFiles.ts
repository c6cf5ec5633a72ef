import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { type Document, isScalar, LineCounter, parseAllDocuments, type Scalar } from "yaml";
import { z } from "zod";
import type { Problem } from "../rules/problem";
import { messageOf, pathText } from "./issues";
import { promqlError } from "./promql";
import { duration, positiveDuration } from "./schema/common";

/** A file with rules, as Rule gets it. */
export interface RuleFile {
    /** Its name without the folder. */
    name: string;
    text: string;
}

/** The name of the file with the fleet's own rules. */
export const OWN_RULES = "thanos-fleet.yml";

/** The series by which a Prometheus says with what configuration its rules came: 1, with the hash as the label `config_hash`. */
export const CONFIG_INFO = "thanos_fleet_config_info";

/** The rule files of a configuration that has no problems. The engine and `npm run plan` run the program in the folder of `Pulumi.yaml`, where paths begin. */
export const readRuleFiles = (files: readonly string[]): RuleFile[] =>
    files.map((file) => ({ name: basename(file), text: readFileSync(file, "utf8") }));

/** Kubernetes' limit of the data of a ConfigMap. */
const CONFIG_MAP_BYTES = 1024 * 1024;

/** Everything that is wrong with rule files, so that Rule would not load them or would evaluate something else than is written there. */
export function ruleFileProblems(files: readonly string[]): Problem[] {
    const problems: Problem[] = [];
    let bytes = 0;
    for (const [i, file] of files.entries()) {
        const path = `rule.files[${i}]`;
        const name = basename(file);
        const first = files.findIndex((other) => basename(other) === name);
        if (!/^[-.\w]+$/.test(name))
            problems.push({
                path,
                problem: `${JSON.stringify(file)} cannot be mounted.`,
                remedy: "Use letters, digits, dots, hyphens and underscores.",
            });
        if (first !== i)
            problems.push({
                path,
                problem: `"${name}" is used twice (also rule.files[${first}]): all files are mounted into one folder.`,
                remedy: "Rename one.",
            });
        if (name === OWN_RULES)
            problems.push({ path, problem: `"${name}" is the file of the fleet's own rules.`, remedy: "Rename yours." });
        try {
            const found = statSync(file);
            // A device or a pipe may have no end.
            if (!found.isFile()) throw Object.assign(new Error(), { code: found.isDirectory() ? "EISDIR" : "no file" });
            bytes += found.size;
            // Refused below.
            if (found.size > CONFIG_MAP_BYTES) continue;
            const text = readFileSync(file, "utf8");
            problems.push(...problemsIn(text).map(({ line, ...rest }) => ({ path: `${path} ${file}:${line}`, ...rest })));
        } catch (error) {
            const { code } = error as NodeJS.ErrnoException;
            if (code === undefined) throw error;
            problems.push({
                path,
                problem: `${JSON.stringify(file)} cannot be read (${code}).`,
                remedy: "Write a path that begins where Pulumi.yaml is.",
            });
        }
    }
    if (bytes > CONFIG_MAP_BYTES)
        problems.push({
            path: "rule.files",
            problem: `have ${bytes} bytes together, a ConfigMap takes ${CONFIG_MAP_BYTES}.`,
            remedy: "Write shorter rules: annotations that many rules have in common belong into Alertmanager's templates.",
        });
    return problems;
}

interface ProblemInFile {
    line: number;
    problem: string;
    remedy: string;
}

/** The problems of one file, by line. */
export function problemsIn(text: string): ProblemInFile[] {
    const lines = new LineCounter();
    const lineOf = (offset: number) => lines.linePos(offset).line;
    // Thanos takes every scalar as text where it wants text, whatever it looks like: `severity: 1`. This schema has nothing but text.
    const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, schema: "failsafe", merge: true });
    const [document, another] = Array.isArray(documents) ? documents : [];
    if (document === undefined) return [{ line: 1, problem: "has no rules.", remedy: "Write `groups:`, or leave the file out." }];
    if (another !== undefined)
        return [
            { line: lineOf(another.range[0]), problem: "begins a second document: Thanos does not read it.", remedy: "Remove the `---`." },
        ];
    if (document.errors.length > 0)
        return document.errors.map(({ message, pos }) => ({ line: lineOf(pos[0]), problem: `is no YAML: ${message}.`, remedy: "" }));
    const result = ruleFile.safeParse(document.toJS(), { error: messageOf });
    return (result.success ? [] : result.error.issues)
        .flatMap((issue): ProblemInFile[] => {
            const at = (path: readonly PropertyKey[]) => lineOf(offsetOf(document, path));
            if (issue.code === "unrecognized_keys")
                return issue.keys.map((key) => ({
                    line: at([...issue.path, key]),
                    problem: `${pathText([...issue.path, key])} is not known to Thanos.`,
                    remedy: "Remove it, or correct its name.",
                }));
            const node = document.getIn(issue.path, true);
            const written = isScalar(node) ? ` ${JSON.stringify(node.value)}` : "";
            const line = at(issue.path) + (issue.code === "custom" ? linesBefore(node, issue.params?.offset) : 0);
            const { problem, remedy } = sentences(issue.message);
            return [{ line, problem: `${pathText(issue.path)}${written} ${problem}`, remedy }];
        })
        .sort((a, b) => a.line - b.line);
}

/** Where the value at a path begins; of a value that is not there, where the one around it begins. A key counts as its value. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
    const parent = path.length === 0 ? undefined : document.getIn(path.slice(0, -1), true);
    const pair = (parent as { items?: { key?: Scalar }[] } | undefined)?.items?.find(
        ({ key }) => isScalar(key) && key.value === path.at(-1),
    );
    const node = (pair?.key ?? document.getIn(path, true)) as { range?: [number, number, number] } | undefined;
    if (node?.range) return node.range[0];
    return path.length === 0 ? 0 : offsetOf(document, path.slice(0, -1));
}

/** Lines from the key of a text that is written as a block (`expr: |`) to a character in it. */
const linesBefore = (node: unknown, offset: unknown): number =>
    isScalar(node) && node.type === "BLOCK_LITERAL" && typeof offset === "number"
        ? String(node.value).slice(0, offset).split("\n").length
        : 0;

/** A message of this project's schemas is a sentence about the value, and then what to do. */
function sentences(message: string): { problem: string; remedy: string } {
    const end = message.search(/(?<=\.) [A-Z]/);
    return end === -1 ? { problem: message, remedy: "" } : { problem: message.slice(0, end), remedy: message.slice(end + 1) };
}

/** What Thanos reads of a rule file: rulefmt of Prometheus 3.9, and `partial_response_strategy` of its own (pkg/rules/manager.go). */

const METRIC_NAME = /^[a-zA-Z_:][\w:]*$/;
const LABEL_NAME = /^[a-zA-Z_]\w*$/;

const expression = z.string().superRefine((expr, context) => {
    const error = promqlError(expr);
    if (error)
        context.addIssue({
            code: "custom",
            message: `${error.message} Correct it; Query Frontend's page shows what it answers.`,
            params: { offset: error.offset },
        });
});

/** A map whose keys are labels. A key without anything behind it is no map in YAML, and an empty one for Thanos. */
const labelled = (value: z.ZodType<unknown>) =>
    z
        .preprocess((map) => (map === "" ? {} : map), z.record(z.string(), value))
        .superRefine((map, context) => {
            for (const name of Object.keys(map))
                if (!LABEL_NAME.test(name) || name === "__name__")
                    context.addIssue({
                        code: "custom",
                        path: [name],
                        message: "stands under a name that is no label. Use letters, digits and underscores.",
                    });
        });

/** A template of Go. Whether its functions and variables exist is for Thanos to find. */
const template = z.string().refine((text) => (text.match(/\{\{/g) ?? []).length === (text.match(/\}\}/g) ?? []).length, {
    error: "opens and closes a different number of braces. Write each template as {{ ... }}.",
});

const rule = z
    .strictObject({
        record: z.string().regex(METRIC_NAME, "is no name of a metric. Use letters, digits, underscores and colons.").optional(),
        alert: z.string().min(1, "is empty. Write a name.").optional(),
        expr: expression,
        for: duration("5m").optional(),
        keep_firing_for: duration("5m").optional(),
        labels: labelled(template).optional(),
        annotations: labelled(template).optional(),
    })
    .superRefine((written, context) => {
        const issue = (key: keyof typeof written, message: string) => context.addIssue({ code: "custom", path: [key], message });
        if (written.record === undefined && written.alert === undefined)
            context.addIssue({ code: "custom", message: "neither alerts nor records. Give it a name under `alert` or `record`." });
        if (written.record === undefined) return;
        if (written.alert !== undefined) issue("alert", "stands beside `record`. Make two rules of it.");
        for (const key of ["for", "keep_firing_for", "annotations"] as const)
            if (written[key] !== undefined) issue(key, "means nothing for a rule that records. Remove it.");
    });

const group = z.strictObject({
    name: z.string().min(1, "is empty. Write a name."),
    interval: positiveDuration("1m").optional(),
    query_offset: duration("1m").optional(),
    limit: z.string().regex(/^\d+$/, "is not a whole number. Write 0 for no limit.").optional(),
    labels: labelled(z.string()).optional(),
    partial_response_strategy: z
        .string()
        .regex(/^(abort|warn)$/i, "is not known. Write abort or warn.")
        .optional(),
    rules: z.array(rule),
});

const ruleFile = z.strictObject({
    groups: z.array(group).superRefine((groups, context) => {
        for (const [i, { name }] of groups.entries())
            if (groups.findIndex((other) => other.name === name) !== i)
                context.addIssue({ code: "custom", path: [i, "name"], message: "is used twice in this file. Rename one." });
    }),
});
