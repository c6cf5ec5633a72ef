import { Command, Option } from "commander";
import type { LiveObject } from "../clients/liveObjects";
import { changedSince } from "../lint/changedSince";
import type { SourceFile } from "../lint/documents";
import { readFiles, readHcl, textAt } from "../lint/files";
import { type Finding, type Report, SEVERITIES, type Severity, type Unreadable } from "../lint/finding";
import { withHcl } from "../lint/hcl";
import { lint } from "../lint/lint";
import { githubOf } from "../lint/print/github";
import { jsonOf } from "../lint/print/json";
import { sarifOf } from "../lint/print/sarif";
import { summaryOf, textOf } from "../lint/print/text";
import { version } from "../package.json";
import { color } from "../terminal/color";
import { CommandFailed, EXIT_CODES } from "./exitCodes";

const FORMATS = ["text", "json", "sarif", "github"] as const;

interface Options {
    readonly format: (typeof FORMATS)[number];
    readonly json?: true;
    readonly failOn: Severity;
    readonly changedSince?: string;
    readonly context?: readonly string[];
    readonly namespace?: readonly string[];
}

/** The severity that fails unless the user says another. */
const FAILS: Severity = "high";

/** `thanos-fleet lint`: the rules on manifests, whoever wrote them. */
export const lintCommand = (): Command =>
    new Command()
        .description("Finds what loses data in Kubernetes manifests, docker-compose files and Terraform with Thanos and Prometheus.")
        .argument("[path...]", "files, folders (their *.yaml, *.yml, *.json and *.tf), or - for standard input")
        .addOption(new Option("--format <format>", "how to print findings").choices(FORMATS).default("text"))
        .option("--json", "print only [{rule, severity, file, line, message, remedy}]; the same as --format json")
        .addOption(new Option("--fail-on <severity>", "the mildest severity that fails").choices(SEVERITIES).default(FAILS))
        .option("--changed-since <ref>", "print only findings in files that changed since this commit or branch of git")
        .option("--context <context...>", "also read running clusters: contexts of your kubeconfig. Only lists objects, and never Secrets")
        .option("--namespace <namespace...>", "of these clusters, read only these namespaces")
        .addHelpText(
            "after",
            "\nExamples:\n  thanos-fleet lint manifests/\n  helm template . | thanos-fleet lint -\n  thanos-fleet lint --format sarif --changed-since origin/main . > findings.sarif\n  thanos-fleet lint --context prod --namespace monitoring\n" +
                "\nExit code: 0 no finding of --fail-on or graver, 1 such findings, 2 something could not be read.",
        )
        .action(async (paths: string[], options: Options) => {
            process.exitCode = await run(paths, options);
        });

async function run(paths: readonly string[], options: Options): Promise<number> {
    const { format, json, failOn, changedSince: ref, context: contexts = [], namespace: namespaces = [] } = options;
    if (paths.length + contexts.length === 0)
        throw new CommandFailed("wrongInput", "Nothing to read. Name files, folders, - for standard input, or clusters with --context.");
    if (namespaces.length > 0 && contexts.length === 0)
        throw new CommandFailed("wrongInput", "--namespace is of running clusters. Name one with --context, or leave it away.");
    const live = (await Promise.all(contexts.map((context) => readCluster(context, namespaces)))).flat();
    const report = lint(chain(readFiles(paths), await withHcl(readHcl(paths)), live), {
        fileAt: textAt,
        ...(ref !== undefined && { isChanged: changedSinceRef(ref) }),
    });
    const fails = ({ severity }: Finding) => SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(failOn);
    print(report, json ? "json" : format, fails);
    if (report.unreadable.length > 0) return EXIT_CODES.wrongInput.code;
    return report.findings.some(fails) ? EXIT_CODES.failed.code : EXIT_CODES.done.code;
}

function* chain<T>(...parts: readonly Iterable<T>[]): Generator<T> {
    for (const part of parts) yield* part;
}

/** The objects of a running cluster, each as a file of its own. */
async function readCluster(context: string, namespaces: readonly string[]): Promise<(SourceFile | Unreadable)[]> {
    // Few runs need the Kubernetes client, which takes longer to load than all else.
    const { ClusterUnread, liveObjects } = require("../clients/liveObjects") as typeof import("../clients/liveObjects");
    // As the folder of a path: an ARN has colons and slashes.
    const folder = context.replace(/[^\w.-]+/g, "_");
    const unreadable = (problem: string, remedy: string): Unreadable => ({ file: folder, line: 1, problem, remedy });
    try {
        const { objects, forbidden } = await liveObjects(context, namespaces);
        return [
            ...objects.map((object) => ({ file: `${folder}/${fileOf(object)}`, text: JSON.stringify(object, null, 2) })),
            ...forbidden.map((kind) =>
                unreadable(`does not let this user list ${kind}.`, "Get the right to list it, or name your namespaces with --namespace."),
            ),
        ];
    } catch (error) {
        if (!(error instanceof ClusterUnread)) throw error;
        return [unreadable(`cannot be read: ${error.message}.`, "Try `kubectl get pods` with this context.")];
    }
}

const fileOf = ({ kind, metadata: { namespace, name } }: LiveObject) => `${kind}.${namespace}.${name}`;

function changedSinceRef(ref: string): (file: string) => boolean {
    try {
        return changedSince(process.cwd(), ref);
    } catch (error) {
        throw new CommandFailed("wrongInput", (error as Error).message);
    }
}

/** What programs read goes to standard output alone; then what a person should know beside it goes to standard error. */
function print(report: Report, format: Options["format"], fails: (finding: Finding) => boolean): void {
    if (format === "text") {
        process.stdout.write(textOf(report, color));
        return;
    }
    process.stdout.write({ json: jsonOf, sarif: () => sarifOf(report, version), github: () => githubOf(report, fails) }[format](report));
    for (const { file, line, problem, remedy } of report.unreadable) process.stderr.write(`${file}:${line} ${problem} ${remedy}\n`);
    process.stderr.write(`${summaryOf(report)}\n`);
}
