import { createInterface } from "node:readline";
import { Command } from "commander";
import { ConfigError } from "../config/configError";
import { backendOf, resourcesOf } from "../engine/pulumiCli";
import { takeDownOf } from "../engine/takeDown";
import { readFleet } from "../rollout/fleet";
import { atOnce } from "../rollout/rollOut";
import { readSettings } from "../rollout/settings";
import { takeDownProblems, takeDownWaves } from "../rollout/takeDown";
import { chosenStacks, DIRECTORY, enter } from "./directory";
import { CommandFailed } from "./exitCodes";
import { refuseUnknownOrUpdated } from "./knownStacks";
import { failedAsPulumi } from "./pulumiErrors";
import { runRollout } from "./rollout";
import { WAIT, waitOf } from "./turn";

interface Options {
    cwd?: string;
    stack?: string[];
    yes?: boolean;
    wait?: string;
    json?: boolean;
}

export const destroyCommand = () =>
    new Command()
        .description(
            "Takes stacks down: observees first, then the observer (docs/take-down.md). Blocks, their keys, namespaces with their volumes and whatever else the program " +
                "keeps are named, and stay where they are. Asks before it begins. The first failure stops it, and the next run goes on. Uses the Pulumi login, the " +
                "environment and the stack files of the directory, as `pulumi` does.",
        )
        .option(...DIRECTORY)
        .option("--stack <name...>", "only these stacks (default: every stack file)")
        .option("--yes", "do not ask")
        .option(...WAIT)
        .option("--json", "print events, one JSON object a line; needs --yes")
        .addHelpText(
            "after",
            "\nExamples:\n  thanos-fleet destroy\n  thanos-fleet destroy --stack blue\n  thanos-fleet destroy --yes --json | jq -r 'select(.event == \"verdict\").text'\n" +
                "\nExit codes: 0 done; 2 refused, nothing was changed; 8 cancelled, or the answer was no; 21 stopped after something was taken down; 22 somebody else holds a lock. Others: docs/commands.md.",
        )
        .action(destroy);

async function destroy({ cwd, stack, yes = false, wait, json = false }: Options): Promise<void> {
    const waitMs = waitOf(wait);
    if (!yes && (json || !process.stdin.isTTY)) throw new ConfigError("command line", [NOBODY_TO_ASK]);
    enter(cwd);
    const directory = process.cwd();
    const names = chosenStacks(stack);
    const { parallel } = readSettings(".");
    const fleet = readFleet(names);
    const backend = await backendOf(directory).catch(failedAsPulumi);
    const known = (await refuseUnknownOrUpdated(directory, names)).map(({ name }) => name);
    await runRollout({
        command: "destroy",
        waves: takeDownWaves(fleet),
        directory,
        backend,
        names,
        parallel,
        policyPacks: [],
        wait: waitMs,
        soak: 0,
        json,
        prepare: async ({ print, signal }) => {
            const states = await statesOf(directory, known, parallel);
            const problems = takeDownProblems(fleet, states);
            if (problems.length > 0) throw new ConfigError("stacks", problems);
            for (const name of names) print.say(takeDownLine(name, takeDownOf(states.get(name) ?? [])));
            const phrase = `destroy ${names.length === 1 ? names[0] : `${names.length} stacks`}`;
            if (!yes && !(await isTyped(phrase, process.stdin, process.stderr, signal)))
                throw new CommandFailed("cancelled", "Not confirmed. Nothing was changed.");
            return {};
        },
    });
}

const NOBODY_TO_ASK = {
    path: "--yes",
    problem: "is missing, and there is nobody to ask.",
    remedy: "Add it where a program runs this, or run it at a terminal without --json.",
};

async function statesOf(directory: string, names: readonly string[], parallel: number) {
    const states = new Map<string, Awaited<ReturnType<typeof resourcesOf>>>();
    await atOnce(
        parallel,
        names,
        () => true,
        async (name) => void states.set(name, await resourcesOf(directory, name)),
    ).catch(failedAsPulumi);
    return states;
}

/** What happens to a stack, in a line. */
export function takeDownLine(name: string, { deleted, kept }: ReturnType<typeof takeDownOf>): string {
    const plural = deleted === 1 ? "1 resource is" : `${deleted} resources are`;
    return `${name.padEnd(22)} ${plural} deleted${kept.length === 0 ? "" : `; these stay: ${kept.join(", ")}`}`;
}

/** Whether a person types the phrase. Ctrl-C and the end of the input mean no. */
export async function isTyped(
    phrase: string,
    input: NodeJS.ReadableStream,
    output: NodeJS.WritableStream,
    signal: AbortSignal,
): Promise<boolean> {
    if (signal.aborted) return false;
    const lines = createInterface({ input, output, prompt: `Type "${phrase}" to go on: ` });
    const close = () => lines.close();
    signal.addEventListener("abort", close);
    const answer = new Promise<string>((resolve) => {
        lines.once("line", resolve);
        lines.once("close", () => resolve(""));
    });
    lines.prompt();
    const isSame = (await answer).trim() === phrase;
    signal.removeEventListener("abort", close);
    lines.close();
    return isSame;
}
