import { Command, CommanderError } from "commander";
import { ConfigError } from "../config/configError";
import { BackendFailed } from "../engine/backend/backendFolder";
import { version } from "../package.json";
import { Locked } from "../rollout/locked";
import type { Problem } from "../rules/problem";
import { CommandFailed, EXIT_CODES, type Exit } from "./exitCodes";

/** A command of `thanos-fleet`. */
interface Entry {
    /** Its line in `thanos-fleet --help`. */
    summary: string;
    /** Loads its file. Only the command that is called is loaded, so none waits for what another one needs. */
    load: () => Command;
}

/** One file each. A new command is one entry here. */
const COMMANDS: Record<string, Entry> = {
    plan: {
        summary: "print what each stack would create, without an engine or a cluster",
        load: () => (require("./plan") as typeof import("./plan")).planCommand(),
    },
    preview: {
        summary: "write one page about what `up` would change, for a pull request",
        load: () => (require("./preview") as typeof import("./preview")).previewCommand(),
    },
    up: {
        summary: "bring the stacks of a fleet to what their files say, in waves",
        load: () => (require("./up") as typeof import("./up")).upCommand(),
    },
    destroy: {
        summary: "take stacks down: observees, then the observer; blocks stay",
        load: () => (require("./destroy") as typeof import("./destroy")).destroyCommand(),
    },
    drift: {
        summary: "find what is not as it was deployed, and change nothing",
        load: () => (require("./drift") as typeof import("./drift")).driftCommand(),
    },
    status: {
        summary: "print how the last rollout ended, or where it is",
        load: () => (require("./status") as typeof import("./status")).statusCommand(),
    },
    recover: {
        summary: "settle what a killed update left",
        load: () => (require("./recover") as typeof import("./recover")).recoverCommand(),
    },
    lint: {
        summary: "find what loses data in manifests of any Thanos",
        load: () => (require("./lint") as typeof import("./lint")).lintCommand(),
    },
    import: {
        summary: "write stack files from Helm values of Thanos and kube-prometheus-stack",
        load: () => (require("./import") as typeof import("./import")).importCommand(),
    },
    local: {
        summary: "run a whole fleet on this machine, or remove it",
        load: () => (require("./local") as typeof import("./local")).localCommand(),
    },
    versions: {
        summary: "compare pinned versions with the newest releases",
        load: () => (require("./versions") as typeof import("./versions")).versionsCommand(),
    },
    completion: {
        summary: "print a script with which bash and zsh complete all of this",
        load: () =>
            (require("./completion") as typeof import("./completion")).completionCommand(() =>
                Object.entries(COMMANDS).map(([name, { load }]) => load().name(name)),
            ),
    },
};

const EXAMPLES = `
Examples:
  thanos-fleet plan --stack observer     what this stack would create
  thanos-fleet local                     a fleet on this machine
  thanos-fleet COMMAND --help            options, examples and exit codes of a command

From a checkout: npx thanos-fleet COMMAND. Exit codes: docs/commands.md.
`;

function programFor(args: readonly string[], writeError: (text: string) => void): Command {
    const program = new Command("thanos-fleet")
        .description("Several EKS clusters, one Prometheus: plans, deploys and repairs the stacks of a fleet.")
        .version(version)
        .helpCommand(false)
        .addHelpText("after", EXAMPLES)
        .configureHelp({ sortSubcommands: false })
        .configureOutput({ writeErr: writeError })
        .exitOverride();
    for (const [name, { summary, load }] of Object.entries(COMMANDS))
        if (args[0] === name) program.addCommand(load().name(name).copyInheritedSettings(program));
        else program.command(name).description(summary);
    return program;
}

/** How a command ended, other than well. */
interface Ending {
    exit: Exit;
    message: string;
    problems?: readonly Problem[];
}

function endingOf(error: unknown): Ending {
    if (error instanceof Locked) return { exit: "locked", message: error.message, problems: error.problems };
    if (error instanceof ConfigError) return { exit: "wrongInput", message: error.message, problems: error.problems };
    if (error instanceof BackendFailed) return { exit: "failed", message: error.message };
    if (error instanceof CommandFailed) return { exit: error.exit, message: error.message };
    // Commander has printed the message already, or help.
    if (error instanceof CommanderError) return { exit: error.exitCode === 0 ? "done" : "wrongInput", message: error.message };
    return { exit: "failed", message: (error as Error).stack ?? String(error) };
}

/** Runs the command that the arguments name, and ends the process with its exit code. With `--json`, an error is JSON on standard output, too. */
export async function main(args: readonly string[]): Promise<void> {
    // A reader that has seen enough (`| head`) does not end the command: an update goes on, and what it would have printed is lost.
    for (const stream of [process.stdout, process.stderr])
        stream.on("error", (error: NodeJS.ErrnoException) => {
            if (error.code !== "EPIPE") throw error;
        });
    const json = args.includes("--json");
    const print = (text: string) => void process.stderr.write(text);
    const program = programFor(args, json ? () => {} : print);
    try {
        if (args.length === 0) program.help();
        await program.parseAsync(args, { from: "user" });
    } catch (error) {
        const { exit, message, problems } = endingOf(error);
        const { code } = EXIT_CODES[exit];
        if (json && code !== 0)
            process.stdout.write(`${JSON.stringify({ error: { code, exit, message, ...(problems && { problems }) } })}\n`);
        else if (!(error instanceof CommanderError)) print(`${message}\n`);
        process.exitCode = code;
    }
    // A pipe may not have taken everything yet.
    await new Promise((resolve) => process.stdout.write("", resolve));
    // Open connections to clusters would keep the process running.
    process.exit();
}
