import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { ConfigError } from "../config/configError";
import { SECTIONS } from "../engine/stackFile";
import { readYamlFile } from "../engine/yamlFile";
import { CHARTS } from "../import/charts";
import { type ImportedStack, importFleet, stackFileText } from "../import/fleet";
import { jsonOf, type StackFileResult, textOf } from "../import/print";
import { chartFrom, readReleases } from "../import/readValues";
import type { Problem } from "../rules/problem";
import { color } from "../terminal/color";
import { DIRECTORY, enter } from "./directory";
import { EXIT_CODES } from "./exitCodes";

interface Options {
    readonly cwd?: string;
    readonly chart?: string;
    readonly objectStore?: string;
    readonly domain?: string;
    readonly dryRun?: true;
    readonly force?: true;
    readonly json?: true;
}

/** `thanos-fleet import`: Helm values of others as stack files. */
export const importCommand = (): Command =>
    new Command()
        .description("Reads Helm values of Thanos and kube-prometheus-stack, and writes stack files that do the same on the same bucket.")
        .argument("<values...>", "files with the values of one release each, as FILE or CLUSTER=FILE; - is standard input")
        .option("--chart <name[@version]>", `the chart of all files, where it is not recognised: ${CHARTS.join(", ")}`)
        .option("--object-store <file>", "Thanos's objstore file, where the values name a Secret that has it")
        .option("--domain <domain>", "DNS domain of the fleet")
        .option(...DIRECTORY)
        .option("--dry-run", "print what would be written, and write nothing")
        .option("--force", "overwrite stack files that are there; what Pulumi keeps in them stays")
        .option(
            "--json",
            "print only {stacks: [{name, role, file, written, settings, carried, differs, left, findings, problems}], decide}",
        )
        .addHelpText(
            "after",
            "\nOne release of Thanos becomes the observer, each of kube-prometheus-stack an observee; one in the observer's cluster becomes its own Prometheus." +
                "\n\nExamples:\n  thanos-fleet import thanos.yaml --object-store objstore.yml\n" +
                "  helm get values thanos -o yaml | thanos-fleet import - --dry-run\n" +
                "  thanos-fleet import main=thanos.yaml main=prometheus.yaml blue=prometheus-blue.yaml --domain fleet.example.internal" +
                "\n\nExit code: 0 the plan accepts the files, 1 it refuses some of their settings until somebody decides, 2 wrong input, nothing was written.",
        )
        .action((values: string[], options: Options) => {
            process.exitCode = run(values, options);
        });

function run(args: readonly string[], { cwd, chart: chartName, objectStore, domain, dryRun, force, json }: Options): number {
    const chart = chartName === undefined ? undefined : chartFrom(chartName);
    if (chartName !== undefined && chart === undefined)
        throw wrong([
            {
                path: `--chart ${chartName}`,
                problem: "is not a chart that import reads.",
                remedy: `Write ${CHARTS.join(", ")}, with @VERSION or without.`,
            },
        ]);
    const releases = readReleases(args, chart);
    const store = objectStore === undefined ? undefined : { file: objectStore, text: textOfFile(objectStore) };
    const fleet = importFleet({ releases, domain, ...(store && { objectStore: store }) });
    // What is only printed needs no folder.
    if (!dryRun) enter(cwd);
    const names = fleet.stacks.map((stack) => [stack, `Pulumi.${stack.name}.yaml`] as const);
    const there = names.filter(([, file]) => existsSync(file));
    if (!dryRun && !force && there.length > 0)
        throw wrong(
            there.map(([, file]) => ({
                path: file,
                problem: "is there already.",
                remedy: "Look at it, and add --force to overwrite it, or name another cluster (CLUSTER=FILE).",
            })),
        );
    const files = releases.map(({ file }) => file);
    const results = names.map(([stack, file]): StackFileResult => {
        if (!dryRun) writeFileSync(file, stackFileText(stack, files, kept(file, stack)));
        return { stack, file, written: !dryRun };
    });
    process.stdout.write(json ? jsonOf(fleet, results) : textOf(fleet, results, color));
    return fleet.stacks.some(({ problems }) => problems.length > 0) ? EXIT_CODES.failed.code : EXIT_CODES.done.code;
}

const wrong = (problems: readonly Problem[]) => new ConfigError("command line", problems);

function textOfFile(file: string): string {
    try {
        return readFileSync(resolve(file), "utf8");
    } catch (error) {
        throw wrong([
            {
                path: `--object-store ${file}`,
                problem: `cannot be read (${(error as NodeJS.ErrnoException).code}).`,
                remedy: "Name a file with type and config.",
            },
        ]);
    }
}

/** What Pulumi keeps in a stack file beside the configuration: without its key, secrets could not be read any more. */
function kept(file: string, { name }: ImportedStack): Record<string, unknown> {
    if (!existsSync(file)) return {};
    const { value } = readYamlFile(file, `stack ${name}`);
    return Object.fromEntries(Object.entries(value).filter(([key]) => key !== "config" && SECTIONS.includes(key)));
}
