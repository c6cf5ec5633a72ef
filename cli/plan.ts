import { Command } from "commander";
import { toAwsStack } from "../plan/awsStack";
import { readStackFolder } from "../plan/folder";
import type { FleetPlan, StackInput } from "../plan/model";
import { observerStackName, planFleet } from "../plan/planFleet";
import { bootstrapLines, groupedLines, treeLines } from "../plan/print";
import { DIRECTORY, enter } from "./directory";

interface Options {
    cwd?: string;
    stack?: string[];
    all?: boolean;
    json?: boolean;
}

export const planCommand = () =>
    new Command()
        .description("Prints what each stack would create, without an engine, a plugin or a cluster.")
        .option(...DIRECTORY)
        .option("--stack <name...>", "plan only these stacks, from their files Pulumi.<name>.yaml (default: every stack file)")
        .option("--all", "print every resource, as a tree, instead of groups")
        .option("--json", "print only {stacks:[{name, role, mode?, resources, warnings}]}")
        .addHelpText(
            "after",
            "\nExamples:\n  thanos-fleet plan\n  thanos-fleet plan --stack observer blue --all\n  thanos-fleet plan --json | jq '.stacks[].resources | length'",
        )
        .action(plan);

async function plan({ cwd, stack, all, json }: Options): Promise<void> {
    enter(cwd);
    const { stacks, find } = readStackFolder(stack);
    const planned = await planFleet(stacks, find);
    if (json) process.stdout.write(`${JSON.stringify(planned, null, 2)}\n`);
    else {
        const lines = all ? treeLines(planned) : [...groupedLines(planned), ...bootstrapScripts(planned, stacks, find)];
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
