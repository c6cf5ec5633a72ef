import { Command, Option } from "commander";
import { changedSince } from "../lint/changedSince";
import { readFiles } from "../lint/files";
import { type Finding, type Report, SEVERITIES, type Severity } from "../lint/finding";
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
}

/** The severity that fails unless the user says another. */
const FAILS: Severity = "high";

/** `thanos-fleet lint`: the rules on manifests, whoever wrote them. */
export const lintCommand = (): Command =>
    new Command()
        .description("Finds what loses data in Kubernetes manifests and docker-compose files with Thanos and Prometheus.")
        .argument("<path...>", "files, folders (their *.yaml, *.yml and *.json), or - for standard input")
        .addOption(new Option("--format <format>", "how to print findings").choices(FORMATS).default("text"))
        .option("--json", "print only [{rule, severity, file, line, message, remedy}]; the same as --format json")
        .addOption(new Option("--fail-on <severity>", "the mildest severity that fails").choices(SEVERITIES).default(FAILS))
        .option("--changed-since <ref>", "print only findings in files that changed since this commit or branch of git")
        .addHelpText(
            "after",
            "\nExamples:\n  thanos-fleet lint manifests/\n  helm template . | thanos-fleet lint -\n  thanos-fleet lint --format sarif --changed-since origin/main . > findings.sarif\n" +
                "\nExit code: 0 no finding of --fail-on or graver, 1 such findings, 2 something could not be read.",
        )
        .action((paths: string[], options: Options) => {
            process.exitCode = run(paths, options);
        });

function run(paths: readonly string[], { format, json, failOn, changedSince: ref }: Options): number {
    const report = lint(readFiles(paths), {
        ...(ref !== undefined && { isChanged: changedSinceRef(ref) }),
    });
    const fails = ({ severity }: Finding) => SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(failOn);
    print(report, json ? "json" : format, fails);
    if (report.unreadable.length > 0) return EXIT_CODES.wrongInput.code;
    return report.findings.some(fails) ? EXIT_CODES.failed.code : EXIT_CODES.done.code;
}

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
