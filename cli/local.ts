import { Command, Option } from "commander";
import { OperationFailed } from "../engine/operation";
import { failures, type Verdict, verdictLine } from "../local/doctor";
import { down } from "../local/down";
import { diagnose } from "../local/examine";
import { FleetFailure } from "../local/fleet/failure";
import type { SourceKind } from "../local/fleet/state";
import { ToolError } from "../local/offline/findTools";
import { type FleetStatus, fleetStatus, statusLines } from "../local/status";
import { up } from "../local/up";
import { version } from "../package.json";
import { color } from "../terminal/color";
import { createProgress, type Progress, styleFor } from "../terminal/progress";
import { CommandFailed } from "./exitCodes";
import { onInterrupt } from "./interrupt";

interface Options {
    down?: boolean;
    agents?: boolean;
    context?: string[];
    clusters?: SourceKind;
    nodeImage?: string;
    doctor?: boolean;
    status?: boolean;
    json?: boolean;
}

export const localCommand = () =>
    new Command()
        .description(
            "A whole fleet on this machine: an observer and observees, with real Kubernetes, Thanos and Prometheus. `npm start` is the same.",
        )
        .option(
            "--agents",
            "a fleet with two clusters more, which run Prometheus agents, and Rule, which evaluates for them (13 GiB of memory)",
        )
        .option("--down", "remove everything that was made, also after a crash")
        .option(
            "--context <cluster=context...>",
            "use these contexts of your kubeconfig instead of making clusters, one for each cluster of the fleet",
        )
        .addOption(
            new Option(
                "--clusters <source>",
                "where the clusters come from (default: contexts if you name them, else kind if Docker answers, else built)",
            ).choices(["kind", "built", "given"]),
        )
        .option("--node-image <image>", "image of the nodes of kind clusters that are made (default: the one of kind's release)")
        .option("--doctor", "only say whether this machine can run the fleet, and what it lacks")
        .option("--status", "only say which fleet is running here, and where it answers")
        .option("--json", "print events, one JSON object a line")
        .addHelpText(
            "after",
            "\nExamples:\n  thanos-fleet local\n  thanos-fleet local --agents\n  thanos-fleet local --context observer=one blue=two red=three\n  thanos-fleet local --doctor\n  thanos-fleet local --down",
        )
        .action(local);

async function local(options: Options): Promise<void> {
    const progress = createProgress(styleFor(process.stdout, options.json ?? false));
    const signal = onInterrupt(() =>
        progress.say("\nStopping: the running step ends first. `npm start` goes on from there, `npm start -- --down` removes everything."),
    );
    const asked = {
        agents: options.agents ?? false,
        contexts: options.context ?? [],
        ...(options.clusters && { clusters: options.clusters }),
        ...(options.nodeImage && { nodeImage: options.nodeImage }),
    };
    if (options.status) return sayStatus(await fleetStatus(), progress, options.json);
    try {
        if (options.doctor) return sayVerdicts(await diagnose(asked, signal), progress, options.json);
        progress.say(color.bold(`thanos-fleet ${version}: a fleet on this machine\n`));
        if (options.down) await down(progress, signal);
        else await up(asked, progress, signal);
    } catch (error) {
        const { message, name } = error as Error;
        if (name === "AbortError") throw new CommandFailed("cancelled", "Stopped.");
        if (error instanceof OperationFailed)
            throw new CommandFailed(error.because === "cancelled" ? "cancelled" : "failed", `\n${message}`);
        throw error instanceof ToolError || error instanceof FleetFailure ? new CommandFailed("failed", `\n${message}`) : error;
    }
}

function sayVerdicts(all: readonly Verdict[], progress: Progress, json = false): void {
    if (json) progress.event("doctor", { checks: all });
    else progress.say(all.map(verdictLine).join("\n"));
    if (failures(all).length > 0) throw new CommandFailed("wrongInput", "The fleet cannot run here yet: see what failed.");
}

function sayStatus(status: FleetStatus | undefined, progress: Progress, json = false): void {
    if (json) progress.event("status", { fleet: status ?? null });
    else progress.say(statusLines(status).join("\n"));
}
