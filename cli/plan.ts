import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { ConfigError, EXIT_WRONG_INPUT } from "../config/problems";
import { planFleet, treeLines } from "./fleetPlan";
import { readStackFile } from "./stackFile";

const command = new Command("plan")
    .description("Prints what each stack would make, without an engine, a plugin or a cluster.")
    .option("-C, --cwd <directory>", "where Pulumi.yaml and the stack files are", join(__dirname, ".."))
    .option("--stack <name...>", "stacks to plan, by their files Pulumi.<name>.yaml (default: every stack file here)")
    .option("--json", "print {stacks:[{name, role, mode?, resources, warnings}]} and nothing else");

/** Every Pulumi.<stack>.yaml there. */
function allStacks(directory: string): string[] {
    return readdirSync(directory).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
}

async function main(): Promise<void> {
    const options = command.parse().opts<{ cwd: string; stack?: string[]; json?: boolean }>();
    const known = allStacks(options.cwd);
    const read = (name: string) => ({ name, config: readStackFile(options.cwd, name) });
    const plan = await planFleet((options.stack ?? known).map(read), (name) => (known.includes(name) ? read(name) : undefined));
    process.stdout.write(options.json ? `${JSON.stringify(plan, null, 2)}\n` : `${treeLines(plan).join("\n")}\n`);
}

main().catch((error: unknown) => {
    const wrong = error instanceof ConfigError;
    process.stderr.write(`${wrong ? error.message : ((error as Error).stack ?? error)}\n`);
    process.exitCode = wrong ? EXIT_WRONG_INPUT : 1;
});
