import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { ConfigError, EXIT_WRONG_INPUT } from "../config/configError";
import { readStackFile } from "../engine/stackFile";
import { awsStack, withZone } from "../plan/awsStack";
import { beforehandLines } from "../plan/bootstrapCommands";
import type { FleetPlan, StackInput } from "../plan/model";
import { observerOf, planFleet } from "../plan/planFleet";
import { groupedLines, treeLines } from "../plan/print";

const command = new Command("plan")
    .description("Prints what each stack would make, without an engine, a plugin or a cluster.")
    .option("-C, --cwd <directory>", "where Pulumi.yaml and the stack files are", join(__dirname, ".."))
    .option("--stack <name...>", "stacks to plan, by their files Pulumi.<name>.yaml (default: every stack file here)")
    .option("--all", "every resource, as a tree, instead of groups")
    .option("--json", "print {stacks:[{name, role, mode?, resources, warnings}]} and nothing else");

/** Every Pulumi.<stack>.yaml there. */
function allStacks(directory: string): string[] {
    return readdirSync(directory).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
}

async function main(): Promise<void> {
    const options = command.parse().opts<{ cwd: string; stack?: string[]; all?: boolean; json?: boolean }>();
    const known = allStacks(options.cwd);
    const read = (name: string) => withZone({ name, config: readStackFile(options.cwd, name) });
    const lookUp = (name: string) => (known.includes(name) ? read(name) : undefined);
    const stacks = (options.stack ?? known).map(read);
    const plan = await planFleet(stacks, lookUp);
    process.stdout.write(options.json ? `${JSON.stringify(plan, null, 2)}\n` : `${lines(plan, stacks, lookUp, options.all).join("\n")}\n`);
}

function lines(plan: FleetPlan, stacks: StackInput[], lookUp: (name: string) => StackInput | undefined, all = false): string[] {
    if (all) return treeLines(plan);
    const first = plan.stacks.flatMap(({ name }) => {
        const input = stacks.find((stack) => stack.name === name);
        const stack = input && awsStack(input);
        const observer = input && lookUp(observerOf(input) ?? "");
        return stack ? beforehandLines(stack, observer && awsStack(observer)) : [];
    });
    return [...groupedLines(plan), ...first];
}

main().catch((error: unknown) => {
    const wrong = error instanceof ConfigError;
    process.stderr.write(`${wrong ? error.message : ((error as Error).stack ?? error)}\n`);
    process.exitCode = wrong ? EXIT_WRONG_INPUT : 1;
});
