import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { readFiles, readHcl, textAt } from "../../lint/files";
import { withHcl } from "../../lint/hcl";
import { lint } from "../../lint/lint";
import { ROOT } from "./root";

/** The folder of labelled sets. A set is a manifest, or a folder of manifests that belong together. */
const FOLDER = join(ROOT, "tests/lintSets");

export interface LintSet {
    /** By its comment `# Shows: ...`. */
    readonly shows: string;
    /** Findings that it should have by the meaning of the rules, one for each comment `# Finds: L2 StatefulSet compact`. */
    readonly wanted: readonly string[];
    /** Those that it has, written alike, and what of it could not be read. */
    found(): Promise<string[]>;
}

/** `StatefulSet compact`, `aws_iam_role.thanos`: what a message begins with. */
const TITLE = /^[^.:\s]+[ .][^.:\s]+/;

export const lintSets = (): LintSet[] => readdirSync(FOLDER).sort().map(setAt);

function setAt(name: string): LintSet {
    const path = join(FOLDER, name);
    const inside = statSync(path).isDirectory()
        ? readdirSync(path, { recursive: true, encoding: "utf8" }).map((file) => join(path, file))
        : [path];
    const files = inside.filter((file) => statSync(file).isFile()).sort();
    const text = files.map((file) => readFileSync(file, "utf8")).join("\n");
    const comments = (word: string) => [...text.matchAll(new RegExp(`^# ${word}: (.*)$`, "gm"))].map(([, said = ""]) => said);
    const [shows = name] = comments("Shows");
    return {
        shows,
        wanted: comments("Finds")
            .filter((finding) => finding !== "nothing")
            .sort(),
        async found() {
            const read = [...readFiles([path]), ...(await withHcl(readHcl([path])))];
            const { findings, unreadable } = lint(read, { today: "2026-11-22", fileAt: textAt });
            return [
                ...findings.map(({ rule, message }) => `${rule} ${TITLE.exec(message)?.[0]}`),
                ...unreadable.map(({ file, problem }) => `${file} ${problem}`),
            ].sort();
        },
    };
}
