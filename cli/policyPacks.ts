import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ConfigError } from "../config/configError";
import { configProblems } from "../policies/config";
import { RULES } from "../rules";
import type { Problem } from "../rules/problem";

const OWN_FOLDER = join(__dirname, "..", "policies");
const OWN = join(OWN_FOLDER, "pack.js");

export const POLICY_PACK = ["--policy-pack <path...>", "the policy packs to run: folders, or executables", [OWN]] as [
    string,
    string,
    string[],
];
export const POLICY_PACK_CONFIG = [
    "--policy-pack-config <file...>",
    "JSON files with their configuration, one for each policy pack, in the same order (docs/rules/README.md)",
] as const;

interface Options {
    policyPack: string[];
    policyPackConfig?: string[];
}

/** Paths of the packs to run and of their configurations, whichever folder is entered later. Throws a ConfigError where a configuration is wrong. */
export function policyPacksOf({ policyPack, policyPackConfig: configs = [] }: Options): {
    policyPacks: string[];
    policyPackConfigs: string[];
} {
    // Relative to where the command was called, as a shell completes it.
    const policyPacks = policyPack.map((pack) => resolve(pack));
    const problems = configs.flatMap((file, i) => problemsIn(file, policyPacks[i]));
    if (configs.length > 0 && configs.length !== policyPacks.length)
        problems.push({
            path: `--policy-pack-config ${configs.join(" ")}`,
            problem: `is not one for each policy pack: there are ${policyPacks.length}.`,
            remedy: "Name one for each, in their order; one with {} changes nothing.",
        });
    if (problems.length > 0) throw new ConfigError("command line", problems);
    return { policyPacks, policyPackConfigs: configs.map((file) => resolve(file)) };
}

/** Before minutes of work: the engine would find them only when it starts the pack. */
function problemsIn(file: string, pack: string | undefined): Problem[] {
    const path = `--policy-pack-config ${file}`;
    let text: string;
    try {
        text = readFileSync(file, "utf8");
    } catch (error) {
        return [{ path, problem: `cannot be read (${(error as NodeJS.ErrnoException).code}).`, remedy: "Name a JSON file." }];
    }
    try {
        return configProblems(file, JSON.parse(text), pack === OWN || pack === OWN_FOLDER ? RULES : undefined);
    } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        return [{ path, problem: `is no JSON: ${error.message}.`, remedy: "Correct it." }];
    }
}
