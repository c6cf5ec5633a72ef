import { accessSync, constants, existsSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Command } from "commander";
import { ConfigError } from "../config/configError";
import { backendOf, knownStacks } from "../engine/pulumiCli";
import { findDrift } from "../rollout/drift";
import { obstaclesOf } from "../rollout/examine";
import { readFleet } from "../rollout/fleet";
import { mayChange, previewFleet, type StackPreview } from "../rollout/preview";
import { outcome, previewPage } from "../rollout/previewPage";
import { readSettings } from "../rollout/settings";
import { stackDriver } from "../rollout/stackDriver";
import { chosenStacks, DIRECTORY, enter } from "./directory";
import { CommandFailed, type Exit } from "./exitCodes";
import { onInterrupt } from "./interrupt";
import { POLICY_PACK, POLICY_PACK_CONFIG, policyPacksOf } from "./policyPacks";
import { failedAsPulumi } from "./pulumiErrors";

interface Options {
    cwd?: string;
    stack?: string[];
    policyPack: string[];
    policyPackConfig?: string[];
    out?: string;
    expectNoChanges?: boolean;
    drift?: boolean;
    json?: boolean;
}

export const previewCommand = () =>
    new Command()
        .description(
            "Writes one page about what `up` would change, for a pull request: per stack what is created, updated, replaced and deleted, what policies say, and " +
                "what may lose data (docs/preview.md). Changes nothing, and takes no lock. Uses the Pulumi login, the environment and the stack files of the " +
                "directory, as `pulumi` does.",
        )
        .option(...DIRECTORY)
        .option("--stack <name...>", "only these stacks (default: every stack file)")
        .option(...POLICY_PACK)
        .option(...POLICY_PACK_CONFIG)
        .option("--out <file>", "write the page to this file (default: standard output)")
        .option("--drift", "say what is not as it was deployed, too: reads every resource anew (docs/rollouts.md)")
        .option("--expect-no-changes", "exit with 7 where something would change")
        .option(
            "--json",
            "print {stacks:[{name, role, state, counts, changes, risks, findings, ...}], drift?}; with --out, the page is written, too",
        )
        .addHelpText(
            "after",
            "\nExamples:\n  thanos-fleet preview\n  thanos-fleet preview --out page.md\n  thanos-fleet preview --json | jq -s '.[0].stacks[].risks[]'\n" +
                "\nExit codes: 0 previewed; 1 a preview failed; 5 a policy refused a stack; 6 Pulumi's backend lacks one; 7 see --expect-no-changes. The page is " +
                "written with each of them. Others: docs/commands.md.",
        )
        .action(preview);

async function preview(options: Options): Promise<void> {
    // Relative to where the command was called, as a shell completes it.
    const out = options.out === undefined ? undefined : resolve(options.out);
    const packs = policyPacksOf(options);
    if (out !== undefined) refuseUnwritable(out);
    enter(options.cwd);
    const directory = process.cwd();
    const fleet = readFleet(chosenStacks(options.stack));
    const { parallel } = readSettings(".");
    const known = await knownStacks(directory).catch(failedAsPulumi);
    const say = (text: string) => void process.stderr.write(`${text}\n`);
    const signal = onInterrupt(() => say("Stopping: no page is written."));
    const previews = await previewFleet(fleet, {
        drive: stackDriver({ directory, ...packs, report: true }),
        unknown: fleet.map(({ name }) => name).filter((name) => !known.some((stack) => stack.name === name)),
        parallel,
        signal,
        onEnd: (stack, ok) => say(`${stack.padEnd(22)} ${ok ? "previewed" : "not previewed: the page says why"}`),
    });
    const backend = options.drift ? await backendOf(directory).catch(failedAsPulumi) : undefined;
    const drift =
        options.drift &&
        (await findDrift(
            previews.filter(({ state }) => state !== "unknown").map(({ name }) => name),
            {
                drive: stackDriver({ directory, policyPacks: [] }),
                parallel,
                examine: (name) => obstaclesOf(directory, name, backend),
                onDoing: () => {},
                onEnd: ({ name, unknown }) =>
                    say(`${name.padEnd(22)} ${unknown === undefined ? "compared" : "not compared: the page says why"}`),
                signal,
            },
        ));
    if (signal.aborted) throw new CommandFailed("cancelled", "Cancelled. Nothing was changed, and no page is written.");
    const page = previewPage({ previews, ...(drift && { drift }) });
    if (out !== undefined) writeFileSync(out, page);
    if (options.json) process.stdout.write(`${JSON.stringify({ stacks: previews, ...(drift && { drift }) })}\n`);
    else if (out === undefined) process.stdout.write(page);
    const exit = exitOf(previews, options.expectNoChanges === true);
    if (exit !== "done") throw new CommandFailed(exit, endings(previews, exit));
}

/** Before minutes of work: a page that cannot be written. */
function refuseUnwritable(file: string): void {
    const refuse = (problem: string, remedy: string) => {
        throw new ConfigError("command line", [{ path: `--out ${file}`, problem, remedy }]);
    };
    if (!existsSync(dirname(file))) refuse("is in no directory that exists.", "Make the directory, or name another one.");
    if (existsSync(file) && statSync(file).isDirectory()) refuse("is a directory.", "Name a file.");
    try {
        accessSync(existsSync(file) ? file : dirname(file), constants.W_OK);
    } catch {
        refuse("may not be written.", "Name another file.");
    }
}

/** What stops a pipeline first. */
const WORST_FIRST: readonly Exit[] = ["failed", "wrongInput", "noStack", "policy"];

export function exitOf(previews: readonly StackPreview[], expectNoChanges: boolean): Exit {
    const exits = previews.map(stackExit);
    return WORST_FIRST.find((exit) => exits.includes(exit)) ?? (expectNoChanges && previews.some(mayChange) ? "changesFound" : "done");
}

function stackExit({ state, because }: StackPreview): Exit {
    if (state === "unknown") return "noStack";
    if (state === "refused") return "policy";
    if (state === "failed") return because === "wrongInput" ? "wrongInput" : "failed";
    return "done";
}

/** A line for each stack that has this exit code. */
const endings = (previews: readonly StackPreview[], exit: Exit) =>
    previews
        .filter((preview) => (exit === "changesFound" ? mayChange(preview) : stackExit(preview) === exit))
        .map((preview) => preview.message ?? `${preview.name}: ${outcome(preview).replaceAll(/\*\*|`/g, "")}`)
        .join("\n");
