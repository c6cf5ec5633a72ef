import { LocalWorkspace } from "@pulumi/pulumi/automation";
import { Command } from "commander";
import { clusterOpener } from "../clients/cluster";
import { helmCommand } from "../clients/helm";
import { ConfigError } from "../config/configError";
import { settlePendingOperations } from "../engine/pendingOperations";
import { DIRECTORY, enter } from "./directory";
import { failedAsPulumi } from "./pulumiErrors";

interface Options {
    stack: string;
    cwd?: string;
    import?: string[];
    clear?: string[];
    json?: boolean;
}

export const recoverCommand = () =>
    new Command()
        .description(
            "Settles what a killed `pulumi up` or `pulumi destroy` left, so that the next one goes on: what it created is taken into the state, what it did " +
                "not create is forgotten, and a Helm release in the middle of an operation is rolled back or removed. Uses the Pulumi login, the environment " +
                "and the stack files of the directory, as `pulumi` does, and `helm` ($HELM_BINARY or on PATH) where a release was interrupted.",
        )
        .requiredOption("--stack <name>", "the stack whose operation was killed")
        .option(...DIRECTORY)
        .option("--import <URN=ID...>", "what was created, though this command cannot prove it")
        .option("--clear <URN...>", "what was not created")
        .option("--json", "print only {stack, settled:[{urn, did, text}]}; did: imported, cleared or refreshed")
        .addHelpText(
            "after",
            "\nExamples:\n  thanos-fleet recover --stack my-observer\n  thanos-fleet recover --stack my-observer --import 'URN=ID' --clear 'URN'\n" +
                "\nExit codes: 0 everything is settled; 2 something has to be decided first, and nothing was changed; 1 it failed. See docs/recover.md.",
        )
        .action(recover);

/** `URN=ID` pairs: a URN has no "=". */
function idsByUrn(pairs: readonly string[]): Record<string, string> {
    const problems = pairs
        .filter((pair) => !/^urn:pulumi:[^=]+=./.test(pair))
        .map((pair) => ({
            path: "--import",
            problem: `${JSON.stringify(pair)} is not URN=ID.`,
            remedy: "Write it as in the message of this command.",
        }));
    if (problems.length > 0) throw new ConfigError("command line", problems);
    return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

async function recover(options: Options): Promise<void> {
    const created = idsByUrn(options.import ?? []);
    enter(options.cwd);
    const stack = await LocalWorkspace.selectStack({ stackName: options.stack, workDir: process.cwd() }).catch(failedAsPulumi);
    const settled = await settlePendingOperations(stack, {
        openCluster: clusterOpener(helmCommand()),
        created,
        absent: options.clear ?? [],
    });
    if (options.json) process.stdout.write(`${JSON.stringify({ stack: options.stack, settled }, null, 2)}\n`);
    else {
        const lines = settled.length === 0 ? [`Stack ${options.stack} has no interrupted operation.`] : settled.map(({ text }) => text);
        process.stdout.write(`${lines.join("\n")}\n`);
    }
}
