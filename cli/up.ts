import { Command } from "commander";
import { ConfigError } from "../config/configError";
import { backendOf, outputOf } from "../engine/pulumiCli";
import { readFleet } from "../rollout/fleet";
import { askEvidence, type Before, beforeOf, waitAtGate } from "../rollout/gate";
import type { RollOutOptions } from "../rollout/rollOut";
import { type RolloutSettings, readSettings, SETTINGS_FILE } from "../rollout/settings";
import { type Deployed, type FleetStack, wavesForNone, wavesOf } from "../rollout/waves";
import { parseDuration } from "../rules/duration";
import { VERSIONS } from "../upstream/versions";
import { chosenStacks, DIRECTORY, enter } from "./directory";
import { refuseUnknownOrUpdated } from "./knownStacks";
import { POLICY_PACK, POLICY_PACK_CONFIG, policyPacksOf } from "./policyPacks";
import { failedAsPulumi } from "./pulumiErrors";
import { type Preparation, type Printer, runRollout } from "./rollout";
import { WAIT, waitOf } from "./turn";

interface Options {
    cwd?: string;
    stack?: string[];
    policyPack: string[];
    policyPackConfig?: string[];
    refresh?: boolean;
    wait?: string;
    accept?: boolean;
    json?: boolean;
}

export const upCommand = () =>
    new Command()
        .description(
            "Brings stacks to what this checkout and their stack files say, in waves: the observer, one observee, a tenth, the rest (docs/rollouts.md). All stacks " +
                "of a wave are previewed with the policy packs before one of them is updated. The first failure stops the rollout, and the next run goes on. Asks no " +
                "question. Uses the Pulumi login, the environment and the stack files of the directory, as `pulumi` does.",
        )
        .option(...DIRECTORY)
        .option("--stack <name...>", "only these stacks (default: every stack file)")
        .option(...POLICY_PACK)
        .option(...POLICY_PACK_CONFIG)
        .option("--refresh", "read every resource anew before it is compared, and so put back what others have changed")
        .option(...WAIT)
        .option("--accept", "take the fleet as it is now: gates do not stop for what is unwell at this moment (docs/rollouts.md)")
        .option("--json", "print events, one JSON object a line")
        .addHelpText(
            "after",
            "\nExamples:\n  thanos-fleet up\n  thanos-fleet up --stack my-observer blue\n  thanos-fleet up --json | jq -r 'select(.event == \"verdict\").text'\n" +
                "\nExit codes: 0 done; 20 the fleet was not well after a wave; 21 stopped after something was changed; 22 somebody else holds a lock; 8 cancelled. Others: docs/commands.md.",
        )
        .action(up);

async function up(options: Options): Promise<void> {
    const wait = waitOf(options.wait);
    const packs = policyPacksOf(options);
    enter(options.cwd);
    const directory = process.cwd();
    const names = chosenStacks(options.stack);
    const settings = readSettings(".");
    const fleet = readFleet(names);
    const problems = options.stack ? [] : wavesForNone(fleet, settings.waves);
    if (problems.length > 0) throw new ConfigError(SETTINGS_FILE, problems);
    const backend = await backendOf(directory).catch(failedAsPulumi);
    await refuseUnknownOrUpdated(directory, names);
    const deployed = await deployedBy(directory, fleet);
    await runRollout({
        command: "up",
        waves: wavesOf({ stacks: fleet, settings, deployed, thanos: VERSIONS.thanos }),
        directory,
        backend,
        names,
        parallel: settings.parallel,
        ...packs,
        ...(options.refresh && { refresh: true }),
        wait,
        soak: settings.gate ? parseDuration(settings.gate.soak) : 0,
        ...(options.json && { json: true }),
        prepare: async (preparation) =>
            settings.gate
                ? {
                      gate: await gateFor(settings.gate, fleet, {
                          ...preparation,
                          accept: options.accept === true,
                          isFirst: deployed.size === 0,
                      }),
                  }
                : noGate(preparation.print),
    });
}

function noGate(print: Printer): object {
    print.say('No gate: each wave begins when Pulumi is done with the one before (docs/rollouts.md, "Gates").');
    return {};
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
 * The gate after each wave: who answered before the rollout or was updated in it has to answer, and nothing may be unwell that was well before. Before is the
 * begin of the rollout, not of this run: what an earlier run has broken is not accepted by the next one, once that has reached it.
 */
async function gateFor(
    gate: NonNullable<RolloutSettings["gate"]>,
    fleet: readonly FleetStack[],
    { print, rollout, record, accept, isFirst }: Preparation & { accept: boolean; isFirst: boolean },
): Promise<NonNullable<RollOutOptions["gate"]>> {
    const before = (!accept && rollout.before) || (await evidenceNow(gate, isFirst));
    if (before !== rollout.before) await record({ event: "evidence", ...before });
    // A mend of the last wave must not fail at the gate of the first one.
    const left = rollout.unproven.size > 0 ? await askEvidence(gate).then(beforeOf, () => undefined) : before;
    const archived = fleet.flatMap((stack) => stack.archived ?? []);
    const accepted = accept ? [...rollout.unproven] : [];
    return async ({ updated, unreached, configHashes }, signal) => {
        const known = unreached.length === 0 ? before : left;
        if (known === undefined) return {};
        const changed = fleet.filter(({ name }) => updated.includes(name) && !accepted.includes(name));
        const configs = new Map(
            changed.flatMap(({ name, cluster }) => [configHashes.get(name)].flatMap((hash) => (hash ? [[cluster, hash]] : []))),
        );
        const clusters = [...new Set([...known.clusters, ...changed.map(({ cluster }) => cluster)])]
            .filter((cluster) => !archived.includes(cluster))
            .sort();
        return waitAtGate(gate, { clusters, configs, since: Date.now(), before: known }, signal, (text) => print.doing("gate", text));
    };
}

const NOTHING_KNOWN: Before = { clusters: [], alerts: [], failedUploads: [], warnings: [] };

/** `isFirst`: no observer is deployed, so nothing can answer. */
const evidenceNow = (gate: NonNullable<RolloutSettings["gate"]>, isFirst: boolean): Promise<Before> =>
    askEvidence(gate).then(beforeOf, (error: Error) => {
        if (isFirst) return NOTHING_KNOWN;
        throw new ConfigError(SETTINGS_FILE, [
            {
                path: "gate.query",
                problem: `${gate.query} does not answer: ${error.message}.`,
                remedy: "Write the address of Query or Query Frontend, as this machine reaches it; or leave the gate out where this rollout is to mend them.",
            },
        ]);
    });
