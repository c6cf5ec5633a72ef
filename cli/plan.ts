import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { readStackFile } from "../engine/stackFile";
import { toAwsStack, withPlaceholderZone } from "../plan/awsStack";
import type { FleetPlan, StackInput } from "../plan/model";
import { observerStackName, planFleet } from "../plan/planFleet";
import { bootstrapLines, groupedLines, treeLines } from "../plan/print";

interface Options {
    cwd: string;
    stack?: string[];
    all?: boolean;
    json?: boolean;
}

export const planCommand = () =>
    new Command()
        .description("Prints what each stack would create, without an engine, a plugin or a cluster.")
        .option("-C, --cwd <directory>", "the directory of Pulumi.yaml and the stack files", join(__dirname, ".."))
        .option("--stack <name...>", "plan only these stacks, from their files Pulumi.<name>.yaml (default: every stack file)")
        .option("--all", "print every resource, as a tree, instead of groups")
        .option("--json", "print only {stacks:[{name, role, mode?, resources, warnings}]}")
        .addHelpText(
            "after",
            "\nExamples:\n  thanos-fleet plan\n  thanos-fleet plan --stack observer blue --all\n  thanos-fleet plan --json | jq '.stacks[].resources | length'",
        )
        .action(plan);

/** The names of the stacks that have a file Pulumi.<name>.yaml in the directory. */
function stackNames(directory: string): string[] {
    return readdirSync(directory).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
}

async function plan(options: Options): Promise<void> {
    // Paths in a stack file begin at Pulumi.yaml, as for the engine.
    process.chdir(options.cwd);
    const names = stackNames(".");
    const readStack = (name: string) => withPlaceholderZone({ name, config: readStackFile(".", name) });
    const findStack = (name: string) => (names.includes(name) ? readStack(name) : undefined);
    const stacks = (options.stack ?? names).map(readStack);
    const planned = await planFleet(stacks, findStack);
    if (options.json) process.stdout.write(`${JSON.stringify(planned, null, 2)}\n`);
    else {
        const lines = options.all ? treeLines(planned) : [...groupedLines(planned), ...bootstrapScripts(planned, stacks, findStack)];
        process.stdout.write(`${lines.join("\n")}\n`);
    }
}

/** The commands before the first `pulumi up` of each stack on AWS, in the order of the plan. */
function bootstrapScripts(plan: FleetPlan, stacks: StackInput[], findStack: (name: string) => StackInput | undefined): string[] {
    return plan.stacks.flatMap(({ name }) => {
        const input = stacks.find((stack) => stack.name === name);
        const stack = input && toAwsStack(input);
        const observer = input && findStack(observerStackName(input) ?? "");
        return stack ? bootstrapLines(stack, observer && toAwsStack(observer)) : [];
    });
}
