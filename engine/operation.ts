/** One operation of the engine on a stack, told as it happens, and its failure as one message. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConcurrentUpdateError, type EngineEvent, type OpType, type OutputMap, type Stack } from "@pulumi/pulumi/automation";
import { PROJECT } from "./stackFile";

export type Operation = "up" | "preview" | "destroy";

export interface Counts {
    created: number;
    updated: number;
    replaced: number;
    deleted: number;
    same: number;
}

export interface UpdateOptions {
    /** What the engine is doing now, for `Step.update`: "creating StatefulSet receive: waiting for 1 of 3 replicas ready". */
    onDoing?: (text: string) => void;
    /** Ends the operation gracefully: waits are cut off, the state is written, the next update goes on from there. */
    signal?: AbortSignal;
    /** Folders of policy packs; `up` and `preview` only. */
    policyPacks?: string[];
}

export interface UpdateResult {
    counts: Counts;
    /** Of `up` only. */
    outputs: OutputMap;
}

/** The engine could not do what was asked. The message names every resource that failed, with the reason. */
export class UpdateFailed extends Error {
    constructor(
        message: string,
        readonly counts: Counts,
        readonly cancelled: boolean,
    ) {
        super(message);
    }
}

const COUNTED: Partial<Record<OpType, keyof Counts>> = {
    create: "created",
    update: "updated",
    delete: "deleted",
    same: "same",
    "create-replacement": "replaced",
};

const DOING: Partial<Record<OpType, string>> = {
    create: "creating",
    update: "updating",
    delete: "deleting",
    "create-replacement": "replacing",
    "delete-replaced": "removing the old",
};

/** `urn:pulumi:blue::thanos-fleet::a$kubernetes:core/v1:Secret::tls` as "Secret tls". */
export function resourceName(urn: string): string {
    const [, , types = "", ...name] = urn.split("::");
    return `${types.split(":").pop()} ${name.join("::")}`;
}

/** Engine messages carry colour marks like `<{%reset%}>`. */
const plain = (text: string) => text.replace(/<\{%.*?%\}>/g, "").trim();

/** Follows the events of one operation. Pure but for `onDoing`. */
export class Story {
    readonly counts: Counts = { created: 0, updated: 0, replaced: 0, deleted: 0, same: 0 };
    private readonly problems = new Set<string>();

    constructor(private readonly onDoing: (text: string) => void = () => {}) {}

    readonly onEvent = (event: EngineEvent): void => {
        const started = event.resourcePreEvent?.metadata;
        if (started && DOING[started.op]) this.onDoing(`${DOING[started.op]} ${resourceName(started.urn)}`);
        const ended = event.resOutputsEvent?.metadata;
        if (ended) this.count(ended.op, ended.type);
        const said = event.diagnosticEvent;
        if (said?.ephemeral && said.urn) this.onDoing(`${resourceName(said.urn)}: ${plain(said.message)}`);
        if (said?.severity === "error") this.problem(said.urn, said.message);
        const policy = event.policyEvent;
        if (policy?.enforcementLevel === "mandatory") this.problem(policy.resourceUrn, `${policy.message} (policy ${policy.policyName})`);
    };

    /** What went wrong, one line or block per resource. */
    message(): string {
        return [...this.problems].join("\n");
    }

    private count(op: OpType, type: string): void {
        const counted = COUNTED[op];
        // The stack and its providers are the engine's own book-keeping.
        if (counted && !type.startsWith("pulumi:")) this.counts[counted]++;
    }

    private problem(urn: string | undefined, message: string): void {
        const text = cleaned(message);
        // The engine closes with "update failed", which says nothing of its own, and repeats a program's error without its class.
        if (text === "" || /^(update|preview|destroy) (failed|canceled)$/.test(text)) return;
        this.problems.add(urn && !urn.includes("pulumi:pulumi:Stack") ? `${resourceName(urn)}: ${text}` : text);
    }
}

/** An engine message without colours, list marks, the class of an exception and its stack trace. */
export function cleaned(message: string): string {
    return plain(message)
        .replace(/^error: /, "")
        .replace(/^Unhandled exception: (?:\w*Error: )?/, "")
        .replace(/^\d+ errors? occurred:\s*/, "")
        .split("\n")
        .filter((line) => !/^\s+at /.test(line))
        .map((line) => line.replace(/^\s*\* /, ""))
        .join("\n")
        .trim();
}

/** Runs the operation. Throws `UpdateFailed`, with the reasons and without the CLI's output. */
export async function update(stack: Stack, operation: Operation, options: UpdateOptions = {}): Promise<UpdateResult> {
    await dropDeadLock(stack);
    const story = new Story(options.onDoing);
    // Where the CLI has no session of its own (see stack.ts), a terminal sends it the signal itself.
    const forward = process.platform === "linux" || !process.stdin.isTTY;
    const common = { onEvent: story.onEvent, ...(forward && options.signal && { signal: options.signal }) };
    const packs = options.policyPacks && { policyPacks: options.policyPacks };
    try {
        const outputs = await {
            up: async () => (await stack.up({ ...common, ...packs })).outputs,
            preview: async () => void (await stack.preview({ ...common, ...packs })),
            destroy: async () => void (await stack.destroy(common)),
        }[operation]();
        // A CLI that is cancelled before its first step ends well, having done nothing.
        if (options.signal?.aborted) throw new Error("cancelled");
        return { counts: story.counts, outputs: outputs ?? {} };
    } catch (error) {
        throw failure(stack, operation, story, error as Error, options.signal?.aborted === true);
    }
}

function failure(stack: Stack, operation: Operation, story: Story, error: Error, cancelled: boolean): UpdateFailed {
    if (error instanceof ConcurrentUpdateError) {
        const message = `Stack ${stack.name} is being changed by another run. Wait for it to end, or end it, then try again.`;
        return new UpdateFailed(message, story.counts, false);
    }
    if (cancelled)
        return new UpdateFailed(`The ${operation} of stack ${stack.name} was cancelled. Run it again to go on.`, story.counts, true);
    const why = story.message() || lastWords(error);
    return new UpdateFailed(`The ${operation} of stack ${stack.name} failed.\n${why.replace(/^/gm, "  ")}`, story.counts, false);
}

/** Of a CLI that failed before or outside of any resource: what it printed as errors, not all it printed. */
function lastWords(error: Error): string {
    const killed = /Command was killed with (\w+)/.exec(error.message);
    if (killed) return `the engine was ended by ${killed[1]}. Run it again to go on.`;
    const stderr = error.message.split(/^ ?stderr: /m).at(-1) ?? error.message;
    const errors = stderr.split("\n").filter((line) => /^error:/.test(plain(line)));
    return cleaned(errors.length > 0 ? errors.join("\n") : (stderr.split("\n")[0] ?? "the engine ended without a reason"));
}

/**
 * A CLI that was killed leaves its lock, and every later run would be told that another update is in progress. A lock says which
 * process took it: when that is gone, the lock is removed; a lock of a living process stays and is reported.
 */
async function dropDeadLock(stack: Stack): Promise<void> {
    const backend = stack.workspace.envVars.PULUMI_BACKEND_URL?.replace(/^file:\/\//, "");
    if (backend === undefined) return;
    const folder = join(backend, ".pulumi", "locks", "organization", PROJECT, stack.name);
    const names = await readdir(folder).catch(() => []);
    const locks = await Promise.all(names.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as { pid: number }));
    if (locks.length > 0 && locks.every(({ pid }) => !alive(pid))) await stack.cancel();
}

function alive(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "EPERM";
    }
}
