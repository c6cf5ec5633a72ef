/** Runs an operation of the engine on a stack, reports progress while it runs, and turns a failure into one message. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ConcurrentUpdateError, type EngineEvent, type OpType, type OutputMap, type Stack } from "@pulumi/pulumi/automation";
import { type Counts, NO_CHANGES } from "./counts";
import { isRunning } from "./isRunning";
import { type SettleOptions, settlePendingOperations } from "./pendingOperations";
import { resourceName } from "./resourceName";
import { PROJECT } from "./stackFile";

/** "drift check": reads every resource anew, and changes neither it nor the state. */
export type Operation = "up" | "preview" | "destroy" | "drift check";

export interface OperationOptions {
    /** Receives what the engine does now, for `Step.update` (terminal/progress.ts): "creating StatefulSet receive", "StatefulSet receive: waiting for 1 of 3 replicas ready". */
    onDoing?: (text: string) => void;
    /** Receives every event of the engine. */
    onEvent?: (event: EngineEvent) => void;
    /** Cancels the operation gracefully: the engine stops waiting for resources and writes its state, and the next operation continues from there. */
    signal?: AbortSignal;
    /**
     * Opens the cluster of a Kubernetes provider. With it, `up` and `destroy` first settle what a killed operation left (pendingOperations.ts).
     * @default nothing is settled
     */
    openCluster?: SettleOptions["openCluster"];
    /** Receives a sentence for each interrupted operation that was settled. */
    onSettled?: (text: string) => void;
    /** The policy packs that `preview` and `up` run: folders, or executables. */
    policyPacks?: string[];
    /** JSON files with their configurations, one for each. @default none */
    policyPackConfigs?: string[];
    /** Whether `preview` and `up` read every resource anew before they compare. @default false */
    refresh?: boolean;
}

export interface OperationResult {
    counts: Counts;
    /** The stack's outputs after `up`; empty for any other operation. */
    outputs: OutputMap;
}

/** Why an operation failed: `OperationOptions.signal` ended it, a policy refused it, another run has the stack's lock, or anything else. */
export type FailedBecause = "cancelled" | "policy" | "locked" | "failed";

/** An operation that failed. The message names every resource that failed, with the reason. */
export class OperationFailed extends Error {
    constructor(
        message: string,
        /** What was done before the failure. */
        readonly counts: Counts,
        readonly because: FailedBecause,
    ) {
        super(message);
    }
}

const COUNTED_AS: Partial<Record<OpType, keyof Counts>> = {
    create: "created",
    update: "updated",
    delete: "deleted",
    same: "same",
    "create-replacement": "replaced",
};

const PROGRESS_VERBS: Partial<Record<OpType, string>> = {
    create: "creating",
    update: "updating",
    delete: "deleting",
    "create-replacement": "replacing",
    "delete-replaced": "removing the old",
    refresh: "reading",
};

/** Engine messages contain colour marks such as `<{%reset%}>`. */
const withoutColorMarks = (text: string) => text.replace(/<\{%.*?%\}>/g, "").trim();

/** Collects the counts and the problems from the engine events of one operation. */
export class OperationEvents {
    readonly counts: Counts = { ...NO_CHANGES };
    private readonly problems = new Set<string>();
    private refused = false;

    constructor(private readonly onDoing: (text: string) => void = () => {}) {}

    readonly onEvent = (event: EngineEvent): void => {
        const started = event.resourcePreEvent?.metadata;
        if (started && PROGRESS_VERBS[started.op]) this.onDoing(`${PROGRESS_VERBS[started.op]} ${resourceName(started.urn)}`);
        const ended = event.resOutputsEvent?.metadata;
        if (ended) this.count(ended.op, ended.type);
        const diagnostic = event.diagnosticEvent;
        if (diagnostic?.ephemeral && diagnostic.urn)
            this.onDoing(`${resourceName(diagnostic.urn)}: ${withoutColorMarks(diagnostic.message)}`);
        if (diagnostic?.severity === "error") this.addProblem(diagnostic.urn, diagnostic.message);
        const policy = event.policyEvent;
        if (policy?.enforcementLevel === "mandatory") {
            this.refused = true;
            this.addProblem(policy.resourceUrn, `${policy.message} (policy ${policy.policyName})`);
        }
    };

    /** Whether a policy refused something. */
    get refusedByPolicy(): boolean {
        return this.refused;
    }

    /** The problems, one line or block per resource. */
    message(): string {
        return [...this.problems].join("\n");
    }

    private count(op: OpType, type: string): void {
        const counted = COUNTED_AS[op];
        // The stack and its providers exist in the engine's state only.
        if (counted && !type.startsWith("pulumi:")) this.counts[counted]++;
    }

    private addProblem(urn: string | undefined, message: string): void {
        const text = cleanMessage(message);
        // The engine's last error is "update failed", which adds nothing. It also repeats the program's error without the class of the
        // exception: cleaned, both are one text, which the set keeps once.
        if (text === "" || /^(update|preview|refresh|destroy) (failed|canceled)$/.test(text)) return;
        this.problems.add(urn && !urn.includes("pulumi:pulumi:Stack") ? `${resourceName(urn)}: ${text}` : text);
    }
}

