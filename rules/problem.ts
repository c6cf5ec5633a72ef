/** One thing that is wrong with a configuration or a deployment. Reads as `path: problem remedy`. */
export interface Problem {
    /** Where: a setting (`compact.retention.raw`, `observees[2].name`), or a field of a resource (`StatefulSet thanos-compact-blue.replicas`). */
    readonly path: string;
    /** What is wrong, as the rest of a sentence that begins with the path. Ends with a full stop. */
    readonly problem: string;
    /** What to do about it: one or more sentences. */
    readonly remedy: string;
}

/** The problem in one line. */
export const problemText = ({ path, problem, remedy }: Problem) => `${path}: ${problem} ${remedy}`.trimEnd();

/** Collects problems in the order of the checks, so that all of them are reported at once. */
export class Problems {
    private readonly collected: Problem[] = [];

    /** Adds a problem if `isWrong`. */
    when(isWrong: boolean, path: string, problem: string, remedy: string): this {
        if (isWrong) this.collected.push({ path, problem, remedy });
        return this;
    }

    /** Adds what another check has collected. */
    add(problems: readonly Problem[]): this {
        this.collected.push(...problems);
        return this;
    }

    /** Everything collected so far. */
    all(): Problem[] {
        return [...this.collected];
    }
}
