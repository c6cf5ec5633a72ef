/**
 * Runs an operation on one stack, as a program of its own: the SDK's error handlers are for the whole process (sdk/nodejs/automation/server.ts), so
 * with several stacks in one process the error of one would be every other's, too. Argument: a `StackTask` as JSON. Messages: `StackMessage`.
 */
import { join } from "node:path";
import { type EngineEvent, LocalWorkspace, type PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { ConfigError } from "../config/configError";
import { exportState, unprotect } from "../engine/checkpoint";
import { type Counts, NO_CHANGES } from "../engine/counts";
import { type Drifted, driftIn } from "../engine/drift";
import { type FailedBecause, OperationFailed, runOperation } from "../engine/operation";
import { takeDownOf } from "../engine/takeDown";
import type { Problem } from "../rules/problem";
import { PreviewEvents, type StackReport } from "./stackReport";
import { protectedProblems } from "./takeDown";

export interface StackTask {
    stack: string;
    operation: "preview" | "up" | "destroy" | "drift check";
    /** The directory of Pulumi.yaml and the stack files. */
    directory: string;
    /** The policy packs to run: folders, or executables. */
    policyPacks: string[];
    /** Their configurations, one for each. @default none */
    policyPackConfigs?: string[];
    /** Whether previews and updates read every resource anew before they compare. @default false */
    refresh?: boolean;
    /** Whether a preview reports what it found. @default false: `up` needs only the counts */
    report?: boolean;
}

/**
 * How it ended. `counts`: what was done, also before a failure. `configHash`: of the Prometheus that an update has set up. `drift`: what a drift check found. `report`: what a preview found, also before a failure, if
 * the task asks for it.
 */
export type StackEnd = { counts: Counts; report?: StackReport } & (
    | { ok: true; configHash?: string; drift?: readonly Drifted[] }
    | { ok: false; because: FailedBecause | "wrongInput"; message: string; problems?: readonly Problem[] }
);

/** What it sends to its parent. */
export type StackMessage = { doing: string } | { ended: StackEnd };

async function runStack(
    { stack: name, operation, directory, policyPacks, policyPackConfigs = [], refresh = false, report = false }: StackTask,
    signal: AbortSignal,
): Promise<StackEnd> {
    // Paths in a stack file begin at Pulumi.yaml.
    process.chdir(directory);
    let refused: ConfigError | undefined;
    const preview = report ? new PreviewEvents() : undefined;
    const found = () => preview && { report: preview.report() };
    const program: PulumiFn = () =>
        (require(join(__dirname, "..", "index")) as PulumiFn)().catch((error: Error) => {
            if (error.cause instanceof ConfigError) refused = error.cause;
            throw error;
        });
    try {
        const workspace = await LocalWorkspace.create({ workDir: directory, program });
        // `pulumi stack select` writes a file that all processes of a user share, also this user's own choice of a stack. No other command needs it.
        workspace.selectStack = async () => {};
        const stack = await Stack.select(name, workspace);
        if (operation === "destroy") await giveUpProtection(stack);
        const drift: Drifted[] = [];
        const onEvent = (event: EngineEvent) => {
            preview?.onEvent(event);
            drift.push(...[driftIn(event)].filter((found) => found !== undefined));
        };
        const { counts, outputs } = await runOperation(stack, operation, {
            signal,
            policyPacks,
            policyPackConfigs,
            refresh,
            onEvent,
            onDoing: (doing) => send({ doing }),
        });
        const configHash: string | undefined = outputs.configHash?.value;
        return { ok: true, counts, ...(configHash && { configHash }), ...(operation === "drift check" && { drift }), ...found() };
    } catch (error) {
        const failed = error instanceof OperationFailed ? error : undefined;
        const counts = failed?.counts ?? NO_CHANGES;
        if (error instanceof ConfigError) refused = error;
        if (refused) return { ok: false, because: "wrongInput", message: refused.message, problems: refused.problems, counts, ...found() };
        return { ok: false, because: failed?.because ?? "failed", message: (error as Error).message, counts, ...found() };
    }
}

/** Lets the engine forget what is kept. What would be deleted keeps its protection: the engine would notice it only after it has deleted pods (docs/take-down.md). */
async function giveUpProtection(stack: Stack): Promise<void> {
    const { resources = [] } = (await exportState(stack)).deployment;
    const problems = protectedProblems(stack.name, resources);
    if (problems.length > 0) throw new ConfigError(`stack ${stack.name}`, problems);
    await unprotect(stack, takeDownOf(resources).unprotect);
}

const send = (message: StackMessage) => void (process.connected && process.send?.(message));

if (require.main === module) {
    const stop = new AbortController();
    process.on("message", () => stop.abort());
    // The rollout was killed: what was begun ends in order, and its lock is released.
    process.on("disconnect", () => stop.abort());
    runStack(JSON.parse(process.argv.at(-1) ?? "") as StackTask, stop.signal).then((ended) => {
        if (!process.connected) process.exit();
        process.send?.({ ended } satisfies StackMessage, () => process.exit());
    });
}
