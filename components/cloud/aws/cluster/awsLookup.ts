/** What AWS said, or why it said nothing. */
export type Answer<T> = { value: T } | { failure: string };

/** A lookup fails for what is not there as for a missing right: either is the user's to mend, and none is worth a stack trace. */
export const answer = <T>(asked: Promise<T>): Promise<Answer<T>> =>
    asked.then(
        (value) => ({ value }),
        (error: unknown) => ({ failure: /^.*?(?=\.?$)/m.exec(error instanceof Error ? error.message : String(error))?.[0] ?? "" }),
    );
