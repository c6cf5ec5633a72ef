import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readFiles, textAt } from "../../lint/files";
import { lint } from "../../lint/lint";
import { ROOT } from "./root";

/** The folder of labelled sets. A set is a manifest, or a folder of manifests that belong together. */
const FOLDER = "tests/lintSets";

export interface LintSet {
    /** By its comment `# Shows: ...`. */
    readonly shows: string;
    /** Findings that it should have by the meaning of the rules, one for each comment `# Finds: L2 StatefulSet compact`. */
    readonly wanted: readonly string[];
    /** Those that it has, written alike. */
    readonly found: readonly string[];
}

export const lintSets = (): LintSet[] =>
    readdirSync(join(ROOT, FOLDER))
        .sort()
        .map((name) => {
            const files = [...readFiles([join(ROOT, FOLDER, name)])];
            const text = files.map((file) => ("text" in file ? file.text : "")).join("\n");
            const comments = (word: string) => [...text.matchAll(new RegExp(`^# ${word}: (.*)$`, "gm"))].map(([, said = ""]) => said);
            const { findings, unreadable } = lint(files, { today: "2026-11-22", fileAt: textAt });
            const [shows = name] = comments("Shows");
            return {
                shows,
                wanted: comments("Finds")
                    .filter((finding) => finding !== "nothing")
                    .sort(),
                found: [
                    ...findings.map(({ rule, message }) => `${rule} ${message.split(/[.:]/)[0]}`),
                    ...unreadable.map(({ file, problem }) => `${file} ${problem}`),
                ].sort(),
            };
        });
