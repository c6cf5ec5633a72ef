import { readdirSync } from "node:fs";
import { ConfigError } from "../config/configError";
import { openStackFile } from "../engine/stackFile";
import { withPlaceholderZone } from "./awsStack";
import type { StackInput } from "./model";

/** The stack files of a folder. */
export interface StackFolder {
    /** The stacks to plan: the named ones, else every one that has a file. */
    stacks: StackInput[];
    /** A stack that need not be among them; undefined if it has no file. */
    find(name: string): StackInput | undefined;
}

/** Enters a folder and reads its stack files Pulumi.<name>.yaml. Paths in a stack file begin at Pulumi.yaml, as for the engine. */
export function enterStackFolder(directory: string, chosen?: readonly string[]): StackFolder {
    const refuse = (path: string, problem: string, remedy: string) => new ConfigError("command line", [{ path, problem, remedy }]);
    try {
        process.chdir(directory);
    } catch (error) {
        const why = { ENOENT: "does not exist.", ENOTDIR: "is no folder." }[(error as NodeJS.ErrnoException).code ?? ""];
        throw refuse(
            `--cwd ${directory}`,
            why ?? `cannot be entered (${(error as NodeJS.ErrnoException).code}).`,
            "Name the folder of Pulumi.yaml and the stack files.",
        );
    }
    const names = readdirSync(".").flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
    if (names.length === 0 && !chosen)
        throw refuse(
            `--cwd ${directory}`,
            "has no stack file Pulumi.<name>.yaml.",
            "Copy Pulumi.observer.yaml or Pulumi.observee.yaml there, or name another folder.",
        );
    const read = (name: string): StackInput => withPlaceholderZone({ name, ...openStackFile(".", name) });
    return {
        stacks: [...new Set(chosen ?? names)].map(read),
        find: (name) => (names.includes(name) ? read(name) : undefined),
    };
}
