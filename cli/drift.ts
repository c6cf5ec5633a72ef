import { Command } from "commander";
import { backendOf } from "../engine/pulumiCli";
import { differenceOf, driftVerdict, findDrift, type StackDrift } from "../rollout/drift";
import { obstaclesOf } from "../rollout/examine";
import { readSettings } from "../rollout/settings";
import { stackDriver } from "../rollout/stackDriver";
import { color } from "../terminal/color";
import { chosenStacks, DIRECTORY, enter } from "./directory";
import { CommandFailed, EXIT_CODES, type Exit } from "./exitCodes";
import { onInterrupt } from "./interrupt";
import { refuseUnknown, updateOf } from "./knownStacks";
import { failedAsPulumi } from "./pulumiErrors";

interface Options {
    cwd?: string;
    json?: boolean;
}

export const driftCommand = () =>
    new Command()
        .description(
            "Finds what is not as it was deployed: reads every resource of the stacks anew and compares it with the state. Changes nothing, and takes no lock. What " +
                "controllers set by themselves is no drift (docs/rollouts.md). Uses the Pulumi login, the environment and the stack files of the directory, as `pulumi` does.",
        )
        .argument("[stacks...]", "only these stacks (default: every stack file)")
        .option(...DIRECTORY)
        .option("--json", "print only {verdict, stacks:[{name, drift:[{urn, name, id, what, properties:[{path, how}]}], unknown?}]}")
        .addHelpText(
            "after",
            "\nExamples:\n  thanos-fleet drift\n  thanos-fleet drift my-observer blue\n  thanos-fleet drift --json | jq -r '.stacks[] | select(.drift != []).name'\n" +
                "\nExit codes: 0 no drift; 7 drift; 1 a stack could not be read; 8 cancelled. Others: docs/commands.md.",
        )
        .action(drift);

async function drift(chosen: string[], { cwd, json }: Options): Promise<void> {
    enter(cwd);
    const directory = process.cwd();
    const names = chosenStacks(chosen.length > 0 ? chosen : undefined);
    const { parallel } = readSettings(".");
    const backend = await backendOf(directory).catch(failedAsPulumi);
    const known = await refuseUnknown(directory, names);
    const signal = onInterrupt(() => process.stderr.write("Stopping.\n"));
    const stacks = await findDrift(names, {
        drive: stackDriver({ directory, policyPacks: [] }),
        parallel,
        examine: async (name) => [
            ...known.filter((stack) => stack.name === name).flatMap(updateOf),
            ...(await obstaclesOf(directory, name, backend)),
        ],
        onDoing: () => {},
        onEnd: (found) => void (!json && process.stdout.write(`${linesOf(found).join("\n")}\n`)),
        signal,
    });
    if (signal.aborted) throw new CommandFailed("cancelled", "Stopped. Nothing was changed.");
    const verdict = driftVerdict(stacks);
    process.stdout.write(json ? `${JSON.stringify({ verdict, stacks }, null, 2)}\n` : `\n${verdict}\n`);
    process.exitCode = EXIT_CODES[driftExit(stacks)].code;
}

/** An answer that is not known of all stacks is no answer. */
export function driftExit(stacks: readonly StackDrift[]): Exit {
    if (stacks.some(({ unknown }) => unknown !== undefined)) return "failed";
    return stacks.some(({ drift }) => drift.length > 0) ? "changesFound" : "done";
}

function linesOf({ name, drift, unknown }: StackDrift): string[] {
    const line = (text: string) => `${name.padEnd(22)} ${text}`;
    if (unknown !== undefined) return [line(`${color.red("NOT KNOWN")} ${unknown}`)];
    if (drift.length === 0) return [line("no drift")];
    return [line(color.red(`DRIFT in ${drift.length}`)), ...drift.map((resource) => `  ${resource.name}: ${differenceOf(resource)}`)];
}
