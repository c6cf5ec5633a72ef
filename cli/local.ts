import { Command } from "commander";
import { OperationFailed } from "../engine/operation";
import { down } from "../local/down";
import { FleetFailure } from "../local/fleet/failure";
import { ToolError } from "../local/offline/findTools";
import { up } from "../local/up";
import { version } from "../package.json";
import { color } from "../terminal/color";
import { createProgress, styleFor } from "../terminal/progress";
import { CommandFailed } from "./exitCodes";
import { onInterrupt } from "./interrupt";

interface Options {
    down?: boolean;
    context?: string[];
    json?: boolean;
}

export const localCommand = () =>
    new Command()
        .description(
            "A whole fleet on this machine: an observer, and one observee of each mode, with real Kubernetes, Thanos and Prometheus. `npm start` is the same.",
        )
        .option("--down", "remove everything that was made, also after a crash")
        .option(
            "--context <cluster=context...>",
            "use these contexts of your kubeconfig instead of making clusters, one for each cluster of the fleet",
        )
        .option("--json", "print events, one JSON object a line")
        .addHelpText(
            "after",
            "\nExamples:\n  thanos-fleet local\n  thanos-fleet local --context observer=one blue=two red=three\n  thanos-fleet local --down",
        )
        .action(local);

async function local(options: Options): Promise<void> {
    const progress = createProgress(styleFor(process.stdout, options.json ?? false));
    const signal = onInterrupt(() =>
        progress.say("\nStopping: the running step ends first. `npm start` goes on from there, `npm start -- --down` removes everything."),
    );
    progress.say(color.bold(`thanos-fleet ${version}: a fleet on this machine\n`));
    try {
        if (options.down) await down(progress, signal);
        else await up(options.context ?? [], progress, signal);
    } catch (error) {
        const { message, name } = error as Error;
        if (name === "AbortError") throw new CommandFailed("cancelled", "Stopped.");
        if (error instanceof OperationFailed)
            throw new CommandFailed(error.because === "cancelled" ? "cancelled" : "failed", `\n${message}`);
        throw error instanceof ToolError || error instanceof FleetFailure ? new CommandFailed("failed", `\n${message}`) : error;
    }
}
