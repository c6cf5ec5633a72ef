import { Command } from "commander";
import { backendOf } from "../engine/pulumiCli";
import { rolloutOf, verdict } from "../rollout/journal";
import { holderText, isGone, lockHolder, newestRollout } from "../rollout/journalStore";
import { DIRECTORY, enter } from "./directory";
import { CommandFailed } from "./exitCodes";
import { failedAsPulumi } from "./pulumiErrors";
import { NO_JOURNAL } from "./rollout";

interface Options {
    cwd?: string;
    json?: boolean;
}

export const statusCommand = () =>
    new Command()
        .description("Prints how the last rollout of the fleet ended, or where it is, from its journal in Pulumi's backend.")
        .option(...DIRECTORY)
        .option(
            "--json",
            "print only {id, verdict, command, commit?, ended?, gate?, waves, stacks:[{name, state, changes}], failures, holder?}",
        )
        .addHelpText(
            "after",
            "\nExamples:\n  thanos-fleet status\n  thanos-fleet status --json | jq '.stacks[] | select(.state != \"updated\")'",
        )
        .action(status);

async function status({ cwd, json }: Options): Promise<void> {
    enter(cwd);
    const backend = await backendOf(process.cwd()).catch(failedAsPulumi);
    if (backend === undefined) throw new CommandFailed("failed", NO_JOURNAL);
    const newest = await newestRollout(backend);
    const rollout = rolloutOf(newest?.events ?? []);
    const holder = await lockHolder(backend);
    const text = newest ? verdict(rollout) : "There was no rollout yet.";
    const stacks = [...rollout.stacks].map(([name, stack]) => ({ name, ...stack }));
    const { command, commit, waves, failures, gate, ended } = rollout;
    if (json) {
        const all = {
            id: newest?.id,
            verdict: text,
            command,
            commit,
            ended,
            gate,
            waves,
            stacks,
            failures,
            holder: holder && { ...holder, gone: isGone(holder) },
        };
        process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
        return;
    }
    const lines = stacks.map(({ name, state, changes }) => `${name.padEnd(22)} ${state}${changes > 0 ? `, ${changes} changed` : ""}`);
    const lock = holder && `Its lock: ${holderText(holder)}, since ${holder.since}${isGone(holder) ? "; that process is gone" : ""}.`;
    process.stdout.write(`${[...(newest ? [`Rollout ${newest.id}`] : []), ...lines, text, ...(lock ? [lock] : [])].join("\n")}\n`);
}
