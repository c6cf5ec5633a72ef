import { ConfigError } from "../config/configError";
import { type KnownStack, knownStacks } from "../engine/pulumiCli";
import type { Problem } from "../rules/problem";
import { CommandFailed } from "./exitCodes";
import { failedAsPulumi } from "./pulumiErrors";

/** Answers all stacks in the backend. Refuses where one of `names` was never made, which needs a decision: where its secrets' key is. */
export async function refuseUnknown(directory: string, names: readonly string[]): Promise<KnownStack[]> {
    const known = await knownStacks(directory).catch(failedAsPulumi);
    const unknown = names.filter((name) => !known.some((stack) => stack.name === name));
    if (unknown.length > 0)
        throw new CommandFailed(
            "noStack",
            `Pulumi's backend has no stack ${unknown.join(", ")}. Make each with \`pulumi stack init NAME\`, or name others. Nothing was changed.`,
        );
    return known;
}

/** That a stack is being updated, where the backend says so. */
export const updateOf = ({ name, updateInProgress }: KnownStack): Problem[] =>
    updateInProgress
        ? [
              {
                  path: name,
                  problem: "is being updated.",
                  remedy: `Wait until that update ends. If nothing runs, run \`pulumi cancel --stack ${name}\`.`,
              },
          ]
        : [];

/** The same, and refuses where one of `names` is being updated. */
export async function refuseUnknownOrUpdated(directory: string, names: readonly string[]): Promise<KnownStack[]> {
    const known = await refuseUnknown(directory, names);
    const problems = known.filter(({ name }) => names.includes(name)).flatMap(updateOf);
    if (problems.length > 0) throw new ConfigError("stacks", problems);
    return known;
}
