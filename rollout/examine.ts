import type { PendingOperation } from "../engine/checkpoint";
import { type Lock, locksOf, pendingOperations } from "../engine/pulumiCli";
import { resourceName } from "../engine/resourceName";
import type { Problem } from "../rules/problem";
import { atOnce } from "./rollOut";

/** Named at most, of the operations of one stack. */
const NAMED = 3;

/** Looks at every stack before anything is changed: all of them are free, or none is touched. `folder`: that of a backend on this machine. */
export async function examineStacks(
    directory: string,
    stacks: readonly string[],
    folder: string | undefined,
    parallel: number,
): Promise<Problem[]> {
    const found = new Map<string, Problem[]>();
    await atOnce(
        parallel,
        stacks,
        () => true,
        async (stack) => {
            const locks = folder === undefined ? [] : await locksOf(folder, stack);
            // What a running update is doing is pending, too, and was not interrupted.
            found.set(
                stack,
                locks.length > 0
                    ? locks.map((lock) => lockProblem(stack, lock))
                    : pendingProblems(stack, await pendingOperations(directory, stack)),
            );
        },
    );
    return stacks.flatMap((stack) => found.get(stack) ?? []);
}

export const lockProblem = (stack: string, { username, hostname, pid, timestamp }: Lock): Problem => ({
    path: stack,
    problem: `is locked by ${username}@${hostname} (process ${pid}) since ${timestamp}.`,
    remedy: `Wait until that update ends. If its process is gone, run \`pulumi cancel --stack ${stack}\`.`,
});

export function pendingProblems(stack: string, pending: readonly PendingOperation[]): Problem[] {
    if (pending.length === 0) return [];
    const names = pending.slice(0, NAMED).map(({ type, resource }) => `${type} ${resourceName(resource.urn)}`);
    const more = pending.length > NAMED ? ` and ${pending.length - NAMED} more` : "";
    return [
        {
            path: stack,
            problem: `an update was killed while it was ${names.join(", ")}${more}.`,
            remedy: `Run \`npx thanos-fleet recover --stack ${stack}\` (docs/recover.md).`,
        },
    ];
}
