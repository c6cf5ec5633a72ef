import { ConfigError } from "../config/configError";
import { knownStacks } from "../engine/pulumiCli";
import { CommandFailed } from "./exitCodes";
import { failedAsPulumi } from "./pulumiErrors";

/** Refuses stacks that were never made: each needs a decision, where its secrets' key is. And those that are being updated, where the backend says so. */
export async function refuseUnknown(directory: string, names: readonly string[]): Promise<void> {
    const known = await knownStacks(directory).catch(failedAsPulumi);
    const unknown = names.filter((name) => !known.some((stack) => stack.name === name));
    if (unknown.length > 0)
        throw new CommandFailed(
            "noStack",
            `Pulumi's backend has no stack ${unknown.join(", ")}. Make each with \`pulumi stack init NAME\`, or name others with --stack. Nothing was changed.`,
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
}
