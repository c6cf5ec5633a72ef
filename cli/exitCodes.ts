/**
 * The exit codes of every command, and what each means. Those below 20 are Pulumi's (pkg/cmd/pulumi/cmd/exit_codes.go, 3.259), with which pipelines
 * deal already; this project's own begin at 20. docs/commands.md has the same table.
 */
export const EXIT_CODES = {
    done: { code: 0, means: "done; nothing is left to do" },
    failed: { code: 1, means: "failed; the message says what and why" },
    wrongInput: { code: 2, means: "wrong input: an option, a stack file, a decision that is missing. Nothing was changed" },
    notLoggedIn: { code: 3, means: "Pulumi is not logged in to a backend" },
    policy: { code: 5, means: "a policy refused a change at preview. Nothing was changed" },
    noStack: { code: 6, means: "a stack does not exist in Pulumi's backend" },
    changesFound: { code: 7, means: "something would change, or is not as it was deployed; the output says what" },
    cancelled: { code: 8, means: "stopped by Ctrl-C or SIGTERM; the same command goes on" },
    gateFailed: { code: 20, means: "stopped at a gate: after a wave the fleet was not well; the message says why" },
    partlyDone: { code: 21, means: "stopped after some stacks were changed; the message says which, and the same command goes on" },
    locked: { code: 22, means: "another rollout, or an update of a stack, holds a lock; the message says whose. Nothing was changed" },
} as const satisfies Record<string, { code: number; means: string }>;

export type Exit = keyof typeof EXIT_CODES;

/** An expected end of a command other than success: its message is for people, without a stack trace. */
export class CommandFailed extends Error {
    constructor(
        readonly exit: Exit,
        message: string,
    ) {
        super(message);
        this.name = "CommandFailed";
    }
}
