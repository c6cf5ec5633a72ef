import { Command } from "commander";
import { backendFolder, backendUrl } from "../engine/pulumiCli";
import { rolloutOf, verdict } from "../rollout/journal";
import { newestRollout } from "../rollout/journalStore";
import { DIRECTORY, enter } from "./directory";
import { CommandFailed } from "./exitCodes";
import { failedAsPulumi } from "./pulumiErrors";

interface Options {
    cwd?: string;
    json?: boolean;
}

export const statusCommand = () =>
    new Command()
        .description("Prints how the last rollout of the fleet ended, or where it is, from its journal in Pulumi's backend.")
        .option(...DIRECTORY)
        .option("--json", "print only {id, verdict, ended?, waves, stacks:[{name, state, changes}], failures}")
        .addHelpText(
            "after",
            "\nExamples:\n  thanos-fleet status\n  thanos-fleet status --json | jq '.stacks[] | select(.state != \"updated\")'",
        )
        .action(status);

async function status({ cwd, json }: Options): Promise<void> {
    enter(cwd);
    const folder = backendFolder(await backendUrl(".").catch(failedAsPulumi), ".");
    if (folder === undefined) throw new CommandFailed("failed", "Only a backend of files (`file://`) keeps a journal of rollouts so far.");
    const newest = await newestRollout(folder);
    const rollout = rolloutOf(newest?.events ?? []);
    const text = newest ? verdict(rollout) : "There was no rollout yet.";
    const stacks = [...rollout.stacks].map(([name, stack]) => ({ name, ...stack }));
    const { waves, failures, ended } = rollout;
    if (json) process.stdout.write(`${JSON.stringify({ id: newest?.id, verdict: text, ended, waves, stacks, failures }, null, 2)}\n`);
    else {
        const lines = stacks.map(({ name, state, changes }) => `${name.padEnd(22)} ${state}${changes > 0 ? `, ${changes} changed` : ""}`);
        process.stdout.write(`${[...(newest ? [`Rollout ${newest.id}`] : []), ...lines, text].join("\n")}\n`);
    }
}
