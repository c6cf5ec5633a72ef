import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { join } from "node:path";

/** What git prints. `silence` is what it means if it fails without a word. */
const git = (cwd: string, args: readonly string[], silence = "git fails without a word."): string => {
    try {
        return execFileSync("git", args, { cwd, encoding: "utf8", maxBuffer: 2 ** 28, stdio: ["ignore", "pipe", "pipe"] });
    } catch (error) {
        const { stderr, message } = error as Error & { stderr?: string };
        const said = (stderr ?? message).trim().split("\n")[0];
        throw new Error(`--changed-since: ${said ? `git says: ${said}` : silence}`);
    }
};

/**
 * Tells whether a file differs from what it was where the work in `cwd` left `ref`: committed or not, new files too.
 * Throws if git does not know `ref`. What is no file of the checkout (standard input) counts as changed.
 */
export function changedSince(cwd: string, ref: string): (file: string) => boolean {
    const root = git(cwd, ["rev-parse", "--show-toplevel"]).trim();
    // Of a shallow clone, as actions/checkout makes it, the common commit is often not there.
    const apart = `${ref} and HEAD have no common commit here. Fetch the whole history: fetch-depth: 0 of actions/checkout, or git fetch --unshallow.`;
    const base = git(cwd, ["merge-base", "--end-of-options", ref, "HEAD"], apart).trim();
    const names = [
        git(root, ["diff", "--name-only", "-z", "--no-renames", base, "--"]),
        git(root, ["ls-files", "--others", "--exclude-standard", "-z"]),
    ].flatMap((output) => output.split("\0").filter((name) => name !== ""));
    const changed = new Set(names.map((name) => join(root, name)));
    return (file) => {
        try {
            const real = realpathSync(join(cwd, file));
            return changed.has(real) || !real.startsWith(join(root, "/"));
        } catch {
            return true;
        }
    };
}