/** Removes colour marks, list marks, the class of an exception and its stack trace from an engine message. */
export function cleanMessage(message: string): string {
    return withoutColorMarks(message)
        .replace(/^error: /, "")
        .replace(/^Unhandled exception: (?:\w*Error: )?/, "")
        .replace(/^\d+ errors? occurred:\s*/, "")
        .split("\n")
        .filter((line) => !/^\s+at /.test(line))
        .map((line) => line.replace(/^\s*\* /, ""))
        .join("\n")
        .trim();
}

/** Runs the operation. Throws `OperationFailed`, whose message has the reasons and not the whole output of the CLI. */
export async function runOperation(stack: Stack, operation: Operation, options: OperationOptions = {}): Promise<OperationResult> {
    const isLocked = await removeStaleLock(stack);
    const { openCluster, onDoing, signal } = options;
    // What another run is doing is pending too, and must not be taken for interrupted. The engine then says that the stack is locked.
    if (openCluster && (operation === "up" || operation === "destroy") && !isLocked) {
        const settled = await settlePendingOperations(stack, { openCluster, ...(onDoing && { onDoing }), ...(signal && { signal }) });
        for (const { text } of settled) options.onSettled?.(text);
    }
    const events = new OperationEvents(options.onDoing);
    // The CLI must get Ctrl-C once: a second one ends it at once. The terminal sends it unless the CLI has a session of its own (`pulumiCommand`, stack.ts).
    const forward = process.platform === "linux" || !process.stdin.isTTY;
    const onEvent = (event: EngineEvent) => {
        events.onEvent(event);
        options.onEvent?.(event);
    };
    const common = { onEvent, ...(forward && options.signal && { signal: options.signal }) };
    const { policyPacks, policyPackConfigs, refresh } = options;
    const updates = { ...(policyPacks && { policyPacks }), ...(policyPackConfigs && { policyPackConfigs }), ...(refresh && { refresh }) };
    try {
        // The SDK does not look at a signal that was aborted before (automation/cmd.ts).
        options.signal?.throwIfAborted();
        const outputs = await {
            up: async () => (await stack.up({ ...common, ...updates })).outputs,
            preview: async () => void (await stack.preview({ ...common, ...updates })),
            destroy: async () => void (await stack.destroy(common)),
            // By the state, without the program: what the program has new since is no drift.
            "drift check": async () => void (await stack.previewRefresh({ ...common, runProgram: false })),
        }[operation]();
        // The CLI exits with 0 if it is cancelled before its first step.
        if (options.signal?.aborted) throw new Error("cancelled");
        return { counts: events.counts, outputs: outputs ?? {} };
    } catch (error) {
        throw operationFailed(stack, operation, events, error as Error, options.signal?.aborted === true);
    }
}

function operationFailed(stack: Stack, operation: Operation, events: OperationEvents, error: Error, cancelled: boolean): OperationFailed {
    if (error instanceof ConcurrentUpdateError) {
        const message = `Another run is changing stack ${stack.name}. Wait until it ends, or end it, then try again.`;
        return new OperationFailed(message, events.counts, "locked");
    }
    if (cancelled)
        return new OperationFailed(
            `The ${operation} of stack ${stack.name} was cancelled. Run it again to continue.`,
            events.counts,
            "cancelled",
        );
    const why = events.message() || cliError(error);
    const because = events.refusedByPolicy ? "policy" : "failed";
    return new OperationFailed(`The ${operation} of stack ${stack.name} failed.\n${why.replace(/^/gm, "  ")}`, events.counts, because);
}

/** What the CLI printed as errors when it failed outside of any resource. */
function cliError(error: Error): string {
    const killed = /Command was killed with (\w+)/.exec(error.message);
    if (killed) return `the engine was killed by ${killed[1]}. Run it again to continue.`;
    const stderr = error.message.split(/^ ?stderr: /m).at(-1) ?? error.message;
    const errors = stderr.split("\n").filter((line) => /^error:/.test(withoutColorMarks(line)));
    // The SDK repeats what the CLI printed, as the message of its own error.
    return cleanMessage(errors.length > 0 ? [...new Set(errors)].join("\n") : (stderr.split("\n")[0] ?? "the engine gave no reason"));
}

/**
 * Removes the lock that a killed CLI leaves; with it, every later run would fail because "another update is in progress".
 * A lock names the process that took it. While one of those processes runs, the locks stay. Returns whether they do.
 */
export async function removeStaleLock(stack: Stack): Promise<boolean> {
    const backend = stack.workspace.envVars.PULUMI_BACKEND_URL?.replace(/^file:\/\//, "");
    if (backend === undefined) return false;
    const folder = join(backend, ".pulumi", "locks", "organization", PROJECT, stack.name);
    const names = await readdir(folder).catch(() => []);
    const stale = await Promise.all(names.map((name) => isStaleLock(join(folder, name))));
    if (!stale.every(Boolean)) return true;
    if (stale.length > 0) await stack.cancel();
    return false;
}

/** A lock is written in a moment. One that is unreadable for longer was left half-written by a CLI that was killed. */
const LOCK_WRITTEN_WITHIN_MS = 10_000;

async function isStaleLock(file: string): Promise<boolean> {
    try {
        const { pid } = JSON.parse(await readFile(file, "utf8")) as { pid: number };
        return !isRunning(pid);
    } catch (error) {
        // Its CLI has just removed it.
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
        return Date.now() - (await stat(file)).mtimeMs > LOCK_WRITTEN_WITHIN_MS;
    }
}
