import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ConfigError } from "../config/configError";
import { stackNames } from "../engine/stackFile";

/** The option of every command that reads stack files. */
export const DIRECTORY = [
    "-C, --cwd <directory>",
    "the directory of Pulumi.yaml and the stack files (default: the nearest with a Pulumi.yaml, from here upwards)",
] as const;

/**
 * Makes the directory the working one, where paths in a stack file begin, as for the engine.
 *
 * @param directory @default the nearest with a Pulumi.yaml, from the working one upwards, as `pulumi` chooses it
 */
export function enter(directory = nearestProject()): void {
    const refuse = (problem: string) =>
        new ConfigError("command line", [
            { path: `--cwd ${directory}`, problem, remedy: "Name the directory of Pulumi.yaml and the stack files." },
        ]);
    try {
        process.chdir(directory);
    } catch (error) {
        const { code = "" } = error as NodeJS.ErrnoException;
        throw refuse({ ENOENT: "does not exist.", ENOTDIR: "is no directory." }[code] ?? `cannot be entered (${code}).`);
    }
    if (!existsSync("Pulumi.yaml")) throw refuse("has no Pulumi.yaml.");
}

function nearestProject(): string {
    const here = process.cwd();
    for (let directory = here; ; directory = dirname(directory)) {
        if (existsSync(join(directory, "Pulumi.yaml"))) return directory;
        if (directory === dirname(directory))
            throw new ConfigError("command line", [
                {
                    path: "--cwd",
                    problem: `is missing, and neither ${here} nor a directory above it has a Pulumi.yaml.`,
                    remedy: "Name the directory of Pulumi.yaml and the stack files.",
                },
            ]);
    }
}

/** The stacks that a command is about: those that were named, each once, or every one with a stack file, by name. */
export const chosenStacks = (named: readonly string[] | undefined): string[] => (named ? [...new Set(named)] : stackNames(".").sort());
