import { spawnSync } from "node:child_process";
import { isMap } from "../rules/isMap";
import type { Problem } from "../rules/problem";

/** A program that checks rule files. */
interface RuleTool {
    name: string;
    args: (file: string) => string[];
    /** Says in what it prints what is wrong with a file. */
    problem: RegExp;
}

const TOOLS: readonly RuleTool[] = [
    // Without the second option it refuses Thanos's own fields.
    { name: "promtool", args: (file) => ["check", "rules", "--lint=none", "--ignore-unknown-fields", file], problem: /FAILED:\s+(\S.*)/ },
    { name: "thanos", args: (file) => ["tools", "rules-check", `--rules=${file}`], problem: /level=error error="((?:[^"\\]|\\.)*)"/ },
];

/** What is found by asking promtool and Thanos, and which of them could not be asked. */
export interface ToolsSay {
    problems: Problem[];
    warnings: string[];
}

/** Asks those of the tools that are on PATH about the rule files of a stack. The program has read these already; the tools may be those that will load them. */
export function askRuleTools(rule: unknown): ToolsSay {
    const files = isMap(rule) && Array.isArray(rule.files) ? (rule.files as string[]) : [];
    const say: ToolsSay = { problems: [], warnings: [] };
    for (const [i, file] of files.entries())
        for (const { name, args, problem } of TOOLS) {
            const { error, status, stdout, stderr } = spawnSync(name, args(file), { encoding: "utf8", timeout: 30_000 });
            if (status === 0 || (error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") continue;
            const why = problem.exec(`${stdout}${stderr}`)?.[1]?.replaceAll('\\"', '"');
            if (why === undefined)
                say.warnings.push(
                    `rule.files[${i}]: ${name} on PATH cannot check it: ${error?.message ?? stderr.trim().split("\n").at(-1)}`,
                );
            else say.problems.push({ path: `rule.files[${i}]`, problem: `${name} refuses ${file}: ${why}.`, remedy: "Mend the file." });
        }
    return say;
}
