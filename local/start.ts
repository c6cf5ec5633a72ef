import { Command } from "commander";
import { ConfigError, EXIT_WRONG_INPUT } from "../config/configError";
import { OperationFailed } from "../engine/operation";
import { version } from "../package.json";
import { color } from "../terminal/color";
import { createProgress, type Progress, styleFor } from "../terminal/progress";
import { down } from "./down";
import { FleetFailure } from "./fleet/failure";
import { ToolError } from "./offline/findTools";
import { up } from "./up";

const command = new Command("npm start --")
    .description("A whole fleet on this machine: an observer, and one observee of each mode, with real Kubernetes, Thanos and Prometheus.")
    .option("--down", "remove everything that was made, also after a crash")
    .option(
        "--context <cluster=context...>",
        "use these contexts of your kubeconfig instead of making clusters, one for each cluster of the fleet",
    )
    .option("--json", "print events, one JSON object a line");

/** The exit code that shells report for a command that Ctrl-C ended: 128 + SIGINT. */
const EXIT_INTERRUPTED = 130;

async function main(): Promise<void> {
    const options = command.parse().opts<{ down?: boolean; context?: string[]; json?: boolean }>();
    const progress = createProgress(styleFor(process.stdout, options.json ?? false));
    const stop = new AbortController();
    onInterrupt(stop, progress);
    progress.say(color.bold(`thanos-fleet ${version}: a fleet on this machine\n`));
    if (options.down) await down(progress, stop.signal);
    else await up(options.context ?? [], progress, stop.signal);
}

/** The first Ctrl-C lets the running step end; the second ends the program at once. */
function onInterrupt(stop: AbortController, progress: Progress): void {
    let first = 0;
    for (const name of ["SIGINT", "SIGTERM"] as const)
        process.on(name, () => {
            // The terminal signals npm and this process, and npm passes the signal on: a signal within a second is the same Ctrl-C.
            if (stop.signal.aborted && Date.now() - first > 1000) process.exit(EXIT_INTERRUPTED);
            if (stop.signal.aborted) return;
            first = Date.now();
            progress.say(
                "\nStopping: the running step ends first. `npm start` goes on from there, `npm start -- --down` removes everything.",
            );
            stop.abort();
        });
}

main().then(
    // Open connections to the clusters would keep the process running.
    () => process.exit(0),
    (error: Error) => {
        const stopped = error.name === "AbortError" || (error instanceof OperationFailed && error.cancelled);
        const expected = stopped || [ConfigError, ToolError, OperationFailed, FleetFailure].some((kind) => error instanceof kind);
        if (error.name !== "AbortError") process.stderr.write(`\n${expected ? error.message : (error.stack ?? error.message)}\n`);
        process.exit(stopped ? EXIT_INTERRUPTED : error instanceof ConfigError ? EXIT_WRONG_INPUT : 1);
    },
);
