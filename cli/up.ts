import { join } from "node:path";
import { Command } from "commander";
import { ConfigError } from "../config/configError";
import { backendFolder, backendUrl, outputOf } from "../engine/pulumiCli";
import { stackNames } from "../engine/stackFile";
import { examineStacks } from "../rollout/examine";
import { readFleet } from "../rollout/fleet";
import { type Evidence, evidenceBefore, waitAtGate } from "../rollout/gate";
import { changesIn, isPartlyDone, type Rollout, type RolloutEvent, rolloutOf, verdict } from "../rollout/journal";
import { type Journal, JournalFailed, openJournal } from "../rollout/journalStore";
import { type RollOutOptions, rollOut } from "../rollout/rollOut";
import { type RolloutSettings, readSettings } from "../rollout/settings";
import { stackDriver } from "../rollout/stackDriver";
import { type Deployed, type FleetStack, wavesOf } from "../rollout/waves";
import { color } from "../terminal/color";
import { formatElapsed } from "../terminal/progress";
import { VERSIONS } from "../upstream/versions";
import { DIRECTORY, enter } from "./directory";
import { CommandFailed, type Exit } from "./exitCodes";
import { onInterrupt } from "./interrupt";
import { refuseUnknown } from "./knownStacks";
import { failedAsPulumi } from "./pulumiErrors";

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

    const print = options.json ? printJson : printText;
    const signal = onInterrupt(() =>
        print.say("Stopping: what runs is cancelled, and ends in order. `thanos-fleet up` goes on from there."),
    );
    const journal = folder === undefined ? undefined : await openJournal(folder);
    try {
        const problems = await examineStacks(directory, names, folder, settings.parallel);
        if (problems.length > 0) throw new ConfigError("stacks", problems);
        announce(print, journal);
        const gate = settings.gate && gateOf(settings.gate, await evidenceBefore(settings.gate), fleet, print);
        const rollout = await rollOut(waves, {
            drive: stackDriver({ directory, policyPacks: options.policyPack }),
            parallel: settings.parallel,
            ...(gate && { gate }),
            signal,
            onDoing: print.doing,
            onEvent: async (event) => {
                await journal?.record({ time: new Date().toISOString(), ...event });
                print.event(event);
            },
        });
        const text = verdict(rollout);
        print.verdict(text);
        const exit = exitOf(rollout);
        if (exit !== "done") throw new CommandFailed(exit, options.json ? text : NEXT[exit === "cancelled" ? "cancelled" : "stopped"]);
    } catch (error) {
        throw error instanceof JournalFailed ? new CommandFailed("failed", error.message) : error;
    } finally {
        await journal?.close();
    }
}

/** What to do after a rollout that did not end well. */
const NEXT = {
    cancelled: "Run `thanos-fleet up` again to go on.",
    stopped: "Mend it, then run `thanos-fleet up` again: stacks that are done have nothing to change.",
};

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

/** The exit code of a rollout that has ended. */
export function exitOf(rollout: Rollout): Exit {
    if (rollout.ended === "done" || rollout.ended === "cancelled") return rollout.ended;
    if (rollout.gate?.refused !== undefined) return "gateFailed";
    if (isPartlyDone(rollout)) return "partlyDone";
    const because = rollout.failures[0]?.because;
    return because === "policy" || because === "wrongInput" ? because : "failed";
}

interface Printer {
    say(text: string): void;
    event(event: RolloutEvent): void;
    /** What the engine does with a stack now. */
    doing(stack: string, text: string): void;
    verdict(text: string): void;
}

function announce(print: Printer, journal: Journal | undefined): void {
    if (journal === undefined) print.say("No journal: only a backend of files (`file://`) keeps one so far.");
    else if (journal.earlier.length === 0) print.say(`Rollout ${journal.id}`);
    else print.say(`Rollout ${journal.id} goes on. ${verdict(rolloutOf(journal.earlier))}`);
}

const writeJson = (data: object) => void process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...data })}\n`);

const printJson: Printer = {
    say: (text) => writeJson({ event: "say", text }),
    event: writeJson,
    doing: (stack, text) => writeJson({ event: "doing", stack, text }),
    verdict: (text) => writeJson({ event: "verdict", text }),
};

/** A line for every resource of several stacks would bury what matters. */
const DOING_EVERY_MS = 15_000;

const printText: Printer = (() => {
    const write = (text: string) => void process.stdout.write(`${text}\n`);
    const since = new Map<string, number>();
    const lastLine = new Map<string, number>();
    const line = (stack: string, text: string) => {
        lastLine.set(stack, Date.now());
        write(`${stack.padEnd(22)} ${text}`);
    };
    const elapsed = (stack: string) => color.dim(formatElapsed(since.get(stack) ?? Date.now()));
    const begin = (stack: string, text: string) => {
        since.set(stack, Date.now());
        line(stack, `${text} ...`);
    };
    return {
        say: write,
        verdict: (text) => write(`\n${text}`),
        doing: (stack, text) => {
            if (Date.now() - (lastLine.get(stack) ?? 0) >= DOING_EVERY_MS) line(stack, `... ${text} ${elapsed(stack)}`);
        },
        event: (event) => {
            if (event.event === "started")
                for (const [i, { stacks, why }] of event.waves.entries()) write(`Wave ${i + 1}: ${stacks.join(", ")} (${why})`);
            if (event.event === "previewing") begin(event.stack, "preview");
            if (event.event === "updating") begin(event.stack, "update");
            if (event.event === "previewed") line(event.stack, `preview ok ${elapsed(event.stack)}`);
            if (event.event === "updated") line(event.stack, `ok, ${changesIn(event.counts)} changed ${elapsed(event.stack)}`);
            if (event.event === "gateBegun") begin("gate", `after wave ${event.wave}`);
            if (event.event === "gatePassed") line("gate", `passed ${elapsed("gate")}`);
            if (event.event === "gateRefused") line("gate", `${color.red("FAILED")} ${event.why} ${elapsed("gate")}`);
            if (event.event === "failed") line(event.stack, `${color.red("FAILED")} ${event.message} ${elapsed(event.stack)}`);
        },
    };
})();
