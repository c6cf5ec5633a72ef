import type { BackendFolder } from "../engine/backend/backendFolder";
import type { PendingOperation } from "../engine/checkpoint";
import { type Lock, locksOf, pendingOperations } from "../engine/pulumiCli";
import { resourceName } from "../engine/resourceName";
import type { Problem } from "../rules/problem";
import { atOnce } from "./rollOut";

/** Named at most, of the operations of one stack. */
const NAMED = 3;

/** What stands against an update of stacks. */
export interface Obstacles {
    /** Somebody holds the lock of a stack. It may be free later. */
    locked: Problem[];
    /** A killed update has left operations whose end is unknown. */
    interrupted: Problem[];
}

/** Looks at every stack before anything is changed: all of them are free, or none is touched. `backend`: not known where it is none of files or in S3. */
export async function examineStacks(
    directory: string,
    stacks: readonly string[],
    backend: BackendFolder | undefined,
    parallel: number,
): Promise<Obstacles> {
    const found = new Map<string, Obstacles>();
    await atOnce(
        parallel,
        stacks,
        () => true,
        async (stack) => {
            const locks = backend === undefined ? [] : await locksOf(backend, stack);
            found.set(stack, {
                locked: locks.map((lock) => lockProblem(stack, lock)),
                // What a running update is doing is pending, too, and was not interrupted.
                interrupted:
                    locks.length > 0
                        ? []
                        : pendingProblems(stack, await pendingOperations(directory, stack), { seesLocks: backend !== undefined }),
            });
        },
    );
    const of = (kind: keyof Obstacles) => stacks.flatMap((stack) => found.get(stack)?.[kind] ?? []);
    return { locked: of("locked"), interrupted: of("interrupted") };
}

/** The same for one stack. */
export async function obstaclesOf(directory: string, stack: string, backend: BackendFolder | undefined): Promise<Problem[]> {
    const { locked, interrupted } = await examineStacks(directory, [stack], backend, 1);
    return [...locked, ...interrupted];
}

export const lockProblem = (stack: string, { username, hostname, pid, timestamp }: Lock): Problem => ({
    path: stack,
    problem: `is locked by ${username}@${hostname} (process ${pid}) since ${timestamp}.`,
    remedy: `Wait until that update ends. If its process is gone, run \`pulumi cancel --stack ${stack}\`.`,
});

export function pendingProblems(stack: string, pending: readonly PendingOperation[], { seesLocks }: { seesLocks: boolean }): Problem[] {
    if (pending.length === 0) return [];
    const names = pending.slice(0, NAMED).map(({ type, resource }) => `${type} ${resourceName(resource.urn)}`);
    const more = pending.length > NAMED ? ` and ${pending.length - NAMED} more` : "";
    const remedy = `un \`npx thanos-fleet recover --stack ${stack}\` (docs/recover.md).`;
    return [
        {
            path: stack,
            problem: `an update ${seesLocks ? "was killed while it was" : "is running, or was killed while it was"} ${names.join(", ")}${more}.`,
            remedy: seesLocks ? `R${remedy}` : `If none runs, r${remedy}`,
        },
    ];
}
