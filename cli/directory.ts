import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../config/configError";

/** The option of every command that reads stack files. */
export const DIRECTORY = ["-C, --cwd <directory>", "the directory of Pulumi.yaml and the stack files", join(__dirname, "..")] as const;

/** Makes the directory the working one, where paths in a stack file begin, as for the engine. */
export function enter(directory: string): void {
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
