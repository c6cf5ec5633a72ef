import { ConfigError } from "../config/configError";
import { knownStacks } from "../engine/pulumiCli";
import { CommandFailed } from "./exitCodes";
import { failedAsPulumi } from "./pulumiErrors";

/**
 * Answers the names of all stacks in the backend. Refuses where one of `names` was never made, which needs a decision: where its secrets' key is; or is being
 * updated, where the backend says so.
 */
export async function refuseUnknown(directory: string, names: readonly string[]): Promise<string[]> {
    const known = await knownStacks(directory).catch(failedAsPulumi);
    const unknown = names.filter((name) => !known.some((stack) => stack.name === name));
    if (unknown.length > 0)
        throw new CommandFailed(
            "noStack",
            `Pulumi's backend has no stack ${unknown.join(", ")}. Make each with \`pulumi stack init NAME\`, or name others. Nothing was changed.`,
        );
    const updating = known.filter(({ name, updateInProgress }) => updateInProgress && names.includes(name));
    if (updating.length > 0)
        throw new ConfigError(
            "stacks",
            updating.map(({ name }) => ({
                path: name,
                problem: "is being updated.",
                remedy: `Wait until that update ends. If nothing runs, run \`pulumi cancel --stack ${name}\`.`,
            })),
        );
    return known.map(({ name }) => name);
}
