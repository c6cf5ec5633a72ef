/** What AWS answered, or why the lookup failed. */
export type Lookup<T> = { value: T } | { failure: string };

/** Turns a rejected lookup into its first line: what is missing and what may not be read are both for the user to mend, without a stack trace. */
export const lookUp = <T>(call: Promise<T>): Promise<Lookup<T>> =>
    call.then(
        (value) => ({ value }),
        (error: unknown) => ({ failure: /^.*?(?=\.?$)/m.exec(error instanceof Error ? error.message : String(error))?.[0] ?? "" }),
    );
