/** One thing that is wrong: where it is, what is wrong, what to write instead. Reads as `path: problem remedy`. */
export interface Problem {
    readonly path: string;
    readonly problem: string;
    readonly remedy: string;
}

/** The problem in one line. */
export const describe = ({ path, problem, remedy }: Problem) => `${path}: ${problem} ${remedy}`.trimEnd();

/** Collects problems in the order in which they are looked for, so that all of them can be reported at once. */
export class Problems {
    private readonly found: Problem[] = [];

    /** Adds a problem where `isWrong` holds. */
    when(isWrong: boolean, path: string, problem: string, remedy: string): this {
        if (isWrong) this.found.push({ path, problem, remedy });
        return this;
    }

    add(...problems: readonly Problem[]): this {
        this.found.push(...problems);
        return this;
    }

    all(): Problem[] {
        return [...this.found];
    }
}
