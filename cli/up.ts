import { join } from "node:path";
import { Command } from "commander";
import { backendFolder, backendUrl, outputOf } from "../engine/pulumiCli";
import { stackNames } from "../engine/stackFile";
import { readFleet } from "../rollout/fleet";
import { type Evidence, evidenceBefore, waitAtGate } from "../rollout/gate";
import type { RollOutOptions } from "../rollout/rollOut";
import { type RolloutSettings, readSettings } from "../rollout/settings";
import { type Deployed, type FleetStack, wavesOf } from "../rollout/waves";
import { VERSIONS } from "../upstream/versions";
import { DIRECTORY, enter } from "./directory";
import { refuseUnknown } from "./knownStacks";
import { failedAsPulumi } from "./pulumiErrors";
import { type Printer, runRollout } from "./rollout";

interface Options {
    cwd?: string;
    stack?: string[];
    policyPack: string[];
    json?: boolean;
}

const CHECKOUT = join(__dirname, "..");

export const upCommand = () =>
    new Command()
        .description(
            "Brings stacks to what this checkout and their stack files say, in waves: the observer, one observee, a tenth, the rest (docs/rollouts.md). All stacks " +
                "of a wave are previewed with the policy packs before one of them is updated. The first failure stops the rollout, and the next run goes on. Asks no " +
                "question. Uses the Pulumi login, the environment and the stack files of the directory, as `pulumi` does.",
        )
        .option(...DIRECTORY)
        .option("--stack <name...>", "only these stacks (default: every stack file)")
        .option("--policy-pack <directory...>", "the policy packs to run", [join(CHECKOUT, "policies")])
        .option("--json", "print events, one JSON object a line")
        .addHelpText(
            "after",
            "\nExamples:\n  thanos-fleet up\n  thanos-fleet up --stack my-observer blue\n  thanos-fleet up --json | jq -r 'select(.event == \"verdict\").text'\n" +
                "\nExit codes: 0 done; 20 the fleet was not well after a wave; 21 stopped after something was changed; 8 cancelled. Others: docs/commands.md.",
        )
        .action(up);

async function up(options: Options): Promise<void> {
    enter(options.cwd);
    const directory = process.cwd();
    const names = options.stack ?? stackNames(".");
    const settings = readSettings(".");
    const fleet = readFleet(names);
    const folder = backendFolder(await backendUrl(directory).catch(failedAsPulumi), directory);
    await refuseUnknown(directory, names);
    const waves = wavesOf({ stacks: fleet, settings, deployed: await deployedBy(directory, fleet), thanos: VERSIONS.thanos });

    await runRollout({
        command: "up",
        waves,
        directory,
        folder,
        names,
        parallel: settings.parallel,
        policyPacks: options.policyPack,
        ...(options.json && { json: true }),
        prepare: async (print) => (settings.gate ? { gate: gateOf(settings.gate, await evidenceBefore(settings.gate), fleet, print) } : {}),
    });
}

/** What the observers among the stacks run now, by their contracts. */
async function deployedBy(directory: string, fleet: readonly FleetStack[]): Promise<Map<string, Deployed>> {
    const found = new Map<string, Deployed>();
    for (const { name, role } of fleet) {
        if (role !== "observer") continue;
        const contract = await outputOf(directory, name, "contract").catch(failedAsPulumi);
        if (contract === undefined) continue;
        const { thanos, observees } = contract as { thanos: string; observees: { name: string }[] };
        found.set(name, { thanos, observees: observees.map((observee) => observee.name) });
    }
    return found;
}

/**
 * The gate after each wave: who answered before the rollout or was updated in it has to answer, and no alert may fire that did not fire before. `before`: the
 * evidence from before the rollout.
 */
function gateOf(
    gate: NonNullable<RolloutSettings["gate"]>,
    before: Evidence,
    fleet: readonly FleetStack[],
    print: Printer,
): NonNullable<RollOutOptions["gate"]> {
    return (updated, signal) => {
        const clusters = fleet.flatMap(({ name, cluster }) => (updated.includes(name) ? [cluster] : []));
        const demands = { clusters: [...new Set([...before.newest.keys(), ...clusters])].sort(), since: Date.now(), known: before.alerts };
        return waitAtGate(gate, demands, signal, (text) => print.doing("gate", text));
    };
}
