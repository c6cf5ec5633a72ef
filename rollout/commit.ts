import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** The commit of a directory, with "-dirty" where files differ from it; undefined outside of a repository, and without git. */
export const commitOf = (directory: string): Promise<string | undefined> =>
    promisify(execFile)("git", ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"], { cwd: directory }).then(
        ({ stdout }) => stdout.trim() || undefined,
        () => undefined,
    );
